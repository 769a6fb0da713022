"""Play DTMF into the call CALL_UUID: it hears the keys in DIGITS pressed."""

import os

from vonage import Auth, Vonage

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

print(client.voice.play_dtmf_into_call(os.environ["CALL_UUID"], os.environ["DIGITS"]).message)
