"""Earmuff the call CALL_UUID: it hears nobody until Enter is pressed."""

import os

from vonage import Auth, Vonage

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

uuid = os.environ["CALL_UUID"]
client.voice.earmuff(uuid)
input("Earmuffed. Press Enter to end it. ")
client.voice.unearmuff(uuid)
print("It hears again.")
