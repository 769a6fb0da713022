"""S21: a call recorded while two people talk."""

from typing import Any

import av
import numpy as np
import pytest

from offhook.simulator import listen
from offhook.storage import recordings
from offhook.testing.world import World

A, B = "15550100777", "15550100742"
CONNECT = {
    "action": "connect",
    "from": World.number,
    "endpoint": [{"type": "phone", "number": B}],
}


def call(world: World, **options: Any) -> Any:
    """A sends 1 100 Hz after B's 700 Hz; the samples of the file, one row per channel."""
    world.phone(B, "wait 0.3; tone 700 0.7; wait-hangup", after=0.2)
    record = {"action": "record", "eventUrl": ["http://app.test/recorded"], "format": "wav", **options}
    world.application({"/answer": [record, CONNECT]})
    world.call(A, world.number, "wait 1.6; tone 1100 0.7; wait 0.3; hangup")
    world.wait(2)
    (hook,) = world.app.at("/recorded")
    uuid = hook.json["recording_uuid"]
    row = world.run(world.database.read(lambda connection: recordings.get(connection, uuid)))
    assert row is not None
    return samples_of(str(world.settings.data_dir / str(row.path)))


def samples_of(path: str) -> tuple[Any, int]:
    """(samples by channel, rate) of a file of any format, through FFmpeg's libraries."""
    with av.open(path) as file:
        stream = file.streams.audio[0]
        resampler = av.AudioResampler(format="s16p", layout=stream.layout, rate=stream.rate)
        frames = [out for frame in file.decode(stream) for out in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), int(stream.rate)


def markers(samples: Any, rate: int) -> list[int]:
    mono = samples if rate == 8000 else samples[:: rate // 8000]
    return [
        int(round(tone.hertz, -1))
        for tone in listen.tones(np.ascontiguousarray(mono))
        if tone.duration_ms > 500
    ]


@pytest.mark.parametrize("form", ["wav", "mp3", "ogg"])
def test_s21_both_voices_are_in_one_channel(world: World, form: str) -> None:
    samples, rate = call(world, format=form)
    assert samples.shape[0] == 1
    assert markers(samples[0], rate) == [700, 1100]


def test_s21_split_has_the_caller_left_and_what_the_caller_hears_right(world: World) -> None:
    samples, rate = call(world, split="conversation")
    assert samples.shape[0] == 2
    assert markers(samples[0], rate) == [1100]
    assert markers(samples[1], rate) == [700]


def test_s21_the_event_comes_once_with_the_end(world: World) -> None:
    call(world)
    (hook,) = world.app.at("/recorded")
    statuses = [webhook for webhook in world.app.webhooks if webhook.json and "status" in webhook.json]
    completed = [webhook.at for webhook in statuses if webhook.json["status"] == "completed"]
    assert len(completed) == 2
    assert -200_000_000 < hook.at - max(completed) < 2_000_000_000
    assert [*hook.json] == [
        "start_time",
        "recording_url",
        "size",
        "recording_uuid",
        "end_time",
        "conversation_uuid",
        "timestamp",
    ]
    assert hook.json["conversation_uuid"] == statuses[0].json["conversation_uuid"]


def test_s21_without_a_format_it_is_mp3_of_16_khz(world: World) -> None:
    samples, rate = call(world, format=None)
    assert (samples.shape[0], rate) == (1, 16_000)
    assert markers(samples[0], rate) == [700, 1100]
    assert [path.suffix for path in world.settings.data_dir.rglob("recordings/**/*.*")] == [".mp3"]


def test_s21_a_timeout_alone_holds_the_program_up(world: World) -> None:
    phone = world.phone(B, "wait-hangup")
    record = {"action": "record", "timeOut": 3, "eventUrl": ["http://app.test/recorded"]}
    world.application({"/answer": [record, CONNECT]})
    world.call(A, world.number, "wait 6; hangup")
    recorded = world.app.at("/recorded")[0].at
    ringing = [
        hook.at
        for hook in world.app.webhooks
        if hook.json and hook.json.get("status") == "started" and hook.json["direction"] == "outbound"
    ]
    assert len(phone.calls) == 1
    assert recorded <= ringing[0]
