"""Make an outbound call: TO_NUMBER rings, and what it hears is fetched from ANSWER_URL."""

import os

from vonage import Auth, Vonage
from vonage_voice.models import CreateCallRequest, Phone, ToPhone

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

call = client.voice.create_call(
    CreateCallRequest(
        to=[ToPhone(number=os.environ["TO_NUMBER"])],
        from_=Phone(number=os.environ["VONAGE_NUMBER"]),
        answer_url=[os.environ["ANSWER_URL"]],
    )
)
print(call.uuid)
