"""Transfer the call CALL_UUID: from now on it follows the NCCO in the request."""

import os

from vonage import Auth, Vonage
from vonage_voice.models import Talk

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

client.voice.transfer_call_ncco(os.environ["CALL_UUID"], [Talk(text="You have been transferred.")])
print("Transferred.")
