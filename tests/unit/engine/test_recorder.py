"""Recordings: exact contents, layouts, what ends them and when."""

import numpy as np
import numpy.typing as npt
import pytest
from tests.unit.engine.harness import Bench, find, speech

from offhook.audio import tones
from offhook.core.errors import LocalStateError
from offhook.media.engine import PlayFinished, RecordBlock, RecordFinished


def recorded(bench: Bench, recorder: int) -> npt.NDArray[np.int16]:
    """[samples, channels] of all blocks, whose numbering is checked."""
    blocks = [block for block in bench.of(RecordBlock) if block.recorder == recorder]
    assert [block.sequence for block in blocks] == list(range(len(blocks)))
    assert [block.last for block in blocks[:-1]] == [False] * (len(blocks) - 1)
    assert all(len(block.pcm) <= 2 * 8000 * block.channels for block in blocks)
    pcm = b"".join(block.pcm for block in blocks)
    return np.frombuffer(pcm, "<i2").reshape(-1, blocks[0].channels)


def test_mixed_of_a_conversation_is_the_sum_of_all() -> None:
    bench = Bench()
    phones = [bench.phone() for _ in range(3)]
    voices = [speech(130, seed, loudest=8000) for seed in range(3)]
    for phone, voice in zip(phones, voices, strict=True):
        bench.engine.join(phone.row, 1)
        phone.say(voice)
    bench.tick()
    recorder = bench.engine.record(conversation=1)
    bench.run(123)
    bench.engine.stop_record(recorder)
    bench.run(1)
    pcm = recorded(bench, recorder)
    assert pcm.shape == (123 * 160, 1)
    total = sum(voice.astype(np.int32) for voice in voices)
    assert np.array_equal(pcm[:, 0], np.asarray(total)[: 123 * 160])
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "stopped", 123 * 20)]


def test_mixed_of_a_leg_is_what_it_says_and_hears() -> None:
    bench = Bench()
    phone = bench.phone()
    voice, prompt = speech(30, 1, loudest=8000), speech(30, 2, loudest=8000)
    phone.say(voice)
    bench.tick()
    recorder = bench.engine.record(row=phone.row, timeout_ms=400)
    bench.engine.play(prompt, row=phone.row)
    bench.run(25)
    pcm = recorded(bench, recorder)[:, 0]
    assert np.array_equal(pcm, (voice + prompt)[: 20 * 160])
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "timeout", 400)]


def test_a_recording_moves_from_a_leg_to_a_conversation_without_a_gap() -> None:
    bench = Bench()
    phone, other = bench.phone(), bench.phone()
    voices = [speech(60, seed, loudest=8000) for seed in range(2)]
    for each, voice in zip((phone, other), voices, strict=True):
        each.say(voice)
    bench.engine.join(other.row, 1)
    bench.tick()
    recorder = bench.engine.record(row=phone.row, timeout_ms=1000)
    bench.run(20)
    bench.engine.join(phone.row, 1)
    bench.engine.move_record(recorder, conversation=1)
    bench.run(32)
    pcm = recorded(bench, recorder)[:, 0]
    assert np.array_equal(pcm[: 20 * 160], voices[0][: 20 * 160])
    assert np.array_equal(pcm[20 * 160 :], (voices[0] + voices[1])[20 * 160 : 50 * 160])
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "timeout", 1000)]
    bench.engine.move_record(recorder, conversation=2)  # it is over: nothing happens
    with pytest.raises(LocalStateError):
        bench.engine.move_record(recorder)


def test_a_leg_keeps_its_channel_when_the_recording_moves_with_it() -> None:
    bench = Bench()
    first, second = bench.phone(), bench.phone()
    voices = [speech(60, seed, loudest=8000) for seed in range(2)]
    for phone, voice in zip((first, second), voices, strict=True):
        phone.say(voice)
    bench.engine.join(first.row, 1)
    bench.engine.join(second.row, 2)
    bench.tick()
    recorder = bench.engine.record(conversation=1, layout="channels", channels=2, timeout_ms=800)
    bench.engine.join(first.row, 2)
    bench.engine.move_record(recorder, conversation=2)
    bench.run(42)
    pcm = recorded(bench, recorder)
    for channel, voice in enumerate(voices):
        assert np.array_equal(pcm[:, channel], voice[: 40 * 160])


def test_split_has_the_owners_voice_left_and_what_it_hears_right() -> None:
    bench = Bench()
    owner, other = bench.phone(), bench.phone()
    said, answered, prompt = (speech(60, seed, loudest=8000) for seed in range(3))
    for phone, voice in ((owner, said), (other, answered)):
        bench.engine.join(phone.row, 1)
        phone.say(voice)
    bench.tick()
    recorder = bench.engine.record(conversation=1, layout="split", owner=owner.row, timeout_ms=1000)
    bench.engine.play(prompt, row=owner.row)
    bench.run(52)
    pcm = recorded(bench, recorder)
    assert np.array_equal(pcm[:, 0], said[: 50 * 160])
    assert np.array_equal(pcm[:, 1], (answered + prompt)[: 50 * 160])


def test_channels_follow_joining_order_and_share_the_last() -> None:
    bench = Bench()
    phones = [bench.phone() for _ in range(4)]
    voices = [speech(60, seed, loudest=8000) for seed in range(4)]
    for phone, voice in zip(phones, voices, strict=True):
        phone.say(voice)
    for index in (2, 0):
        bench.engine.join(phones[index].row, 1)
    bench.tick()
    recorder = bench.engine.record(conversation=1, layout="channels", channels=3)
    bench.run(10)
    bench.engine.join(phones[3].row, 1)
    bench.engine.join(phones[1].row, 1)
    bench.run(10)
    bench.engine.leave(phones[2].row)
    bench.run(10)
    bench.engine.stop_record(recorder)
    bench.tick()
    pcm = recorded(bench, recorder)
    a, b = 10 * 160, 20 * 160
    assert np.array_equal(pcm[:b, 0], voices[2][:b])
    assert not pcm[b:, 0].any()
    assert np.array_equal(pcm[:, 1], voices[0][: 30 * 160])
    assert not pcm[:a, 2].any()
    assert np.array_equal(pcm[a:, 2], (voices[3] + voices[1])[a : 30 * 160])


def test_a_new_leg_on_an_old_row_does_not_inherit_its_channel() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    recorder = bench.engine.record(conversation=1, layout="channels", channels=3)
    bench.tick()
    bench.hang_up(one)
    three = bench.phone()
    assert three.row == one.row
    bench.engine.join(three.row, 1)
    three.say(speech(20, 1))
    bench.run(10)
    bench.engine.stop_record(recorder)
    bench.tick()
    pcm = recorded(bench, recorder)
    assert not pcm[:, 0].any()
    assert pcm[:, 2].any()


def test_a_beep_comes_first_and_is_not_recorded() -> None:
    bench = Bench()
    phone = bench.phone()
    voice = speech(60, 1, loudest=8000)
    phone.say(voice)
    bench.tick()
    recorder = bench.engine.record(row=phone.row, beep=True, timeout_ms=300)
    bench.run(40)
    beep = tones.beep()
    frames = beep.size // 160
    heard = phone.heard[160 : 160 + beep.size].astype(np.int32)
    assert np.abs(heard - beep).max() < 300
    assert np.array_equal(recorded(bench, recorder)[:, 0], voice[frames * 160 : (frames + 15) * 160])
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "timeout", 300)]
    assert bench.of(PlayFinished) == []


def test_silence_counts_from_the_last_voice() -> None:
    bench = Bench()
    phone = bench.phone()
    phone.say(np.concatenate([speech(30, 1), np.zeros(160 * 300, np.int16)]))
    recorder = bench.engine.record(row=phone.row, end_on_silence_ms=3000)
    bench.run(250)
    # The voice is in frames 1 to 30 of the recording: a frame waits one tick in the jitter buffer.
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "silence", (31 + 150) * 20)]


def test_silence_ends_a_recording_in_which_nobody_ever_speaks() -> None:
    bench = Bench()
    phone = bench.phone()
    recorder = bench.engine.record(row=phone.row, end_on_silence_ms=3000)
    bench.run(160)
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "silence", 3000)]


def test_silence_of_a_conversation_without_owner_is_everybodys() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    recorder = bench.engine.record(conversation=1, end_on_silence_ms=400)
    two.say(speech(25, 1))
    bench.run(25)
    assert bench.of(RecordFinished) == []
    bench.run(25)
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "silence", (26 + 20) * 20)]


def test_only_the_owners_key_ends_it() -> None:
    bench = Bench()
    owner, other = bench.phone(), bench.phone()
    recorder = bench.engine.record(row=owner.row, end_on_key="#")
    bench.run(10)
    bench.tick((other.row, other.key(11, 160)), (owner.row, owner.key(1, 160)))
    owner.pass_time(20)
    bench.run(9)
    bench.tick((owner.row, owner.key(11, 160)))
    assert bench.of(RecordFinished) == [RecordFinished(recorder, "key", 20 * 20)]
    assert recorded(bench, recorder).shape == (20 * 160, 1)


def test_muted_legs_are_not_recorded() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
        phone.say(speech(30, phone.row))
    bench.engine.set_audio(one.row, muted=True, earmuffed=False)
    recorder = bench.engine.record(conversation=1, layout="channels", channels=2, timeout_ms=400)
    bench.run(30)
    pcm = recorded(bench, recorder)
    assert not pcm[:, 0].any()
    assert find(speech(10, two.row), pcm[:, 1]) == 1


def test_a_closed_row_closes_its_recording() -> None:
    bench = Bench()
    phone = bench.phone()
    recorder = bench.engine.record(row=phone.row)
    bench.run(7)
    bench.hang_up(phone)
    events = bench.tick()
    assert isinstance(events[0], RecordBlock)
    assert events[0].last
    assert events[1] == RecordFinished(recorder, "closed", 140)


def test_many_recordings_at_once_keep_apart() -> None:
    bench = Bench(24)
    phones = [bench.phone() for _ in range(24)]
    recorders = []
    for phone in phones:
        phone.say(speech(80, phone.row))
    bench.tick()
    for phone in phones:
        recorders.append(bench.engine.record(row=phone.row, timeout_ms=1500))
    bench.run(76)
    for phone, recorder in zip(phones, recorders, strict=True):
        assert np.array_equal(recorded(bench, recorder)[:, 0], speech(80, phone.row)[: 75 * 160])
    assert len(bench.of(RecordFinished)) == 24


def test_wrong_layouts_are_refused() -> None:
    bench = Bench()
    phone = bench.phone()
    with pytest.raises(LocalStateError, match="mixed, split or channels"):
        bench.engine.record(row=phone.row, layout="quad")
    with pytest.raises(LocalStateError, match="1 to 32 channels"):
        bench.engine.record(row=phone.row, layout="channels", channels=33)
