"""What PUT and DELETE do to a live call, heard and seen by the phone at its other end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from offhook.simulator.call import Call
from offhook.storage import applications, legs
from offhook.testing.world import World

WAIT = [{"action": "wait", "timeout": 300}]


class Live:
    """A call from a phone that is up and waits."""

    def __init__(self, world: World, http: Any) -> None:
        self.world = world
        self.http = http
        world.application({"/answer": WAIT})
        self.call: Call = world.run(_dial(world))
        world.run(world.scenario.wait_for_status("answered"))
        self.uuid: str = world.scenario.events[0]["uuid"]
        self.path = f"/v1/calls/{self.uuid}"

    def put(self, below: str, body: Any) -> Any:
        return self.http("PUT", self.path + below, body)

    def delete(self, below: str) -> Any:
        return self.http("DELETE", self.path + below, headers={"content-type": "application/json"})

    def end(self) -> Any:
        """The phone's report."""
        assert self.put("", {"action": "hangup"}).status == 204
        return self.world.run(_wait(self.call))


async def _dial(world: World, script: str = "") -> Call:
    return world.scenario.dial("15550100777", world.number, script)


async def _wait(call: Call) -> Any:
    return await call.done


@pytest.fixture
def live(client_of: Callable[[World], Any]) -> Iterator[Live]:
    with World(seed=3) as world:
        yield Live(world, client_of(world))


def test_hang_up_ends_the_call_once(live: Live) -> None:
    answer = live.put("", {"action": "hangup"})
    assert (answer.status, answer.body) == (204, b"")
    live.world.wait(1)
    assert live.put("", {"action": "hangup"}).status == 204
    shown = live.http("GET", live.path).json
    assert shown["status"] == "completed"
    assert {type(shown[name]) for name in ("duration", "price", "rate", "start_time", "end_time")} == {str}


def test_talk_is_heard_and_a_second_one_takes_its_place(live: Live) -> None:
    answer = live.put("/talk", {"text": "first words", "loop": "0", "level": "0"})
    assert (answer.status, answer.json) == (200, {"message": "Talk started", "uuid": live.uuid})
    live.world.wait(3)
    live.put("/talk", {"text": "second", "voice_name": "Amy", "premium": True, "language": None})
    live.world.wait(4)
    heard = live.world.heard(live.end())
    assert heard[0] == "first words"
    assert heard[-1] == "second"


def test_delete_stops_a_talk(live: Live) -> None:
    live.put("/talk", {"text": "on and on", "loop": 0})
    live.world.wait(2)
    answer = live.delete("/talk")
    assert (answer.status, answer.json) == (200, {"message": "Talk stopped", "uuid": live.uuid})
    live.world.wait(4)
    assert live.delete("/talk").status == 200
    report = live.end()
    assert not report.pcm[-8000:].any()


def test_a_stream_that_cannot_be_fetched_is_an_error_webhook(live: Live) -> None:
    answer = live.put("/stream", {"stream_url": "http://nobody.test/a.mp3"})
    assert (answer.status, answer.json) == (200, {"message": "Stream started", "uuid": live.uuid})
    live.world.wait(5)
    assert any("reason" in event for event in live.world.scenario.events)
    assert live.delete("/stream").json["message"] == "Stream stopped"


def test_digits_reach_the_phone(live: Live) -> None:
    answer = live.put("/dtmf", {"digits": 17})
    assert (answer.status, answer.json) == (200, {"message": "DTMF sent", "uuid": live.uuid})
    live.world.wait(2)
    assert "".join(key.key for key in live.end().keys) == "17"


def test_keys_are_told_to_a_listener_until_it_leaves(client_of: Callable[[World], Any]) -> None:
    with World(seed=4) as world:
        http = client_of(world)
        world.application({"/answer": WAIT})
        call = world.run(_dial(world, "wait 2; press 5; wait 5; press 6; wait 2"))
        world.run(world.scenario.wait_for_status("answered"))
        uuid = world.scenario.events[0]["uuid"]
        path = f"/v1/calls/{uuid}/input/dtmf"
        answer = http("PUT", path, {"eventUrl": "http://app.test/keys"})
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
        world.wait(4)
        assert (http("DELETE", path).status, http("DELETE", path).body) == (200, b"")
        world.wait(8)
        told = [webhook.json for webhook in world.app.at("/keys")]
        assert len(told) == 1
        assert told[0]["uuid"] == uuid
        assert "5" in str(told[0]["dtmf"])
        http("PUT", f"/v1/calls/{uuid}", {"action": "hangup"})
        world.run(_wait(call))


def test_audio_actions(live: Live) -> None:
    for action in ("mute", "unmute", "earmuff", "unearmuff"):
        assert live.put("", {"action": action, "destination": "not looked at"}).status == 204
        written = [line for line in live.world.journal.lines if line.kind == "rest"]
        assert written[-1].data["action"] == "audio"
        assert written[-1].data["muted"] == {"mute": True, "unmute": False}.get(action)
        assert written[-1].data["earmuffed"] == {"earmuff": True, "unearmuff": False}.get(action)


def test_transfer_to_an_ncco_and_to_an_address(live: Live) -> None:
    before = live.http("GET", live.path).json["conversation_uuid"]
    destination = {"type": "ncco", "ncco": [{"action": "talk", "text": "moved"}, *WAIT]}
    assert live.put("", {"action": "transfer", "destination": destination}).status == 204
    live.world.wait(3)
    after = live.http("GET", live.path).json["conversation_uuid"]
    assert after != before
    live.world.application({"/second": [{"action": "talk", "text": "again"}]})
    destination = {"type": "ncco", "url": ["http://app.test/second"]}
    assert live.put("", {"action": "transfer", "destination": destination}).status == 204
    live.world.wait(5)
    assert live.world.heard(live.world.run(_wait(live.call))) == ["moved", "again"]


def test_the_address_of_a_transfer_is_asked_as_an_answer_url_is(live: Live) -> None:
    live.world.application({"/next": WAIT})
    destination = {"type": "ncco", "url": ["http://app.test/next?step=2"]}
    assert live.put("", {"action": "transfer", "destination": destination}).status == 204
    live.world.wait(1)
    (asked,) = live.world.app.at("/next")
    after = live.http("GET", live.path).json["conversation_uuid"]
    assert (asked.method, asked.body) == ("GET", b"")
    assert asked.query == {
        "step": "2",
        "from": "15550100777",
        "to": live.world.number,
        "uuid": live.uuid,
        "conversation_uuid": after,
    }


WRONG = [
    ("", {}, "action"),
    ("", {"action": "dance"}, "action"),
    ("", {"action": "transfer"}, "destination"),
    ("", {"action": "transfer", "destination": {"type": "ncco"}}, "destination.url"),
    ("", {"action": "transfer", "destination": {"type": "x", "url": ["http://a.test"]}}, "destination.type"),
    (
        "",
        {"action": "transfer", "destination": {"type": "ncco", "ncco": [{"action": "tlak"}]}},
        "destination.ncco[0].action",
    ),
    (
        "",
        {"action": "transfer", "destination": {"type": "ncco", "url": ["http://a.test"], "ncco": WAIT}},
        "destination.url",
    ),
    (
        "",
        {"action": "transfer", "destination": {"type": "ncco", "url": ["http://a.test", "http://b.test"]}},
        "destination.url",
    ),
    ("", {"action": "transfer", "destination": {"url": ["http://a.test"]}}, "destination.type"),
    ("", {"action": "transfer", "destination": "http://a.test"}, "destination"),
    ("/talk", {}, "text"),
    ("/talk", {"text": " "}, "text"),
    ("/talk", {"text": "x" * 1501}, "text"),
    ("/talk", {"text": "x", "level": 2}, "level"),
    ("/talk", {"text": "x", "loop": -1}, "loop"),
    ("/talk", {"text": "x", "loop": 100_001}, "loop"),
    ("/talk", {"text": "x", "premium": "perhaps"}, "premium"),
    ("/talk", {"text": "x", "style": -1}, "style"),
    ("/talk", {"text": "x", "language": "e\nn"}, "language"),
    ("/stream", {}, "stream_url"),
    ("/stream", {"stream_url": ["http://a.test/1", "http://a.test/2"]}, "stream_url"),
    ("/stream", {"stream_url": ["http://a.test/1"], "level": "-1.1"}, "level"),
    ("/dtmf", {}, "digits"),
    ("/dtmf", {"digits": "1" * 101}, "digits"),
    ("/input/dtmf", {}, "event_url"),
    ("/stream", {"stream_url": ["ftp://a.test/x"]}, "stream_url"),
    ("/stream", {"stream_url": []}, "stream_url"),
    ("/dtmf", {"digits": "12x"}, "digits"),
    ("/dtmf", {"digits": ""}, "digits"),
    ("/input/dtmf", {"event_url": ["http://a.test", "http://b.test"]}, "event_url"),
]


def test_wrong_bodies_name_the_field(live: Live) -> None:
    for below, body, field in WRONG:
        answer = live.put(below, body)
        assert (answer.status, answer.wrong, answer.json["type"]) == (400, [field], 400), (below, body)


NCCO_BY_URL = {"type": "ncco", "url": ["http://app.test/answer"]}
STEERING: list[tuple[str, str, Any]] = [
    *(("PUT", "", {"action": action}) for action in ("mute", "unmute", "earmuff", "unearmuff")),
    ("PUT", "", {"action": "transfer", "destination": NCCO_BY_URL}),
    ("PUT", "", {"action": "transfer", "destination": {"type": "ncco", "ncco": WAIT}}),
    ("PUT", "/talk", {"text": "x"}),
    ("DELETE", "/talk", None),
    ("PUT", "/stream", {"stream_url": ["http://app.test/a.mp3"]}),
    ("DELETE", "/stream", None),
    ("PUT", "/dtmf", {"digits": "1"}),
    ("PUT", "/input/dtmf", {"event_url": ["http://app.test/k"]}),
    ("DELETE", "/input/dtmf", None),
]


def refused(http: Any, path: str) -> None:
    """Nothing but the end can be asked of the call."""
    for method, below, body in STEERING:
        answer = http(method, path + below, body)
        assert (answer.status, answer.json["type"]) == (400, "BAD_REQUEST"), below
        assert answer.json["error_title"] == answer.json["title"] == "Bad Request"
        assert answer.json["detail"]
        assert answer.headers["content-type"] == "application/json"


def test_a_call_that_is_over_cannot_be_steered(live: Live) -> None:
    live.end()
    live.world.wait(1)
    refused(live.http, live.path)


def test_a_call_that_is_not_answered_yet_can_only_be_hung_up(live: Live) -> None:
    body = {
        "to": [{"type": "phone", "number": "15550100792"}],
        "from": {"type": "phone", "number": live.world.number},
        "ncco": WAIT,
    }
    path = "/v1/calls/" + live.http("POST", "/v1/calls", body).json["uuid"]
    live.world.wait(1)
    assert live.http("GET", path).json["status"] == "ringing"
    refused(live.http, path)
    answer = live.http("PUT", path, {"action": "hangup"})
    assert (answer.status, answer.body) == (204, b"")


def test_a_call_of_nobody_or_of_another_application_does_not_exist(live: Live) -> None:
    theirs = "63f61863-4a51-4f6b-86e1-46edebcf9356"
    mine = live.world.database.transact(lambda rows: legs.get(rows, live.uuid))
    assert mine is not None
    other = replace(live.world.provisioned.application, application_id="another")
    live.world.database.transact(lambda rows: applications.insert(rows, other))
    row = replace(mine, leg_id=theirs, application_id="another")
    live.world.database.transact(lambda rows: legs.insert(rows, row))
    for uuid in (theirs, "nobody"):
        for method, below, body in [*STEERING, ("PUT", "", {"action": "hangup"}), ("GET", "", None)]:
            answer = live.http(method, f"/v1/calls/{uuid}{below}", body)
            assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND"), (uuid, below)
            assert answer.json["error_title"] == answer.json["title"] == "Not Found"
    assert live.http("GET", "/v1/calls").json["count"] == 1
    assert live.http("GET", live.path).json["status"] == "answered"
