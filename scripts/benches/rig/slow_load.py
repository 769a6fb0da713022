"""load.c in Python, for machines without a compiler: the same words and the same lines, fewer legs.

Arrivals are stamped when they are read, so that what the generator itself misses counts as a gap.
"""

import os
import select
import socket
import sys
import time
from itertools import pairwise

PERIOD = 20_000_000
SLOTS = 20
MOST_READS = 8
HOST = "127.0.0.1"
SPEECH = bytes(0x20 + 37 * i % 64 for i in range(160))


class Leg:
    """One socket and what it heard."""

    def __init__(self, index: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.open = False
        self.index = index
        self.sent = 0
        self.arrivals: list[tuple[int, int]] = []
        """(instant, sequence number)"""
        self.audible = 0

    def say(self) -> None:
        head = b"\x80\0" + (self.sent & 0xFFFF).to_bytes(2, "big")
        stamp = (160 * self.sent & 0xFFFFFFFF).to_bytes(4, "big")
        self.sent += 1
        self.send(head + stamp + (0x10000 + self.index).to_bytes(4, "big") + SPEECH)

    def send(self, packet: bytes) -> None:
        try:
            self.socket.send(packet)
        except OSError:
            pass

    def read(self) -> None:
        try:
            for _ in range(MOST_READS):
                data = self.socket.recv(512)
                self.arrivals.append((time.monotonic_ns(), int.from_bytes(data[2:4], "big")))
                self.audible += any(octet & 0x7F < 0x7E for octet in data[12:28])
        except OSError:
            pass

    def line(self, start: int, end: int) -> str:
        """The `leg` line of a measurement."""
        taken = [(at, sequence) for at, sequence in self.arrivals if start <= at < end]
        heard = [at for at, _ in taken]
        steps = [(b - a + 0x8000) % 0x10000 - 0x8000 for (_, a), (_, b) in pairwise(taken)]
        gaps = [b - a for a, b in pairwise(heard)]
        expected = max((heard[-1] - heard[0] + PERIOD // 20) // PERIOD, sum(steps)) + 1 if heard else 0
        for silence in (heard[0] - start, end - heard[-1]) if heard else (end - start,):
            if silence > 2 * PERIOD:
                gaps.append(silence)
                expected += silence // PERIOD
        gaps.sort()
        over = [sum(gap > limit * 1_000_000 for gap in gaps) for limit in (40, 60)]
        figures = [len(heard), expected, self.audible, len(gaps)]
        figures += [at(gaps, share) // 1000 for share in (0.5, 0.99, 1.0)]
        return " ".join(["leg", *map(str, [self.index, *figures, *over])])


class Load:
    """The loop of either mode."""

    def __init__(self, count: int) -> None:
        self.legs = [Leg(index) for index in range(count)]
        self.window: tuple[int, int] | None = None
        self.late: list[int] = []
        self._text = b""

    def obey(self) -> bool:
        """Lines that have come; False when it is time to end."""
        if not select.select([0], [], [], 0)[0]:
            return True
        read = os.read(0, 65536)
        *lines, self._text = (self._text + read).split(b"\n")
        for line in lines:
            word, *numbers = line.decode().split() or [""]
            if word == "quit":
                return False
            if word == "open":
                leg = self.legs[int(numbers[0])]
                leg.socket.connect((HOST, int(numbers[1])))
                leg.open = True
            elif word == "measure":
                self._begin(int(numbers[0]))
        return bool(read)

    def run_legs(self) -> None:
        due, slot = time.monotonic_ns(), 0
        while self.obey():
            self.late.append(max(0, time.monotonic_ns() - due))
            for leg in self.legs[slot::SLOTS]:
                if leg.open:
                    leg.say()
                    leg.read()
            slot = (slot + 1) % SLOTS
            if self.window is not None and time.monotonic_ns() > self.window[1] + 2 * PERIOD:
                self._report(*self.window)
            due += PERIOD // SLOTS
            pause(due)

    def run_kernel(self) -> None:
        packet, due = bytes(172), time.monotonic_ns()
        while self.obey():
            for leg in self.legs:
                if leg.open:
                    try:
                        leg.socket.recv(2048)
                    except OSError:
                        pass
                    leg.send(packet)
            due += PERIOD
            pause(due)

    def _begin(self, milliseconds: int) -> None:
        for leg in self.legs:
            leg.arrivals, leg.audible = [], 0
        self.late = []
        now = time.monotonic_ns()
        self.window = (now, now + milliseconds * 1_000_000)

    def _report(self, start: int, end: int) -> None:
        self.window = None
        for leg in self.legs:
            if leg.open:
                print(leg.line(start, end))
        late = sorted(self.late)
        print("done", *(at(late, share) // 1000 for share in (0.5, 0.99, 1.0)), flush=True)


def at(ordered: list[int], share: float) -> int:
    """A quantile of sorted figures, 0 of none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def pause(due: int) -> None:
    left = due - time.monotonic_ns()
    if left > 0:
        time.sleep(left / 1e9)


def main() -> None:
    mode, count = sys.argv[1], int(sys.argv[2])
    load = Load(count)
    print("ports", *(leg.socket.getsockname()[1] for leg in load.legs), flush=True)
    if mode == "kernel":
        load.run_kernel()
    else:
        load.run_legs()


if __name__ == "__main__":
    main()
