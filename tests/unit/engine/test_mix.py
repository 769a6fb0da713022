"""Who hears what, to the sample."""

import numpy as np
import pytest
from tests.unit.engine.harness import Bench, coded, find, speech

from offhook.audio import tables
from offhook.core.errors import LocalStateError, MediaError


@pytest.mark.parametrize("size", [2, 3, 4, 5, 9, 17])
def test_everybody_hears_the_others_and_not_themselves(size: int) -> None:
    bench = Bench(20)
    phones = [bench.phone() for _ in range(size)]
    voices = [speech(12, seed, loudest=3000) for seed in range(size)]
    for phone, voice in zip(phones, voices, strict=True):
        bench.engine.join(phone.row, 1)
        phone.say(voice)
    bench.run(14)
    for me, phone in enumerate(phones):
        others = [voice for index, voice in enumerate(voices) if index != me]
        assert find(coded("PCMU", *others), phone.heard) == 1


def test_conversations_do_not_hear_each_other() -> None:
    bench = Bench(8)
    phones = [bench.phone() for _ in range(6)]
    voices = [speech(10, seed) for seed in range(6)]
    for index, (phone, voice) in enumerate(zip(phones, voices, strict=True)):
        bench.engine.join(phone.row, index // 2)
        phone.say(voice)
    bench.run(12)
    for index, phone in enumerate(phones):
        assert find(coded("PCMU", voices[index ^ 1]), phone.heard) == 1


def test_both_laws_in_one_conversation() -> None:
    bench = Bench()
    mu, a = bench.phone("PCMU"), bench.phone("PCMA")
    said_mu, said_a = speech(10, 1), speech(10, 2, "PCMA")
    for phone in (mu, a):
        bench.engine.join(phone.row, 5)
    mu.say(said_mu)
    a.say(said_a)
    bench.run(12)
    assert find(coded("PCMA", said_mu), a.heard) == 1
    assert find(coded("PCMU", said_a), mu.heard) == 1


def test_a_relay_of_one_voice_keeps_every_code() -> None:
    for codec in ("PCMU", "PCMA"):
        bench = Bench()
        one, two = bench.phone(codec), bench.phone(codec)
        bench.engine.join(one.row, 1)
        bench.engine.join(two.row, 1)
        octets = bytes(range(256)) + bytes(range(64))
        one.say(tables.decode(codec, octets))
        bench.run(4)
        assert find(tables.decode(codec, octets), two.heard) == 1


def test_loud_sums_are_limited_not_wrapped() -> None:
    bench = Bench(8)
    phones = [bench.phone() for _ in range(8)]
    for phone in phones:
        bench.engine.join(phone.row, 1)
        phone.say(np.full(1600, 32124, np.int16))
    bench.run(10)
    assert int(phones[0].frames[5].min()) == 32124


def test_muted_is_not_heard_and_earmuffed_does_not_hear() -> None:
    bench = Bench()
    one, two, three = (bench.phone() for _ in range(3))
    voices = [speech(30, seed) for seed in range(3)]
    for phone, voice in zip((one, two, three), voices, strict=True):
        bench.engine.join(phone.row, 1)
        phone.say(voice)
    bench.engine.set_audio(one.row, muted=True, earmuffed=False)
    bench.engine.set_audio(two.row, muted=False, earmuffed=True)
    bench.run(30)
    assert not two.heard.any()
    assert find(coded("PCMU", voices[1][:1600]), three.heard) == 1
    assert find(coded("PCMU", voices[1][:1600], voices[2][:1600]), one.heard) == 1
    bench.engine.set_audio(two.row, muted=False, earmuffed=False)
    bench.run(1)
    assert two.frames[-1].any()


def test_leaving_and_joining_elsewhere() -> None:
    bench = Bench()
    one, two, three = (bench.phone() for _ in range(3))
    voice = speech(40, 1)
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    bench.engine.join(three.row, 2)
    one.say(voice)
    bench.run(10)
    bench.engine.join(one.row, 2)
    bench.run(10)
    bench.engine.leave(one.row)
    bench.run(5)
    assert find(coded("PCMU", voice[: 9 * 160]), two.heard) == 1
    assert not np.concatenate(two.frames[10:]).any()
    assert find(coded("PCMU", voice[9 * 160 : 19 * 160]), three.heard) == 10
    assert not np.concatenate(three.frames[20:]).any()


def test_a_leg_alone_hears_silence() -> None:
    bench = Bench()
    phone = bench.phone()
    phone.say(speech(10, 1))
    bench.run(5)
    bench.engine.join(phone.row, 3)
    bench.run(5)
    assert not phone.heard.any()


def test_a_full_engine_says_so_and_takes_rows_again() -> None:
    bench = Bench(2)
    one, _ = bench.phone(), bench.phone()
    with pytest.raises(MediaError, match="All 2 rows"):
        bench.phone()
    bench.hang_up(one)
    assert bench.phone().row == one.row
    with pytest.raises(LocalStateError, match="not open"):
        bench.engine.join(7, 1)


def test_unknown_codec_is_refused_without_taking_a_row() -> None:
    bench = Bench(1)
    with pytest.raises(LocalStateError, match="PCMU and PCMA"):
        bench.phone("OPUS")
    assert bench.engine.open_rows == 0
