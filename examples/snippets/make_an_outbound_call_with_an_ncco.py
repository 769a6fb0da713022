"""Make an outbound call whose NCCO comes with the request: no web server is needed."""

import os

from vonage import Auth, Vonage
from vonage_voice.models import CreateCallRequest, Phone, Talk, ToPhone

client = Vonage(
    Auth(application_id=os.environ["VONAGE_APPLICATION_ID"], private_key=os.environ["VONAGE_PRIVATE_KEY"])
)

call = client.voice.create_call(
    CreateCallRequest(
        to=[ToPhone(number=os.environ["TO_NUMBER"])],
        from_=Phone(number=os.environ["VONAGE_NUMBER"]),
        ncco=[Talk(text="Hello. This call brought its own instructions.")],
    )
)
print(call.uuid)
