"""Prompts: exact samples, loops, ends, gain, what stops them."""

import numpy as np
import pytest
from tests.unit.engine.harness import Bench, coded, find, speech

from offhook.core.errors import LocalStateError
from offhook.media.engine import PlayFinished


def test_a_prompt_reaches_one_leg_and_nobody_else() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    prompt = speech(7, 3)[:1000]
    player = bench.engine.play(prompt, row=one.row)
    bench.run(10)
    assert find(prompt, one.heard) == 0
    assert not one.heard[1000:].any()
    assert not two.heard.any()
    assert bench.of(PlayFinished) == [PlayFinished(player, "done", 125)]


def test_a_prompt_to_a_conversation_reaches_everybody() -> None:
    bench = Bench()
    phones = [bench.phone() for _ in range(3)]
    for phone in phones:
        bench.engine.join(phone.row, 1)
    prompt, voice = speech(8, 3), speech(10, 4)
    phones[0].say(voice)
    bench.tick()
    bench.engine.play(prompt, conversation=1)
    bench.run(12)
    assert find(prompt, phones[0].heard) == 1
    assert find(coded("PCMU", prompt, voice[: 8 * 160]), phones[1].heard) == 1


@pytest.mark.parametrize(("samples", "loop"), [(1000, 3), (160, 1), (161, 2), (8000, 2), (5, 700)])
def test_loops_meet_sample_to_sample_and_are_counted(samples: int, loop: int) -> None:
    bench = Bench()
    phone = bench.phone()
    prompt = speech(50, 5)[:samples]
    for _ in range(3):
        bench.engine.play(speech(1, 1), row=phone.row)
    bench.run(2)
    player = bench.engine.play(prompt, row=phone.row, loop=loop)
    bench.run(-(-samples * loop // 160) + 2)
    expected = np.tile(prompt, loop)
    heard = phone.heard[2 * 160 :]
    assert np.array_equal(heard[: expected.size], expected)
    assert not heard[expected.size :].any()
    assert bench.of(PlayFinished)[-1] == PlayFinished(player, "done", samples * loop // 8)


def test_loop_zero_goes_on_until_it_is_stopped() -> None:
    bench = Bench()
    phone = bench.phone()
    prompt = speech(3, 6)[:400]
    player = bench.engine.play(prompt, row=phone.row, loop=0)
    bench.run(120)
    assert np.array_equal(phone.heard, np.tile(prompt, 48)[: 120 * 160])
    bench.engine.stop_play(player)
    assert bench.tick() == [PlayFinished(player, "stopped", 2400)]
    assert not phone.frames[-1].any()
    bench.engine.stop_play(player)
    assert bench.tick() == []


def test_the_end_is_told_with_the_last_frame() -> None:
    bench = Bench()
    phone = bench.phone()
    player = bench.engine.play(speech(2, 1), row=phone.row)
    assert bench.tick() == []
    assert bench.tick() == [PlayFinished(player, "done", 40)]


def test_a_prompt_of_nothing_is_done_at_once() -> None:
    bench = Bench()
    phone = bench.phone()
    player = bench.engine.play(np.zeros(0, np.int16), row=phone.row, loop=0)
    assert bench.tick() == [PlayFinished(player, "done", 0)]
    assert not phone.heard.any()


def test_gain_and_two_prompts_at_once() -> None:
    bench = Bench()
    phone = bench.phone()
    one, two = speech(6, 1), speech(6, 2)
    bench.engine.play(one, row=phone.row, gain=0.5)
    bench.engine.play(two, row=phone.row)
    bench.run(6)
    # Every code is a multiple of 4, so half of it is whole and the sum exact.
    assert find(coded("PCMU", one // 2, two), phone.heard) == 0


def test_a_key_stops_the_prompt_that_waits_for_it_in_the_same_tick() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    armed = bench.engine.play(speech(90, 1), row=one.row, stop_on_digit=one.row)
    other = bench.engine.play(speech(90, 1), row=two.row, stop_on_digit=two.row)
    bench.run(5)
    events = bench.tick((one.row, one.key(5, 160, marker=True)))
    assert PlayFinished(armed, "digit", 100) in events
    assert not one.frames[-1].any()
    assert two.frames[-1].any()
    assert all(event.player != other for event in bench.of(PlayFinished))


def test_a_voice_stops_the_prompt_after_60_ms() -> None:
    bench = Bench()
    phone = bench.phone()
    phone.say(np.zeros(160 * 10, np.int16))
    player = bench.engine.play(speech(90, 1), row=phone.row, stop_on_speech=phone.row)
    bench.run(10)
    phone.say(speech(20, 2))
    bench.run(6)
    # One tick in the jitter buffer and two frames before the onset is certain.
    assert bench.of(PlayFinished) == [PlayFinished(player, "speech", (10 + 1 + 2) * 20)]


def test_closing_a_row_closes_what_plays_to_it() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    mine = bench.engine.play(speech(90, 1), row=one.row)
    theirs = bench.engine.play(speech(90, 1), row=two.row, stop_on_digit=one.row)
    bench.run(3)
    bench.hang_up(one)
    assert bench.tick() == [PlayFinished(mine, "closed", 60)]
    assert bench.phone().row == one.row
    bench.tick((one.row, bench.phones[one.row].key(1, 160)))
    assert [event.player for event in bench.of(PlayFinished)] == [mine]
    bench.engine.stop_play(theirs)


def test_one_target_must_be_named() -> None:
    bench = Bench()
    with pytest.raises(LocalStateError, match="either a row or a conversation"):
        bench.engine.play(speech(1, 1))
    with pytest.raises(LocalStateError, match="Row 3 is not open"):
        bench.engine.play(speech(1, 1), conversation=1, stop_on_digit=3)
    with pytest.raises(LocalStateError, match="int16 samples"):
        bench.engine.play(np.zeros(160, np.float64), conversation=1)
