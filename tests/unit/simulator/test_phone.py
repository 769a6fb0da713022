"""Two phones call each other, over SIP and RTP, in virtual time."""

import asyncio
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offhook.audio import tones
from offhook.core.errors import Invalid
from offhook.simulator import behaviour as b
from offhook.simulator.report import Report
from offhook.simulator.script import parse
from offhook.speech.tonecode import spoken
from offhook.testing.wire import Conditions


def talk(town: Any, caller: str, callee: str, **settings: Any) -> tuple[Report, Report]:
    """A call between two phones that follow scripts; the callee answers after one second."""
    left = town.phone("100", **settings)
    right = town.phone("200", b.Answers(1.0, parse(callee)), **settings)

    async def body() -> tuple[Report, Report]:
        report = await left.call("200", right.address, parse(caller)).done
        return report, await right.calls[0].done

    result: tuple[Report, Report] = town.run(body)
    return result


def test_a_tone_one_way_and_keys_the_other(town: Any) -> None:
    caller, callee = talk(
        town, "wait-speech; wait-silence 0.5; press 12#; hangup", "wait 0.5; tone 1234 1; wait-hangup"
    )
    (tone,) = caller.tones
    assert tone.hertz == pytest.approx(1_234, abs=2)
    assert tone.duration_ms == pytest.approx(1_000, abs=40)
    assert callee.digits == "12#"
    assert [key.duration_ms for key in callee.keys] == [100, 100, 100]
    assert [status.status for status in caller.statuses] == [180, 200]
    assert caller.answered_ms == pytest.approx(1_000, abs=10)
    assert caller.ending is not None
    assert callee.ending is not None
    assert (caller.ending.by, callee.ending.by) == ("phone", "far end")
    assert (caller.lost, callee.lost, caller.gaps, caller.problems, callee.problems) == (0, 0, [], [], [])


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_words_are_heard(town: Any, codec: str) -> None:
    caller, callee = talk(
        town, 'say "good day"; wait-hangup', "wait-speech; wait-silence 0.5; say bye; hangup", codecs=(codec,)
    )
    assert spoken(callee.pcm) == ["good day"]
    assert spoken(caller.pcm) == ["bye"]
    assert caller.media is not None
    assert caller.media.receiver.codec == codec


def test_keys_in_the_audio_and_a_pause(town: Any) -> None:
    _, callee = talk(town, "press in-band 159p0; hangup", "wait-hangup")
    assert callee.digits == ""
    assert "".join(tone.key for tone in callee.key_tones) == "1590"
    starts = [tone.start_ms for tone in callee.key_tones]
    assert starts[3] - starts[2] > 600


def test_files_are_played_and_recorded(town: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    with wave.open(str(source), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        time = np.arange(16_000) / 16_000
        left = (8_000 * np.sin(2 * np.pi * 700 * time)).astype("<i2")
        file.writeframes(np.stack([left, np.zeros_like(left)], axis=1).tobytes())
    _, callee = talk(town, f"wait 0.5; play '{source}'; wait 0.5; hangup", f"record '{target}'; wait-hangup")
    lag, likeness = callee.likeness(tones.sine(700, 1_000)[400:-400])
    assert likeness > 0.99
    assert lag > 4_000
    with wave.open(str(target), "rb") as file:
        recorded = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert recorded.size / 8_000 == pytest.approx(2.0, abs=0.15)
    assert np.abs(recorded).max() > 7_000


def test_a_missing_file_and_silence_are_problems_and_not_the_end(town: Any) -> None:
    caller, _ = talk(town, "play /nowhere.wav; wait-speech 1; press 1; hangup", "wait-hangup")
    assert len(caller.problems) == 2
    assert "step 1 (PlayFile): /nowhere.wav cannot be read" in caller.problems[0]
    assert "step 2 (WaitSpeech): nothing was said within 1 s" in caller.problems[1]
    assert caller.ending is not None
    assert caller.ending.by == "phone"


@pytest.mark.parametrize(
    ("behaviour", "statuses"),
    [
        (b.BUSY, [486]),
        (b.DECLINES, [180, 603]),
        (b.UNKNOWN_NUMBER, [404]),
        (b.Refuses(480, after=2.0), [180, 480]),
    ],
)
def test_refusals(town: Any, behaviour: b.Behaviour, statuses: list[int]) -> None:
    left, right = town.phone("100"), town.phone("200", behaviour)
    report = town.run(lambda: _finished(left.call("200", right.address)))
    assert [status.status for status in report.statuses] == statuses
    assert (report.ending.by, report.ending.status) == ("far end", statuses[-1])
    assert right.calls[0].report.ending.by == "phone"
    assert report.answered_ms is None


async def _finished(call: Any) -> Report:
    report: Report = await call.done
    return report


def test_no_answer_ends_at_the_callers_limit_or_when_it_gives_up(town: Any) -> None:
    left, right = town.phone("100"), town.phone("200", b.NO_ANSWER)

    async def body() -> tuple[Report, Report]:
        limited = await left.call("200", right.address, ring_seconds=20.0).done
        patient = left.call("200", right.address)
        await asyncio.sleep(5)
        patient.hang_up()
        await right.calls[1].done
        return limited, await patient.done

    limited, given_up = town.run(body)
    assert limited.ending.at_ms == pytest.approx(20_000, abs=1_000)
    assert given_up.ending.by == "phone"
    assert right.calls[1].report.ending.by == "far end"
    assert right.calls[1].report.ending.status == 487


def test_what_cannot_be_dialled_is_refused_at_once(town: Any) -> None:
    with pytest.raises(Invalid, match="neither a number nor a SIP URI"):
        town.phone("100").call("not a number", ("10.9.9.9", 5060))


def test_nobody_there_is_a_failure(town: Any) -> None:
    left = town.phone("100")
    report = town.run(lambda: _finished(left.call("200", ("10.9.9.9", 5060))))
    assert report.ending.by == "failure"
    assert report.ending.status == 408


def test_voicemail_greets_beeps_and_records(town: Any, tmp_path: Path) -> None:
    path = tmp_path / "message.wav"
    left = town.phone("100")
    right = town.phone("200", b.voicemail(record=str(path)))
    script = parse("wait-speech; wait-silence 1; tone 600 1; wait 0.2; hangup")

    async def body() -> Report:
        report = await _finished(left.call("200", right.address, script))
        await right.calls[0].done
        return report

    report = town.run(body)
    assert "mailbox" in spoken(report.pcm)[0]
    (beep,) = [tone for tone in report.tones if abs(tone.hertz - 1_000) < 5]
    assert beep.duration_ms == pytest.approx(400, abs=40)
    assert path.stat().st_size > 16_000


def test_loss_and_delay_are_seen_in_the_report(town: Any) -> None:
    town.network.conditions = Conditions(delay=0.03, jitter=0.01, loss=0.1)
    caller, _ = talk(town, "wait 10; hangup", "tone 500 9; wait-hangup")
    assert caller.lost > 10
    assert caller.gaps
    assert caller.largest_gap_ms >= 40


def test_hold_and_resume(town: Any) -> None:
    left = town.phone("100")
    right = town.phone("200", b.Answers(0.5, parse("tone 500 8; wait-hangup")))

    async def body() -> Report:
        call = left.call("200", right.address, ())
        await asyncio.sleep(2)
        call.hold()
        await asyncio.sleep(2)
        call.resume()
        await asyncio.sleep(2)
        call.hang_up()
        return await _finished(call)

    report = town.run(body)
    (gap,) = [gap for gap in report.gaps if gap[1] > 500]
    assert gap[1] == pytest.approx(2_000, abs=100)


def test_the_same_seed_gives_the_same_call(town: Any) -> None:
    caller, callee = talk(town, "wait-speech; press 1; hangup", "say hello; wait-hangup")
    assert caller.summary()["answered_ms"] == 1_002
    assert callee.summary()["digits"] == "1"
    assert caller.summary()["ended"]["by"] == "phone"
