"""Mute the call CALL_UUID: nobody hears it until Enter is pressed."""

import os

from vonage import Auth, Vonage

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

uuid = os.environ["CALL_UUID"]
client.voice.mute(uuid)
input("Muted. Press Enter to unmute. ")
client.voice.unmute(uuid)
print("Unmuted.")
