"""Download the recording at RECORDING_URL, as the record webhook told it, to the file RECORDING_FILE."""

import os

from vonage import Auth, Vonage

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

client.voice.download_recording(os.environ["RECORDING_URL"], os.environ["RECORDING_FILE"])
print(os.path.getsize(os.environ["RECORDING_FILE"]), "bytes")
