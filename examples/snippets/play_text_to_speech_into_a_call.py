"""Play text-to-speech into the call CALL_UUID, again and again until Enter is pressed."""

import os

from vonage import Auth, Vonage
from vonage_voice.models import TtsStreamOptions

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

uuid = os.environ["CALL_UUID"]
words = TtsStreamOptions(text="Your order is on its way.", language="en-GB", loop=0)
print(client.voice.play_tts_into_call(uuid, words).message)
input("Press Enter to stop. ")
print(client.voice.stop_tts(uuid).message)
