"""The worker's sockets on loopback, without its process: latch, re-aim, long packets, warm ports, links."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.unit.media_host.voice import Voice

from offhook.core.errors import MediaError
from offhook.media.engine import Arrivals, Departures
from offhook.media.ports import WarmPorts
from offhook.media.sockets import Sockets, numeric

pytestmark = pytest.mark.interop

HOST = "127.0.0.1"
TYPES = frozenset({0, 101})
FIRST = 43_000


class Rig:
    def __init__(self) -> None:
        self.arrivals = Arrivals(64)
        self.warm = WarmPorts(HOST, FIRST, FIRST + 99, 4)
        self.ports = self.warm.top_up(4)
        self.sockets = Sockets(self.warm, self.arrivals)
        self.peers: list[socket.socket] = []
        self._data = np.zeros((8, 192), np.uint8)

    def peer(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((HOST, 0))
        made.settimeout(2)
        self.peers.append(made)
        return made

    def sweep(self) -> list[tuple[int, int]]:
        """(row, length) of what has arrived; loopback delivers within `sendto`."""
        self.arrivals.clear()
        self.sockets.receive()
        count = self.arrivals.count
        found = list(
            zip(self.arrivals.rows[:count].tolist(), self.arrivals.length[:count].tolist(), strict=True)
        )
        return found + [(row, len(data)) for row, data in self.arrivals.long]

    def send(self, row: int, size: int = 172) -> None:
        length = np.full(8, size, np.int32)
        self._data[row] = row
        self.sockets.send(Departures(np.array([row]), self._data, length))

    def close(self) -> None:
        self.sockets.close()
        self.warm.close()
        for peer in self.peers:
            peer.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def test_a_leg_sends_to_its_sdp_address_and_hears_whom_it_latched(rig: Rig) -> None:
    peer, stranger, voice = rig.peer(), rig.peer(), Voice(0)
    rig.sockets.take(3, rig.ports[0], peer.getsockname(), TYPES)
    rig.send(3)
    assert peer.recvfrom(2048) == (bytes([3]) * 172, (HOST, rig.ports[0]))
    peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert rig.sweep() == [(3, 172)]
    assert rig.sockets.remote(3) == peer.getsockname()
    stranger.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert rig.sweep() == []  # the kernel drops it: the socket is connected
    rig.send(3, 16)
    assert peer.recv(2048) == bytes([3]) * 16


def test_a_new_address_is_learned_on_the_same_port(rig: Rig) -> None:
    before, after, voice = rig.peer(), rig.peer(), Voice(0)
    rig.sockets.take(1, rig.ports[0], before.getsockname(), TYPES)
    before.sendto(voice.packet(), (HOST, rig.ports[0]))
    rig.sweep()
    rig.sockets.aim(1, after.getsockname(), TYPES)
    rig.send(1)
    assert after.recvfrom(2048)[1] == (HOST, rig.ports[0])
    after.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert rig.sweep() == [(1, 172)]
    assert rig.sockets.remote(1) == after.getsockname()


def test_after_silence_another_port_of_the_peer_is_heard(rig: Rig) -> None:
    before, after, voice = rig.peer(), rig.peer(), Voice(0)
    rig.sockets.take(1, rig.ports[0], before.getsockname(), TYPES)
    before.sendto(voice.packet(), (HOST, rig.ports[0]))
    rig.sweep()
    rig.sockets.relearn(1)
    rig.send(1)
    assert before.recv(2048)  # meanwhile it sends where it sent
    after.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert rig.sweep() == [(1, 172)]
    rig.send(1)
    assert after.recv(2048)


def test_long_packets_turn_the_leg_to_another_reading(rig: Rig) -> None:
    peer, voice = rig.peer(), Voice(0)
    rig.sockets.take(1, rig.ports[0], None, TYPES)
    peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert rig.sweep() == [(1, 172)]
    long = voice.packet() + bytes(160)
    peer.sendto(long, (HOST, rig.ports[0]))
    assert rig.sweep() == []  # did not fit, and is lost
    peer.sendto(long, (HOST, rig.ports[0]))
    peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert sorted(rig.sweep()) == [(1, 172), (1, 332)]


def test_a_queue_that_built_up_is_drained(rig: Rig) -> None:
    peer, voice = rig.peer(), Voice(0)
    rig.sockets.take(1, rig.ports[0], None, TYPES)
    peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    rig.sweep()
    for _ in range(6):
        peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    swept = [len(rig.sweep()) for _ in range(40)]
    assert sum(swept) == 6
    rig.sweep()
    for _ in range(3):
        peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    assert len(rig.sweep()) == 3  # it had nothing in the tick before


def test_what_came_before_the_leg_is_thrown_away(rig: Rig) -> None:
    peer, voice = rig.peer(), Voice(0)
    for _ in range(3):
        peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    rig.sockets.take(1, rig.ports[0], None, TYPES)
    assert rig.sweep() == []


def test_a_peer_that_is_gone_costs_nothing(rig: Rig) -> None:
    peer, voice = rig.peer(), Voice(0)
    rig.sockets.take(1, rig.ports[0], peer.getsockname(), TYPES)
    peer.sendto(voice.packet(), (HOST, rig.ports[0]))
    rig.sweep()
    peer.close()
    for _ in range(4):
        rig.send(1)
        rig.send(1)
        assert rig.sweep() == []
    assert rig.sockets.unsent >= 1


def test_ports_that_are_taken_are_refused_and_busy_ones_passed_over(rig: Rig) -> None:
    with pytest.raises(MediaError, match="not one of the ports that wait here"):
        rig.sockets.take(1, 9, None, TYPES)
    assert rig.ports == [FIRST, FIRST + 2, FIRST + 4, FIRST + 6]
    other = WarmPorts(HOST, FIRST, FIRST + 99, 2)
    assert other.top_up(5) == [FIRST + 8, FIRST + 10]
    assert other.top_up(5) == []
    other.close()


def test_two_links_carry_frames_and_leave_no_files(rig: Rig) -> None:
    with tempfile.TemporaryDirectory(prefix="oh") as folder:
        near, far = f"{folder}/l.a", f"{folder}/l.b"
        rig.sockets.link(4, near, far)
        frames = Departures(np.zeros(0, np.int64), np.zeros((8, 192), np.uint8), np.zeros(8, np.int32))
        frames.extra.append((4, bytes(320)))
        rig.sockets.send(frames)  # nobody is there yet
        rig.sockets.link(5, far, near)
        rig.sockets.send(frames)
        assert rig.sweep() == [(5, 320)]
        rig.sockets.release(4)
        rig.sockets.release(5)
        assert list(Path(folder).iterdir()) == []
        with pytest.raises(MediaError, match="too long"):
            rig.sockets.link(4, "/x" * 80, far)


@pytest.mark.parametrize(
    ("given", "usable"),
    [
        (("10.0.0.1", 4000), ("10.0.0.1", 4000)),
        (("::1", 4000), ("::1", 4000)),
        (("0.0.0.0", 4000), None),
        (("10.0.0.1", 0), None),
        (("10.0.0.1", 70000), None),
        (("phone.example", 4000), None),
        (("10.0.0.1\0", 4000), None),
        (None, None),
    ],
)
def test_only_addresses_in_figures_are_sent_to(given: tuple[str, int] | None, usable: object) -> None:
    assert numeric(given) == usable


def test_a_range_that_is_busy_is_not_tried_in_every_tick() -> None:
    mine = WarmPorts(HOST, FIRST + 200, FIRST + 207, 4)
    other = WarmPorts(HOST, FIRST + 200, FIRST + 207, 4)
    assert len(mine.top_up(4)) == 4
    assert other.top_up(4) == []
    mine.close()
    assert [other.top_up(4) for _ in range(50)] == [[]] * 50  # it rests, although ports are free again
    assert len(other.top_up(4)) == 4
    other.close()


def test_sixty_legs_may_take_their_first_packets_together_and_the_rest_in_the_next_tick() -> None:
    arrivals = Arrivals(256)
    warm = WarmPorts(HOST, FIRST + 300, FIRST + 600, 70)
    sockets, peer = Sockets(warm, arrivals), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((HOST, 0))
    for row, port in enumerate(warm.top_up(70)):
        sockets.take(row, port, None, TYPES)
        peer.sendto(Voice(0).packet(), (HOST, port))
    counts = []
    for _ in range(3):
        sockets.receive()
        counts.append(arrivals.count)
        arrivals.clear()
    assert counts == [64, 6, 0]
    sockets.close()
    warm.close()
    peer.close()
