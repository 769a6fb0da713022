"""Transfer the call CALL_UUID: from now on it follows the NCCO at ANSWER_URL."""

import os

from vonage import Auth, Vonage

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

client.voice.transfer_call_answer_url(os.environ["CALL_UUID"], os.environ["ANSWER_URL"])
print("Transferred.")
