"""Retrieve information for the call CALL_UUID."""

import os

from vonage import Auth, Vonage

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

call = client.voice.get_call(os.environ["CALL_UUID"])
print(call.uuid, call.direction, call.status, call.duration)
