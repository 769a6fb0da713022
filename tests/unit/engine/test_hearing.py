"""Who does not hear whom, to the sample: short lists, long lists, taps, and rows that come and go."""

from collections.abc import Collection

import numpy as np
import pytest
from tests.unit.engine.harness import Bench, Phone, coded, find, speech

from offhook.core.errors import LocalStateError
from offhook.media.engine.hearing import LONGEST

FRAMES = 12


def room(bench: Bench, size: int) -> tuple[list[Phone], list[np.ndarray]]:
    """Phones in one conversation and what each will say."""
    phones = [bench.phone() for _ in range(size)]
    for phone in phones:
        bench.engine.join(phone.row, 1)
    return phones, [speech(FRAMES, seed, loudest=1500) for seed in range(size)]


def talk(bench: Bench, phones: list[Phone], voices: list[np.ndarray]) -> None:
    for phone, voice in zip(phones, voices, strict=True):
        phone.say(voice)
    bench.run(FRAMES + 2)


def hears(phone: Phone, voices: list[np.ndarray], whom: Collection[int]) -> bool:
    """Whether a phone heard exactly the sum of these voices."""
    if not whom:
        return not np.abs(phone.heard[160:]).max() > 8
    return find(coded("PCMU", *[voices[one] for one in whom]), phone.heard) == 1


@pytest.mark.parametrize("size", [3, 5, 2 * LONGEST + 4, 40])
@pytest.mark.parametrize("missed", ["one", "half", "all but one", "all"])
def test_a_row_hears_exactly_whom_it_may(size: int, missed: str) -> None:
    bench = Bench(size + 2)
    phones, voices = room(bench, size)
    others = list(range(1, size))
    deaf = {"one": others[:1], "half": others[: size // 2], "all but one": others[1:], "all": others}[missed]
    bench.engine.set_hearing(phones[0].row, [phones[one].row for one in deaf])
    talk(bench, phones, voices)
    assert hears(phones[0], voices, [one for one in others if one not in deaf])
    for me in (1, size - 1):
        assert hears(phones[me], voices, [one for one in range(size) if one != me])


def test_many_rows_with_lists_of_their_own() -> None:
    """A large room in which each leg hears only the legs that came after it."""
    size = 30
    bench = Bench(size)
    phones, voices = room(bench, size)
    for me, phone in enumerate(phones):
        bench.engine.set_hearing(phone.row, [other.row for other in phones[:me]])
    talk(bench, phones, voices)
    for me, phone in enumerate(phones):
        assert hears(phone, voices, range(me + 1, size)), me


def test_two_conversations_with_lists_are_corrected_together() -> None:
    bench = Bench(8)
    phones = [bench.phone() for _ in range(6)]
    voices = [speech(FRAMES, seed, loudest=3000) for seed in range(6)]
    for index, phone in enumerate(phones):
        bench.engine.join(phone.row, index // 3)
    bench.engine.set_hearing(phones[0].row, [phones[1].row])
    bench.engine.set_hearing(phones[5].row, [phones[3].row, phones[0].row])
    talk(bench, phones, voices)
    assert hears(phones[0], voices, [2])
    assert hears(phones[5], voices, [4])
    assert hears(phones[4], voices, [3, 5])


def test_a_prompt_to_the_conversation_is_heard_by_those_who_hear_nobody() -> None:
    bench = Bench(8)
    phones, voices = room(bench, 3)
    bench.engine.set_hearing(phones[0].row, [phones[1].row, phones[2].row])
    bench.engine.play(voices[0], conversation=1)
    bench.run(FRAMES + 2)
    assert find(coded("PCMU", voices[0]), phones[0].heard) >= 0


def test_lists_replace_each_other_and_an_empty_one_is_everybody() -> None:
    for last, whom in (([2], [1]), ([], [1, 2])):
        bench = Bench(4)
        phones, voices = room(bench, 3)
        bench.engine.set_hearing(phones[0].row, [phones[1].row])
        bench.tick()
        bench.engine.set_hearing(phones[0].row, [phones[one].row for one in last])
        talk(bench, phones, voices)
        assert find(coded("PCMU", *[voices[one] for one in whom]), phones[0].heard) >= 0


def test_earmuffs_and_mute_hold_with_lists() -> None:
    bench = Bench(4)
    phones, voices = room(bench, 3)
    bench.engine.set_hearing(phones[0].row, [phones[1].row])
    bench.engine.set_audio(phones[0].row, False, True)
    bench.engine.set_hearing(phones[1].row, [phones[0].row])
    bench.engine.set_audio(phones[2].row, True, False)
    talk(bench, phones, voices)
    assert hears(phones[0], voices, [])
    assert hears(phones[1], voices, [])


def test_a_row_that_is_used_again_is_heard_by_all() -> None:
    bench = Bench(3)
    phones, voices = room(bench, 3)
    bench.engine.set_hearing(phones[0].row, [phones[1].row])
    bench.engine.set_hearing(phones[1].row, [phones[0].row])
    row = phones[1].row
    bench.hang_up(phones[1])
    fresh = bench.phone()
    assert fresh.row == row
    bench.engine.join(row, 1)
    phones[1] = fresh
    talk(bench, phones, voices)
    assert find(coded("PCMU", voices[1], voices[2]), phones[0].heard) >= 0
    assert find(coded("PCMU", voices[0], voices[2]), fresh.heard) >= 0


def test_who_left_the_conversation_is_no_part_of_any_correction() -> None:
    bench = Bench(3)
    phones, voices = room(bench, 3)
    bench.engine.set_hearing(phones[0].row, [phones[1].row])
    bench.engine.leave(phones[1].row)
    talk(bench, phones, voices)
    assert hears(phones[0], voices, [2])
    assert hears(phones[1], voices, [])


def test_a_tap_hears_one_row_and_is_heard_by_nobody() -> None:
    bench = Bench(5)
    phones, voices = room(bench, 3)
    tap = bench.engine.open_tap(phones[1].row)
    talk(bench, phones, voices)
    frames = np.concatenate(bench.links[tap])
    assert find(coded("PCMU", voices[1]), frames) >= 0
    assert hears(phones[0], voices, [1, 2])
    bench.engine.set_audio(phones[1].row, True, False)
    bench.links[tap].clear()
    talk(bench, phones, voices)
    assert not np.concatenate(bench.links[tap]).any()
    bench.hang_up(phones[1])
    bench.run(2)
    bench.engine.close_row(tap)


def test_rows_that_are_not_open_are_refused() -> None:
    bench = Bench(3)
    phones, _ = room(bench, 1)
    with pytest.raises(LocalStateError):
        bench.engine.set_hearing(phones[0].row, [2])
    with pytest.raises(LocalStateError):
        bench.engine.set_hearing(2, [])
    with pytest.raises(LocalStateError):
        bench.engine.open_tap(2)
