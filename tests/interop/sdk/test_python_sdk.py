"""The official Python SDK, unmodified, over HTTPS with the local authority: makes calls, lists, reads, ends
them, downloads what was recorded, and manages applications. Steering is in `test_python_sdk_steering.py`.
"""

import asyncio
import json
from pathlib import Path

import pytest
from tests.interop.sdk.conftest import BOTH, BUNDLE
from tests.interop.sdk.far import FarVonage
from tests.interop.sdk.scene import LINGER, answered, fresh, over, settle
from tests.real import Stage
from vonage import Auth, HttpClientOptions, Vonage
from vonage_application import (
    ApplicationConfig,
    ApplicationUrl,
    Capabilities,
    ListApplicationsFilter,
    Messages,
    MessagesWebhooks,
    Rtc,
    RtcWebhooks,
    Vbc,
    Verify,
    VerifyWebhooks,
)
from vonage_application.common import Keys, Privacy, Voice, VoiceUrl, VoiceWebhooks
from vonage_http_client.errors import AuthenticationError, HttpRequestError, NotFoundError
from vonage_http_client.http_client import FileStreamingError
from vonage_voice.models import (
    AnswerWebhook,
    CreateCallRequest,
    ListCallsFilter,
    Phone,
    Record,
    Sip,
    Talk,
    ToPhone,
)

from offhook.cli.demonstration.hearing import find_tone
from offhook.simulator.speak import read_wav

pytestmark = pytest.mark.interop
NOWHERE = "00000000-0000-4000-8000-000000000000"


def test_a_program_that_does_not_trust_the_authority_is_not_served(
    vonage: Vonage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from requests.exceptions import SSLError

    monkeypatch.delenv(BUNDLE)
    with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        vonage.voice.list_calls()


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_both_names_of_this_machine_are_in_the_certificate(
    stage: Stage, vonage: Vonage, address: str
) -> None:
    host = f"{address}:{stage.place.tls_port}"
    client = Vonage(vonage.http_client.auth, HttpClientOptions(api_host=host))
    client.voice.list_calls()
    assert client.http_client.last_response.url.startswith(f"https://{address}:")


@BOTH
@pytest.mark.covers("voice.create_call", "voice.get_call")
def test_a_call_with_an_ncco_from_its_start_to_its_end(stage: Stage, vonage: Vonage) -> None:
    number = fresh()
    uuid, line = answered(stage, vonage, number, ncco=[Talk(text="This is a call from the library.")])
    live = vonage.voice.get_call(uuid)
    assert (live.status, live.direction, live.uuid) == ("answered", "outbound", uuid)
    assert isinstance(live.to, Phone)
    assert isinstance(live.from_, Phone)
    assert (live.to.number, live.from_.number) == (number, stage.known["number"])
    assert live.start_time
    assert (live.end_time, live.price) == (None, None)
    prompt = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(prompt.pcm, 0, 1_200)).heard
    over(stage, uuid, line)
    done = vonage.voice.get_call(uuid)
    assert done.status == "completed"
    assert done.duration is not None
    assert 1 <= int(done.duration) <= 10
    assert done.end_time is not None
    assert done.end_time > live.start_time
    assert float(done.price or "none") == 0
    assert done.conversation_uuid == live.conversation_uuid
    assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]


@BOTH
@pytest.mark.covers("voice.verify_signature")
def test_a_call_with_an_answer_url_and_webhooks_that_the_sdk_reads(stage: Stage, vonage: Vonage) -> None:
    stage.app.serve("/sdk-answer", [{"action": "talk", "text": "Your answer was fetched."}, LINGER])
    number = fresh()
    uuid, line = answered(stage, vonage, number, answer_url=[stage.url("/sdk-answer")], answer_method="POST")
    prompt = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(prompt.pcm, 0, 60_000)).heard
    over(stage, uuid, line)
    asked = next(hook for hook in stage.app.at("/sdk-answer") if hook.fields.get("uuid") == uuid)
    assert asked.method == "POST"
    webhook = AnswerWebhook.model_validate(asked.json)
    assert (webhook.uuid, webhook.to, webhook.from_) == (uuid, number, stage.known["number"])
    told = next(h for h in stage.app.at("/events") if h.fields.get("uuid") == uuid)
    token = told.headers["authorization"].removeprefix("Bearer ")
    assert vonage.voice.verify_signature(token, stage.known["signature_secret"])
    assert not vonage.voice.verify_signature(token, "x" * 40)


def test_a_random_number_of_the_application_calls(stage: Stage, vonage: Vonage) -> None:
    made = vonage.voice.create_call(
        CreateCallRequest(
            to=[ToPhone(number="15550500090")],
            random_from_number=True,
            ncco=[Talk(text="never")],
            ringing_timer=20,
        )
    )
    stage.run(stage.told(made.uuid))
    call = vonage.voice.get_call(made.uuid)
    assert call.status == "busy"
    assert isinstance(call.from_, Phone)
    assert call.from_.number == stage.known["number"]


@BOTH
@pytest.mark.covers("voice.list_calls")
def test_the_list_is_filtered_and_paged(stage: Stage, vonage: Vonage) -> None:
    made = []
    for _ in range(5):
        request = CreateCallRequest(
            to=[ToPhone(number="15550500091")],
            from_=stage.known["number"],
            ncco=[Talk(text="never")],
        )
        made.append(vonage.voice.create_call(request).uuid)
    for uuid in made:
        stage.run(stage.told(uuid, "rejected"))
    newest, following = vonage.voice.list_calls(ListCallsFilter(page_size=5, order="desc"))
    assert [call.uuid for call in newest] == made[::-1]
    assert following == 1, "the SDK's own arithmetic: there is a next page"
    first = vonage.voice.list_calls(ListCallsFilter(page_size=1, record_index=0, order="desc"))[0]
    third = vonage.voice.list_calls(ListCallsFilter(page_size=1, record_index=2, order="desc"))[0]
    assert [call.uuid for call in (*first, *third)] == [made[4], made[2]]
    found: list[str] = []
    index: int | None = 0
    while index is not None:
        calls, index = vonage.voice.list_calls(ListCallsFilter(page_size=2, record_index=index))
        found += [call.uuid for call in calls]
    assert set(made) <= set(found), "following the SDK's index loses nothing"
    rejected, _ = vonage.voice.list_calls(ListCallsFilter(status="rejected", order="desc", page_size=5))
    assert [call.uuid for call in rejected] == made[::-1]
    others = vonage.voice.list_calls(ListCallsFilter(status="completed", order="desc"))[0]
    assert {call.uuid for call in others}.isdisjoint(made)
    third_call = vonage.voice.get_call(made[2])
    same, following = vonage.voice.list_calls(ListCallsFilter(conversation_uuid=third_call.conversation_uuid))
    assert ([call.uuid for call in same], following) == ([made[2]], None)
    assert vonage.voice.list_calls(ListCallsFilter(date_start="2099-01-01T00:00:00Z")) == ([], None)
    assert vonage.voice.list_calls(ListCallsFilter(date_end="2020-01-01T00:00:00Z")) == ([], None)


@BOTH
@pytest.mark.covers("voice.download_recording")
def test_a_recording_is_downloaded(stage: Stage, vonage: Vonage, host: str, tmp_path: Path) -> None:
    number = fresh()
    told = f"/sdk-recorded/{number}"
    record = Record(format="wav", endOnKey="#", beepStart=True, eventUrl=[stage.url(told)])
    uuid, line = answered(stage, vonage, number, ncco=[record, Talk(text="Thank you.")])
    settle(stage, line)
    settle(stage, line)
    stage.run(line.tone(1234, 1.5))
    settle(stage, line)
    stage.run(line.press("#"))
    hook = stage.run(stage.app.wait_for(lambda h: h.path == told))
    over(stage, uuid, line)
    path = tmp_path / "recording.wav"
    vonage.voice.download_recording(hook.json["recording_url"], str(path))
    marker = find_tone(read_wav(str(path)), 1234)
    assert marker is not None
    assert marker.duration_ms == pytest.approx(1500, abs=300)
    secure = hook.json["recording_url"].replace(stage.known["api_url"], f"https://{host}")
    vonage.voice.download_recording(secure, str(tmp_path / "again.wav"))
    assert (tmp_path / "again.wav").read_bytes() == path.read_bytes()
    if isinstance(vonage, FarVonage):
        usual = "https://api.nexmo.com/v1/files/" + secure.rpartition("/")[2]
        vonage.voice.download_recording(usual, str(tmp_path / "usual.wav"))
        assert (tmp_path / "usual.wav").read_bytes() == path.read_bytes()
    stranger = other_application(vonage, host)
    with pytest.raises(FileStreamingError, match="404"):
        stranger.voice.download_recording(secure, str(tmp_path / "stolen.wav"))


def other_application(vonage: Vonage, host: str) -> Vonage:
    """A client with the key of an application that the SDK has just made."""
    made = vonage.application.create_application(ApplicationConfig(name="another"))
    assert made.keys is not None
    auth = Auth(application_id=made.id, private_key=made.keys.private_key)
    return Vonage(auth, HttpClientOptions(api_host=host))


def test_what_is_refused_is_told_as_the_sdk_understands_it(stage: Stage, vonage: Vonage, host: str) -> None:
    for attempt in (vonage.voice.get_call, vonage.voice.hangup, vonage.voice.mute, vonage.voice.stop_tts):
        with pytest.raises(NotFoundError, match="NOT_FOUND"):
            attempt(NOWHERE)
    with pytest.raises(HttpRequestError, match=r"to\[0\].uri") as caught:
        vonage.voice.create_call(
            CreateCallRequest(
                to=[Sip(uri="sip:" + "x" * 600 + "@example.com")],
                from_=stage.known["number"],
                ncco=[Talk(text="never")],
            )
        )
    assert caught.value.response.status_code == 400
    stranger = other_application(vonage, host)
    assert stranger.voice.list_calls() == ([], None)
    wrong = Vonage(
        Auth(application_id=stage.known["application_id"], private_key=_key_of(stranger)),
        HttpClientOptions(api_host=host),
    )
    with pytest.raises(AuthenticationError, match="UNAUTHORIZED"):
        wrong.voice.list_calls()
    key_only = Vonage(
        Auth(api_key=stage.known["api_key"], api_secret="Wrong5ecret"), HttpClientOptions(api_host=host)
    )
    with pytest.raises(AuthenticationError, match="Invalid credentials supplied"):
        key_only.application.list_applications()


def _key_of(client: Vonage) -> str:
    return str(client.http_client.auth._jwt_client._private_key)


def full(name: str, public_key: str | None = None) -> ApplicationConfig:
    """Everything that the SDK's models know."""
    address = ApplicationUrl(address="https://app.example/x", http_method="POST")
    voice = Voice(
        webhooks=VoiceWebhooks(
            answer_url=VoiceUrl(
                address="https://app.example/a", http_method="GET", connect_timeout=300, socket_timeout=5000
            ),
            fallback_answer_url=VoiceUrl(address="https://app.example/f", http_method="POST"),
            event_url=VoiceUrl(address="https://app.example/e", socket_timeout=10_000),
        ),
        signed_callbacks=False,
        conversations_ttl=9000,
        leg_persistence_time=31,
        region="eu-west",
    )
    return ApplicationConfig(
        name=name,
        keys=Keys(public_key=public_key) if public_key else None,
        privacy=Privacy(improve_ai=False),
        capabilities=Capabilities(
            voice=voice,
            rtc=Rtc(webhooks=RtcWebhooks(event_url=address), signed_callbacks=True),
            messages=Messages(
                webhooks=MessagesWebhooks(inbound_url=address, status_url=address),
                version="v1",
                authenticate_inbound_media=True,
            ),
            vbc=Vbc(),
            verify=Verify(webhooks=VerifyWebhooks(status_url=address), version="v2"),
        ),
    )


@BOTH
@pytest.mark.covers(
    "application.create_application",
    "application.get_application",
    "application.update_application",
    "application.list_applications",
    "application.delete_application",
)
def test_applications_are_made_read_replaced_listed_and_deleted(
    stage: Stage, vonage: Vonage, host: str
) -> None:
    api = vonage.application
    made = api.create_application(full("everything"))
    assert made.keys is not None
    assert made.keys.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert made.link == f"/v2/applications/{made.id}"
    wanted = full("everything").capabilities.model_dump()
    wanted["voice"]["webhooks"]["event_url"]["http_method"] = "POST"
    assert made.capabilities is not None
    assert made.capabilities.model_dump() == wanted
    read = api.get_application(made.id)
    assert read.keys is not None
    assert not hasattr(read.keys, "private_key")
    assert read.keys.public_key == made.keys.public_key
    assert read.capabilities == made.capabilities

    own = api.create_application(full("own key", made.keys.public_key))
    assert own.keys is not None
    assert not hasattr(own.keys, "private_key")
    signed = Vonage(
        Auth(application_id=own.id, private_key=made.keys.private_key), HttpClientOptions(api_host=host)
    )
    assert signed.voice.list_calls() == ([], None)

    after = api.update_application(made.id, ApplicationConfig(name="less"))
    assert after.name == "less"
    assert after.capabilities is not None
    assert after.capabilities.voice is None
    assert after.keys is not None
    assert after.keys.public_key == made.keys.public_key

    found: list[str] = []
    page: int | None = 1
    while page is not None:
        several, page = api.list_applications(ListApplicationsFilter(page_size=1, page=page))
        assert len(several) == 1
        found += [each.id for each in several]
    assert found[0] == stage.known["application_id"]
    assert {made.id, own.id} <= set(found)
    assert len(found) == len(set(found))

    for each in (made, own):
        api.delete_application(each.id)
        with pytest.raises(NotFoundError, match="does not exist, or you do not have access"):
            api.get_application(each.id)
    with pytest.raises(AuthenticationError):
        signed.voice.list_calls()
    assert {made.id, own.id}.isdisjoint(each.id for each in api.list_applications()[0])


def test_a_wrong_application_names_its_fields(vonage: Vonage) -> None:
    config = full("x")
    assert config.capabilities is not None
    config.capabilities.voice.webhooks.answer_url.address = "not a url"
    config.name = ""
    with pytest.raises(HttpRequestError) as caught:
        vonage.application.create_application(config)
    problem = json.loads(caught.value.response.text)
    assert problem["type"].endswith("/api-errors/application#payload-validation")
    names = {each["name"] for each in problem["invalid_parameters"]}
    assert names == {"name", "capabilities.voice.webhooks.answer_url.address"}


@BOTH
@pytest.mark.covers("voice.hangup")
def test_the_sdk_ends_a_call(stage: Stage, vonage: Vonage) -> None:
    uuid, line = answered(stage, vonage, fresh())
    vonage.voice.hangup(uuid)
    over(stage, uuid, line)

    async def ending() -> str:
        report = await asyncio.wait_for(line.call.done, 45)
        return report.ending.by if report.ending else ""

    assert stage.run(ending()) == "far end"
    assert vonage.voice.get_call(uuid).status == "completed"
    vonage.voice.hangup(uuid)
    with pytest.raises(HttpRequestError, match="Bad Request"):
        vonage.voice.mute(uuid)
