"""Play the audio file at STREAM_URL into the call CALL_UUID, again and again until Enter is pressed."""

import os

from vonage import Auth, Vonage
from vonage_voice.models import AudioStreamOptions

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

uuid = os.environ["CALL_UUID"]
print(
    client.voice.play_audio_into_call(
        uuid, AudioStreamOptions(stream_url=[os.environ["STREAM_URL"]], loop=0)
    ).message
)
input("Press Enter to stop. ")
print(client.voice.stop_audio_stream(uuid).message)
