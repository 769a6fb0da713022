"""Link rows, and rows that are used again."""

import numpy as np
import pytest
from tests.unit.engine.harness import Bench, Phone, find, speech

from offhook.core.errors import LocalStateError
from offhook.media.engine import DigitHeard, MediaStarted
from offhook.rtp import RtpPacket


def test_a_link_carries_whole_samples_both_ways() -> None:
    bench = Bench()
    phone, link = bench.phone(), bench.engine.open_link()
    for row in (phone.row, link):
        bench.engine.join(row, 1)
    theirs, mine = speech(20, 1), speech(20, 2)
    phone.say(mine)
    for index in range(20):
        bench.tick((link, theirs[index * 160 : index * 160 + 160].astype("<i2").tobytes()))
    bench.run(2)
    assert find(theirs, phone.heard) == 0
    assert find(mine, np.concatenate(bench.links[link])) == 1
    assert {event.row for event in bench.of(MediaStarted)} == {phone.row, link}
    stats = bench.engine.stats(link)
    assert (stats.received, stats.sent, stats.lost, stats.ignored) == (20, 22, 0, 0)


def test_a_conversation_over_two_engines_is_one() -> None:
    here, there = Bench(), Bench()
    one, two = here.phone(), there.phone()
    ends = here.engine.open_link(), there.engine.open_link()
    for bench, row, link in ((here, one.row, ends[0]), (there, two.row, ends[1])):
        bench.engine.join(row, 1)
        bench.engine.join(link, 1)
    voices = speech(40, 1), speech(40, 2)
    one.say(voices[0])
    two.say(voices[1])
    frames: tuple[bytes, bytes] = (b"", b"")
    for _ in range(45):
        here.tick(*([(ends[0], frames[1])] if frames[1] else []))
        there.tick(*([(ends[1], frames[0])] if frames[0] else []))
        frames = here.links[ends[0]][-1].tobytes(), there.links[ends[1]][-1].tobytes()
    assert find(voices[0], two.heard) == 2
    assert find(voices[1], one.heard) == 2


def test_a_link_with_bursts_is_bounded_and_settles() -> None:
    bench = Bench()
    phone, link = bench.phone(), bench.engine.open_link()
    for row in (phone.row, link):
        bench.engine.join(row, 1)
    frame = np.full(160, 1000, "<i2").tobytes()
    bench.tick(*[(link, frame)] * 20)
    assert bench.engine.stats(link).delay_ms == 7 * 20
    for _ in range(450):
        bench.tick((link, frame))
    assert bench.engine.stats(link).delay_ms <= 20
    bench.engine.flush(link)
    assert bench.engine.stats(link).delay_ms == 0


def test_other_sizes_are_no_frames() -> None:
    bench = Bench()
    link = bench.engine.open_link()
    bench.tick((link, b"x" * 319), (link, b""), (link, bytes(172)))
    assert bench.engine.stats(link).ignored == 3
    assert bench.of(MediaStarted) == []


def test_many_links_open_and_close_in_any_order() -> None:
    bench = Bench(16)
    links = [bench.engine.open_link() for _ in range(10)]
    for link in (links[0], links[9], links[4]):
        bench.engine.close_row(link)
    hearers: dict[int, Phone] = {}
    for link in links[1:4] + links[5:9]:
        hearers[link] = bench.phone()
        bench.engine.join(link, link)
        bench.engine.join(hearers[link].row, link)
    level = {link: 132 * (index + 1) for index, link in enumerate(hearers)}
    for _ in range(3):
        bench.tick(*[(link, np.full(160, level[link], "<i2").tobytes()) for link in hearers])
    for link, phone in hearers.items():
        assert np.abs(phone.frames[-1].astype(int) - level[link]).max() <= 32
    for link in reversed(list(hearers)):
        bench.engine.close_row(link)
    bench.tick()
    assert not any(phone.frames[-1].any() for phone in hearers.values())


def _everything(bench: Bench, phone: Phone) -> None:
    """Leave as much state behind in a row as can be."""
    bench.engine.join(phone.row, 1)
    phone.say(speech(30, 9))
    bench.engine.play(speech(90, 8), row=phone.row, loop=0, stop_on_digit=phone.row, stop_on_speech=phone.row)
    bench.engine.record(row=phone.row, end_on_key="5", end_on_silence_ms=60_000)
    bench.engine.send_digits(phone.row, "123456789")
    bench.engine.set_audio(phone.row, muted=True, earmuffed=True)
    bench.run(29)
    bench.tick((phone.row, phone.key(1, 160)))
    stray = RtpPacket(0, 1, 1, 99, bytes(160)).serialise()
    bench.tick((phone.row, stray), (phone.row, b"junk"))


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_a_row_used_again_is_as_a_new_one(codec: str) -> None:
    used, fresh = Bench(2), Bench(2)
    old = used.phone()
    _everything(used, old)
    used.hang_up(old)
    used.tick()
    used.events.clear()
    fresh.run(int(used.engine.ticks))
    again, new = used.phone(codec), fresh.phone(codec)
    assert again.row == old.row == new.row
    for bench, phone in ((used, again), (fresh, new)):
        bench.engine.join(phone.row, 1)
        other = bench.phone(codec)
        bench.engine.join(other.row, 1)
        phone.say(speech(30, 1, codec))
        bench.run(10)
        other.say(speech(20, 2, codec))
        bench.run(30)
        bench.tick((phone.row, phone.key(2, 160, end=True)))
    assert used.engine.stats(again.row) == fresh.engine.stats(new.row)
    assert [packet.serialise() for packet in again.packets] == [packet.serialise() for packet in new.packets]
    assert [event.digit for event in used.of(DigitHeard)] == ["2"]
    assert [type(event) for event in used.events] == [type(event) for event in fresh.events]


def test_a_closed_row_takes_nothing_and_says_nothing() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
        phone.say(speech(10, 1))
    bench.run(5)
    bench.engine.close_row(one.row)
    del bench.phones[one.row]
    bench.tick((one.row, one.audio(bytes(160))), (99, b"?"), (-1, b"?"))
    assert not two.frames[-1].any()
    with pytest.raises(LocalStateError, match="not open"):
        bench.engine.stats(one.row)
