"""Requests as the Java, PHP and Ruby SDKs write them, and answers as they read them, against calls that are
made: create, list, get, modify, recordings and errors.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.http.wire.java import JAVA
from tests.unit.http.wire.library import Json, Library, page
from tests.unit.http.wire.php import PHP
from tests.unit.http.wire.ruby import RUBY

from offhook.audio.tones import sine
from offhook.testing.world import World

PATH = "/v1/calls"
CALLER, PERSON = "15550100001", "31201234567"
WAIT = [{"action": "wait", "timeout": 300}]
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(params=[JAVA, PHP, RUBY], ids=lambda each: each.name)
def library(request: pytest.FixtureRequest) -> Library:
    assert isinstance(request.param, Library)
    return request.param


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=11) as made:
        yield made


class Program:
    """A program that uses a library."""

    def __init__(self, world: World, http: Any, library: Library) -> None:
        self.world, self.http, self.library = world, http, library

    def send(self, method: str, path: str, body: Any = None) -> Any:
        headers = dict(self.library.headers)
        if body is None:
            del headers["content-type"]
        return self.http(method, path, body, headers=headers)

    def create(self, to: str, caller: str | None = CALLER, **options: Any) -> str:
        answer = self.send("POST", PATH, self.library.create(to, caller, options))
        assert answer.status == 201, answer.body
        assert answer.headers["content-type"] == "application/json"
        for name in ("uuid", "status", "direction", "conversation_uuid"):
            assert isinstance(answer.json[name], str)
        return str(answer.json["uuid"])

    def get(self, uuid: str) -> Json:
        answer = self.send("GET", f"{PATH}/{uuid}")
        assert answer.status == 200
        self.library.call(answer.json)
        return dict(answer.json)


@pytest.fixture
def program(world: World, library: Library, client_of: Callable[[World], Any]) -> Program:
    return Program(world, client_of(world), library)


def test_a_call_is_created_read_and_ended(program: Program) -> None:
    world = program.world
    world.phone(PERSON, "wait-hangup")
    uuid = program.create(PERSON, ncco=WAIT, length_timer=600, ringing_timer=45)
    program.get(uuid)
    world.run(world.scenario.wait_for_status("answered"))
    live = program.get(uuid)
    assert (live["status"], live["to"]["number"], live["from"]["number"]) == ("answered", PERSON, CALLER)
    ended = program.send("PUT", f"{PATH}/{uuid}", {"action": "hangup"})
    assert (ended.status, ended.body) == (204, b"")
    world.wait(2)
    done = program.get(uuid)
    assert done["status"] == "completed"
    assert {"start_time", "end_time", "duration", "price", "rate"} <= done.keys()


def test_an_answer_url_and_any_number_that_calls(program: Program) -> None:
    world = program.world
    world.application({"/answer": [{"action": "talk", "text": "hello there"}], "/event": None})
    phone = world.phone(PERSON, "wait-hangup")
    uuid = program.create(
        PERSON, None, answer_url=["http://app.test/answer"], event_url=["http://app.test/event"]
    )
    call = world.run(phone.next_call(20))
    assert world.heard(world.run(_report(call))) == ["hello there"]
    assert program.get(uuid)["from"]["number"] == world.number


async def _report(call: Any) -> Any:
    return await call.done


def test_a_listing_is_read_to_its_end(program: Program) -> None:
    made = []
    for _ in range(5):
        made.append(program.create(PERSON, ncco=WAIT))
        program.world.wait(0.1)
    query = program.library.filters({"page_size": 2, "date_start": "2020-01-01T00:00:00Z"})
    found: list[str] = []
    path: str | None = f"{PATH}?{query}"
    for _ in range(5):
        assert path is not None
        answer = program.send("GET", path)
        assert answer.status == 200
        calls = page(answer.json)
        for each in calls:
            program.library.call(each)
        found += [each["uuid"] for each in calls]
        path = program.library.following(answer.json, query)
        if path is None:
            break
    assert path is None
    assert found == made
    none = program.send("GET", f"{PATH}?{program.library.filters({'date_end': '2020-01-01T00:00:00Z'})}")
    assert page(none.json) == []
    assert program.library.following(none.json, "") is None


def test_a_live_call_is_steered(program: Program) -> None:
    world, library = program.world, program.library
    phone = world.phone(PERSON, "wait-hangup")
    uuid = program.create(PERSON, ncco=WAIT)
    call = world.run(phone.next_call(20))
    world.run(world.scenario.wait_for_status("answered"))
    path = f"{PATH}/{uuid}"

    def told(method: str, below: str, message: str, body: Any = None) -> None:
        answer = program.send(method, path + below, body)
        assert (answer.status, answer.json) == (200, {"message": message, "uuid": uuid})

    told("PUT", "/talk", "Talk started", {"text": "first words", **library.talk})
    world.wait(4)
    told("DELETE", "/talk", "Talk stopped")
    tone = world.audio_file("/tone.wav", sine(1000, 500, 6000.0))
    told("PUT", "/stream", "Stream started", {"stream_url": [tone], **library.stream})
    world.wait(2)
    told("DELETE", "/stream", "Stream stopped")
    told("PUT", "/dtmf", "DTMF sent", {"digits": "12p3"})
    world.wait(4)
    subscribed = program.send("PUT", path + "/input/dtmf", {library.subscription: ["http://app.test/keys"]})
    assert (subscribed.status, subscribed.body) == (200, b"")
    for action in ("mute", "unmute", "earmuff", "unearmuff"):
        assert program.send("PUT", path, {"action": action}).status == 204
    moved = {"type": "ncco", "ncco": [{"action": "talk", "text": "second words"}]}
    assert program.send("PUT", path, {"action": "transfer", "destination": moved}).status == 204
    report = world.run(_report(call))
    assert world.heard(report) == ["first words", "second words"]
    assert report.digits == "123"


def test_a_recording_is_downloaded(program: Program) -> None:
    world = program.world
    record = {
        "action": "record",
        "eventUrl": ["http://app.test/recorded"],
        "endOnSilence": 3,
        "format": "wav",
    }
    world.application({"/recorded": None, "/event": None})
    world.phone(PERSON, "wait 1; say recorded words; wait-hangup")
    program.create(PERSON, ncco=[record, {"action": "talk", "text": "thank you"}])
    world.wait(30)
    url = world.app.at("/recorded")[0].json["recording_url"]
    answer = program.http("GET", program.library.recording(url))
    assert (answer.status, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.body[:4] == b"RIFF"
    assert len(answer.body) > 16_000


def test_errors_have_a_message(program: Program) -> None:
    library = program.library
    wrong = library.create("abc", CALLER, {"ncco": WAIT, "ringing_timer": 500})
    answer = program.send("POST", PATH, wrong)
    assert answer.status == 400
    told = library.error(400, answer.json)
    assert "Bad Request" in told
    assert {"to[0].number", "ringing_timer"} == set(answer.wrong)
    answer = program.send("GET", f"{PATH}/{NOWHERE}")
    assert (answer.status, "Not Found" in library.error(404, answer.json)) == (404, True)
    answer = program.http("GET", PATH, auth="Bearer no.good.token", headers=dict(library.headers))
    assert (answer.status, "Unauthorized" in library.error(401, answer.json)) == (401, True)
    uuid = program.create(PERSON, ncco=WAIT)
    answer = program.send("PUT", f"{PATH}/{uuid}/talk", {"text": "too early", **library.talk})
    assert (answer.status, "Bad Request" in library.error(400, answer.json)) == (400, True)
