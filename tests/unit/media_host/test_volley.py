"""The sending half of a tick: the calls are laid out anew exactly when they have to be."""

import numpy as np

from offhook.media.engine import Departures
from offhook.media.volley import Volley


class Far:
    def __init__(self, *, deaf: bool = False) -> None:
        self.heard: list[bytes] = []
        self._deaf = deaf

    def send(self, data: memoryview) -> int:
        if self._deaf:
            raise BlockingIOError
        self.heard.append(bytes(data))
        return len(data)


def departures(rows: list[int], odd: dict[int, int] | None = None) -> Departures:
    data = np.repeat(np.arange(8, dtype=np.uint8)[:, None], 192, axis=1)
    length = np.full(8, 172, np.int32)
    for row, octets in (odd or {}).items():
        length[row] = octets
    return Departures(np.array(rows), data, length)


def test_each_row_sends_its_own_packet_and_a_row_without_a_far_end_nothing() -> None:
    volley, far = Volley(), [Far(), Far()]
    volley.aim(2, far[0].send)
    volley.aim(5, far[1].send)
    volley.fire(departures([2, 3, 5]))
    assert [end.heard for end in far] == [[bytes([2]) * 172], [bytes([5]) * 172]]
    assert volley.unsent == 0


def test_a_packet_of_another_length_does_not_spoil_the_next_tick() -> None:
    volley, far = Volley(), Far()
    volley.aim(1, far.send)
    tick = departures([1], {1: 16})
    volley.fire(tick)
    tick.length[1] = 172
    volley.fire(tick)
    assert [len(packet) for packet in far.heard] == [16, 172]


def test_a_row_that_is_aimed_elsewhere_or_dropped_is_obeyed_though_the_rows_stay() -> None:
    volley, before, after = Volley(), Far(), Far()
    tick = departures([1])
    volley.aim(1, before.send)
    volley.fire(tick)
    volley.aim(1, after.send)
    volley.fire(tick)
    volley.drop(1)
    volley.fire(tick)
    volley.send(1, b"more")
    assert (len(before.heard), len(after.heard)) == (1, 1)


def test_what_the_kernel_does_not_take_is_counted_and_the_others_go_out() -> None:
    volley, far = Volley(), Far()
    volley.aim(1, Far(deaf=True).send)
    volley.aim(2, far.send)
    volley.fire(departures([1, 2]))
    assert (volley.unsent, len(far.heard)) == (1, 1)
