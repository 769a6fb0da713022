"""Calls and numbers by the wrapper: spellings of bodies, the application header, what is shown."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from offhook.audio import tones
from offhook.simulator.call import Call
from offhook.testing.world import World

CALLER = "15550100777"


def body(world: World, **more: Any) -> dict[str, Any]:
    return {
        "to": [{"type": "phone", "number": "15550100790"}],
        "from": {"type": "phone", "number": world.number},
        "answer_url": ["http://app.test/answer"],
        **more,
    }


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"to": {"type": "phone", "number": "15550100790"}},
        {"from": [{"type": "phone", "number": "15550100001"}]},
        {"answer_url": "http://app.test/answer"},
        {"answer_url": None, "ncco": [{"action": "talk", "text": "Hello"}]},
        {"length_timer": "60", "ringing_timer": "5"},
    ],
    ids=["plain", "to-object", "from-array", "url-text", "ncco", "digits"],
)
def test_create(kpn: Any, more: dict[str, Any]) -> None:
    answer = kpn.voice("POST", "", body(kpn.world, **more))
    assert answer.status == 201, answer.body
    assert set(answer.json) == {"uuid", "status", "direction", "conversation_uuid"}
    shown = kpn.voice("GET", f"/{answer.json['uuid']}").json
    assert shown["to"] == {"type": "phone", "number": "15550100790"}
    assert shown["_links"]["self"]["href"].endswith(f"/communication/nexmo/voice/calls/{shown['uuid']}")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"to": []}, "to"),
        ({"from": [{}, {}]}, "from"),
        ({"answer_url": None}, "ncco"),
        ({"to": [{"type": "phone", "number": "x"}]}, "to[0].number"),
    ],
)
def test_create_with_wrong_fields(kpn: Any, more: dict[str, Any], named: str) -> None:
    answer = kpn.voice("POST", "", body(kpn.world, **more))
    assert answer.status == 400
    assert answer.json["info"].startswith(named), answer.json


def test_the_application_header(kpn: Any) -> None:
    uuid = kpn.voice("POST", "", body(kpn.world)).json["uuid"]
    made = kpn("POST", "/applications", urlencode({"name": "b", "answer_url": "http://app.test/"})).json["id"]
    assert kpn.voice("GET", f"/{uuid}", application=made).status == 404, "a call of the other application"
    assert kpn("GET", f"/voice/calls/{uuid}", applicationid=kpn.application_id.upper()).status == 200
    missing = kpn("GET", f"/voice/calls/{uuid}")
    assert missing.status == 400
    assert missing.json["info"].startswith("ApplicationId: Is required")
    for wrong in ("nobody", "a b", "x" * 300):
        assert kpn.voice("GET", f"/{uuid}", application=wrong).status == 404, wrong


def test_arrays_by_a_setting(kpn_of: Any) -> None:
    with World(seed=31, settings={"kpn": {"arrays": True}}) as world:
        kpn = kpn_of(world)
        uuid = kpn.voice("POST", "", body(world)).json["uuid"]
        shown = kpn.voice("GET", f"/{uuid}").json
        assert shown["to"] == [{"type": "phone", "number": "15550100790"}]
        assert shown["from"] == [{"type": "phone", "number": world.number}]
        assert kpn.voice("GET", "").json["_embedded"]["calls"][0]["to"] == shown["to"]
        _, plain = world.request("GET", f"/v1/calls/{uuid}")
        assert plain["to"] == shown["to"][0], "the Voice API keeps its objects"


def test_list(kpn_of: Any) -> None:
    with World(seed=32) as world:
        kpn = kpn_of(world)
        made = []
        for _ in range(3):
            made.append(kpn.voice("POST", "", body(world)).json["uuid"])
            world.wait(1)
        page = kpn.voice("GET", "?page_size=2&record_index=0&order=asc").json
        assert [each["uuid"] for each in page["_embedded"]["calls"]] == made[:2]
        assert page["count"] == 3
        following = page["_links"]["next"]["href"]
        assert following.startswith("http://platform.test/communication/nexmo/voice/calls?")
        rest = kpn.voice(
            "GET", following.removeprefix("http://platform.test/communication/nexmo/voice/calls")
        )
        assert [each["uuid"] for each in rest.json["_embedded"]["calls"]] == made[2:]
        assert kpn.voice("GET", "?status=unanswered").json["count"] == 0
        assert kpn.voice("GET", "?status=nonsense").status == 400


@pytest.fixture
def live(kpn_of: Any) -> Iterator[tuple[Any, str, Call]]:
    """A client, a call that waits, and the phone at its other end."""
    with World(seed=33) as world:
        world.application({"/answer": [{"action": "wait", "timeout": 60}]})
        call = world.dial(CALLER, world.number, "wait-hangup")
        world.wait(0.5)
        yield kpn_of(world), world.scenario.events[0]["uuid"], call


def test_talk_stream_and_keys(live: tuple[Any, str, Call]) -> None:
    kpn, uuid, call = live
    world = kpn.world
    done = {"message": "Talk started", "uuid": uuid}
    talk = {"text": "One moment.", "voiceName": "Lotte", "loop": "1"}
    assert kpn.voice("PUT", f"/{uuid}/talk", talk).json == done
    world.wait(3)
    url = world.audio_file("/tune.wav", _tune())
    assert kpn.voice("PUT", f"/{uuid}/stream", {"stream_url": [url], "loop": 1}).status == 200
    world.wait(2)
    assert kpn.voice("DELETE", f"/{uuid}/stream").json["message"] == "Stream stopped"
    assert kpn.voice("DELETE", f"/{uuid}/talk").json["message"] == "Talk stopped"
    assert kpn.voice("PUT", f"/{uuid}/dtmf", {"digits": "12"}).json["message"] == "DTMF sent"
    world.wait(1)
    for bare in (b'"34"', b"56"):
        answer = kpn("PUT", f"/voice/calls/{uuid}/dtmf", bare, applicationid=kpn.application_id)
        assert answer.json["message"] == "DTMF sent", answer.body
        world.wait(1)
    assert kpn.voice("PUT", f"/{uuid}/dtmf", {"digits": "x"}).status == 400
    assert kpn.voice("PUT", f"/{uuid}", {}).status == 400, "the action is not guessed"
    assert kpn.voice("PUT", f"/{uuid}", {"action": "mute"}).status == 204
    assert kpn.voice("PUT", f"/{uuid}", {"action": "hangup"}).status == 204
    report = world.run(call.done)
    assert world.heard(report) == ["One moment."]
    assert any(round(tone.hertz, -1) == 800 for tone in report.tones)
    assert report.digits == "123456"
    assert kpn.voice("GET", f"/{uuid}").json["status"] == "completed"
    assert kpn.voice("PUT", f"/{uuid}/talk", talk).status == 400, "the call is over"


def test_transfer_to_an_address(live: tuple[Any, str, Call]) -> None:
    kpn, uuid, call = live
    world = kpn.world
    world.application(
        {"/answer": [{"action": "wait", "timeout": 60}], "/other": [{"action": "talk", "text": "Other"}]}
    )
    move = {"action": "transfer", "destination": {"type": "ncco", "url": ["http://app.test/other"]}}
    assert kpn.voice("PUT", f"/{uuid}", move).status == 204
    assert world.heard(world.run(call.done)) == ["Other"]


def test_numbers(kpn: Any) -> None:
    owned = kpn("GET", "/phone-numbers/account/numbers")
    assert owned.status == 200
    assert kpn.world.number in [each["msisdn"] for each in owned.json["numbers"]]
    assert kpn("GET", "/phone-numbers/number/search?country=NL").status == 200
    form = urlencode({"country": "US", "msisdn": kpn.world.number, "app_id": kpn.application_id})
    updated = kpn("POST", "/phone-numbers/number/update", form)
    assert updated.json == {"error-code": "200", "error-code-label": "success"}
    for verb in ("buy", "cancel"):
        refused = kpn("POST", f"/phone-numbers/number/{verb}", "country=NL&msisdn=31201234567")
        assert refused.status == 420
        assert refused.json["error-code"] == "420"
        assert refused.json["status"] == "420"
        assert refused.json["transactionId"]


def _tune() -> Any:
    return tones.sine(800.0, 500, 6_000.0)
