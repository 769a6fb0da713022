"""A `record` action whose leg goes into a room, or is transferred: one recording until the leg is over."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.sequences.calls.conference import Conference
from tests.sequences.calls.test_s16_moderated import MUSIC_HZ, music
from tests.sequences.calls.test_s21_recorded_call import samples_of
from tests.sequences.calls.test_two_workers import spread

from offhook.simulator import listen
from offhook.speech.tonecode import spoken
from offhook.storage import recordings
from offhook.testing.world import World

Samples = npt.NDArray[np.int16]


def record(**options: Any) -> dict[str, Any]:
    return {"action": "record", "format": "wav", "eventUrl": ["http://app.test/recorded"], **options}


def channels_of(world: World) -> list[Samples]:
    """The 8 kHz samples of the one recording that was told of, by channel."""
    (hook,) = world.app.at("/recorded")
    uuid = hook.json["recording_uuid"]
    row = world.run(world.database.read(lambda connection: recordings.get(connection, uuid)))
    assert row is not None
    samples, rate = samples_of(str(world.settings.data_dir / str(row.path)))
    return [np.ascontiguousarray(channel[:: rate // 8_000]) for channel in samples]


def music_in(pcm: Samples) -> int:
    """Milliseconds of the music on hold."""
    return sum(tone.duration_ms for tone in listen.tones(pcm) if round(tone.hertz, -1) == MUSIC_HZ)


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
def world(
    request: pytest.FixtureRequest, make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> World:
    """With two workers every second leg is on the other one."""
    made = make_world(workers=request.param)
    spread(made, monkeypatch)
    return made


def test_it_has_what_was_said_before_and_everybody_in_the_room(world: World) -> None:
    conference = Conference(world)
    welcome = {"action": "talk", "text": "Welcome."}
    conference.enter("Bob", turn=2)
    conference.enter("Ann", turn=1, before=[record(), welcome])
    conference.enter("Cleo", turn=3)
    conference.until_turn(4)
    conference.act("Ann", "hangup")
    world.wait(2)
    (mixed,) = channels_of(world)
    assert spoken(mixed) == ["Welcome.", "Ann", "Bob", "Cleo"]
    (hook,) = world.app.at("/recorded")
    began = next(e for e in world.scenario.events if e.get("uuid") == conference.uuid("Ann"))
    assert hook.json["conversation_uuid"] == began["conversation_uuid"]
    assert not conference.calls["Bob"].done.done()  # the room goes on without it
    conference.end()
    assert len(world.app.at("/recorded")) == 1
    assert conference.heard("Bob") == ["Ann", "Cleo"]


def test_split_has_the_leg_left_and_what_it_hears_right(world: World) -> None:
    conference = Conference(world)
    conference.enter("Bob", turn=1)
    conference.enter("Ann", turn=0, before=[record(split="conversation")])
    conference.until_turn(2)
    conference.end()
    left, right = channels_of(world)
    assert spoken(left) == ["Ann"]
    assert spoken(right) == ["Bob"]


def test_while_it_waits_it_has_the_leg_and_its_music_and_then_the_room(world: World) -> None:
    conference = Conference(world)
    conference.enter("Dora", startOnEnter=False, turn=9)  # on the first worker
    waiting: dict[str, Any] = {"startOnEnter": False, "musicOnHoldUrl": music(world)}
    conference.enter("Ann", turn=3, before=[record(split="conversation")], **waiting)
    conference.until_turn(1)
    conference.enter("Mod", turn=2)
    conference.until_turn(4)
    conference.end()
    left, right = channels_of(world)
    assert spoken(left) == ["Ann"]
    assert spoken(right) == ["Mod"]
    assert music_in(right) == pytest.approx(4_100, abs=200)


def test_a_mixed_one_has_the_music_too_and_no_more_of_it_once_the_room_begins(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=3, before=[record()], startOnEnter=False, musicOnHoldUrl=music(world))
    conference.until_turn(1)
    conference.enter("Mod", turn=2)
    conference.until_turn(4)
    conference.end()
    (mixed,) = channels_of(world)
    assert spoken(mixed) == ["Mod", "Ann"]
    assert music_in(mixed) == pytest.approx(4_400, abs=200)


def test_it_goes_with_a_transfer_into_a_room_and_out_of_it(world: World) -> None:
    conference = Conference(world)
    wait = {"action": "wait", "timeout": 60}
    conference.enter("Bob", turn=1)
    conference.call("Ann", [record(), wait])
    room = [{"action": "conversation", "name": "room"}]
    conference.act("Ann", "transfer", destination={"type": "ncco", "ncco": room})
    conference.until_turn(2)
    out = [{"action": "talk", "text": "Out."}, wait]
    conference.act("Ann", "transfer", destination={"type": "ncco", "ncco": out})
    conference.enter("Cleo", turn=3)
    conference.until_turn(4)
    conference.end()
    (mixed,) = channels_of(world)
    assert spoken(mixed) == ["Bob", "Out."]


def test_the_rooms_own_recording_is_another_one_and_stays_there(world: World) -> None:
    conference = Conference(world)
    mine = ["http://app.test/room"]
    conference.enter("Ann", turn=0, before=[record()], record=True, eventUrl=mine)
    conference.enter("Bob", turn=2)
    conference.until_turn(1)
    conference.act("Ann", "hangup")
    conference.until_turn(3)
    assert world.app.at("/room") == []
    conference.end()
    (mixed,) = channels_of(world)
    assert spoken(mixed) == ["Ann"]
    (hook,) = world.app.at("/room")
    assert hook.json["recording_uuid"] != world.app.at("/recorded")[0].json["recording_uuid"]


def test_each_leg_has_its_own_channel(make_world: Callable[..., World]) -> None:
    world = make_world()
    conference = Conference(world)
    conference.enter("Bob", turn=1)
    conference.enter("Ann", turn=0, before=[record(channels=3)])
    conference.enter("Cleo", turn=2)
    conference.until_turn(3)
    conference.end()
    assert [spoken(channel) for channel in channels_of(world)] == [["Ann"], ["Bob"], ["Cleo"]]


def test_a_lost_worker_ends_it_with_what_there_is(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, errors: Any
) -> None:
    world = make_world(workers=2)
    spread(world, monkeypatch)
    conference = Conference(world)
    conference.enter("Bob", turn=1)
    conference.enter("Ann", turn=0, before=[record()])
    conference.until_turn(2)
    world.run(world.workers.kill_media("media-1"))
    world.wait(3)
    (mixed,) = channels_of(world)
    assert spoken(mixed)[:1] == ["Ann"]
    assert not conference.calls["Bob"].done.done()
    conference.end()
    world.run(world.workers.replace_media("media-1"))
    errors.lines.clear()
