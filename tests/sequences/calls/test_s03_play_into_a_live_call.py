"""S03: a file on loop, speech and keys sent into a live call, and into one leg of a conversation."""

from typing import Any

import pytest
from tests.sequences.calls.conference import Conference

from offhook.audio import tones
from offhook.audio.levels import dbov
from offhook.simulator.report import Report
from offhook.testing.world import World

A = "15550100777"
LOUDNESS = 6_000.0


def ask(world: World, uuid: str, method: str, path: str, body: Any = None) -> Any:
    status, answer = world.request(method, f"/v1/calls/{uuid}{path}", body)
    assert status == 200, answer
    return answer


def tune_ms(report: Report) -> int:
    return sum(tone.duration_ms for tone in report.tones if round(tone.hertz, -1) == 800)


@pytest.mark.parametrize(
    "own", [[{"action": "wait", "timeout": 60}], [{"action": "conversation", "name": "s03"}]]
)
def test_s03_stream_talk_and_keys(world: World, own: list[dict[str, Any]]) -> None:
    world.application({"/answer": own})
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(0.5)
    uuid = world.scenario.events[0]["uuid"]
    told = len(world.app.webhooks)
    url = world.audio_file("/tune.wav", tones.sine(800.0, 500, LOUDNESS))
    body = {"stream_url": [url], "loop": 0, "level": "0.4"}
    assert ask(world, uuid, "PUT", "/stream", body) == {"message": "Stream started", "uuid": uuid}
    world.wait(3)
    assert ask(world, uuid, "DELETE", "/stream") == {"message": "Stream stopped", "uuid": uuid}
    assert ask(world, uuid, "DELETE", "/stream") == {"message": "Stream stopped", "uuid": uuid}
    world.wait(1)
    assert ask(world, uuid, "PUT", "/talk", {"text": "Only one."})["message"] == "Talk started"
    world.wait(3)
    assert ask(world, uuid, "PUT", "/dtmf", {"digits": "332393"}) == {"message": "DTMF sent", "uuid": uuid}
    world.wait(3)
    assert len(world.app.webhooks) == told
    world.request("PUT", f"/v1/calls/{uuid}", {"action": "hangup"})
    report = world.run(call.done)
    assert tune_ms(report) == pytest.approx(3_000, abs=200)
    (tune,) = [tone for tone in report.tones if round(tone.hertz, -1) == 800]
    middle = report.pcm[(tune.start_ms + 100) * 8 : (tune.start_ms + 1_100) * 8]
    assert dbov(middle) == pytest.approx(dbov(tones.sine(800.0, 500, LOUDNESS)) + 4.0, abs=0.5)
    assert world.heard(report) == ["Only one."]
    assert report.digits == "332393"


def test_s03_a_second_stream_takes_the_place_of_the_first(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Bob")
    leg = conference.uuid("Ann")
    first = world.audio_file("/first.wav", tones.sine(800.0, 500, LOUDNESS))
    second = world.audio_file("/second.wav", tones.sine(1_100.0, 500, LOUDNESS))
    ask(world, leg, "PUT", "/stream", {"stream_url": [first], "loop": 0})
    world.wait(1)
    ask(world, leg, "PUT", "/stream", {"stream_url": [second], "loop": 2})
    world.wait(2)
    conference.end()
    report = conference.reports["Ann"]
    assert tune_ms(report) == pytest.approx(1_000, abs=200)
    assert [tone.duration_ms for tone in report.tones if round(tone.hertz, -1) == 1_100] == pytest.approx(
        [1_000], abs=60
    )
    assert conference.reports["Bob"].tones == []
