"""Voices that travel alone: the taps and lists that a conversation of several workers needs, and the host's
part.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.unit.media_host.test_host import REMOTE, TICK, ListWires
from tests.unit.media_host.voice import Voice, amplitude

from offhook.audio.tones import sine
from offhook.ipc.media import CloseLeg, CloseLink, Join, OpenLeg, OpenLink, OpenTap, SetHearing
from offhook.ipc.shm import MemoryPrompts
from offhook.media.engine import Arrivals
from offhook.media.host import MediaHost
from offhook.media.plan import Plan


class Network:
    """What is open, by following the commands of a plan."""

    def __init__(self) -> None:
        names = iter(f"t{n}" for n in range(100))
        self.plan = Plan("/run", lambda: next(names))
        self.links: dict[tuple[str, str], OpenLink | OpenTap] = {}
        self.left_out: dict[str, list[str]] = {}

    def follow(self, sends: Any) -> None:
        for worker, command in sends:
            if isinstance(command, OpenLink | OpenTap):
                self.links[worker, command.link] = command
            elif isinstance(command, SetHearing):
                assert (worker, command.leg) in self.links
                self.left_out[command.leg] = command.deaf_to
            elif isinstance(command, CloseLink):
                del self.links[worker, command.link]
                self.left_out.pop(command.link, None)

    def join(self, leg: str, worker: str, conversation: str = "c") -> None:
        self.follow(self.plan.join(leg, conversation, worker))

    @property
    def taps(self) -> set[tuple[str, str, str]]:
        """(leg, its worker, the worker that hears it)."""
        found = set()
        for (worker, _), near in self.links.items():
            if isinstance(near, OpenTap):
                far = next(
                    (other, link) for (other, _), link in self.links.items() if link.local == near.remote
                )
                assert isinstance(far[1], OpenLink)
                assert far[1].stands_for == near.leg
                assert far[1].remote == near.local
                found.add((near.leg, worker, far[0]))
        return found

    def balanced(self) -> bool:
        """Every end has its other end, and the plan knows them all."""
        locals_ = {link.local for link in self.links.values()}
        known = {(w, i) for w in ("w0", "w1", "w2") for i in self.plan.links_of(w)}
        return locals_ == {link.remote for link in self.links.values()} and known == set(self.links)


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network()
    yield made
    assert made.balanced()


def test_lists_among_legs_of_one_worker_need_no_tap(network: Network) -> None:
    network.follow(network.plan.hear("a", ["b"]))
    network.join("a", "w0")
    network.join("b", "w0")
    network.join("c", "w1")
    assert network.taps == set()
    assert network.left_out == {}


def test_a_leg_that_a_leg_elsewhere_does_not_hear_travels_alone_to_every_part(network: Network) -> None:
    network.join("a", "w0")
    network.join("b", "w1")
    network.join("c", "w2")
    network.follow(network.plan.hear("a", ["b"]))
    assert network.taps == {("b", "w1", "w0"), ("b", "w1", "w2")}
    assert list(network.left_out.values()) == [["b"]] * 4
    network.follow(network.plan.hear("a", []))
    assert network.taps == set()
    assert list(network.left_out.values()) == [[]] * 4


def test_a_list_said_before_the_leg_joins_holds_from_its_first_frame(network: Network) -> None:
    network.join("a", "w0")
    assert network.plan.hear("b", ["a"]) == []
    sends = network.plan.join("b", "c", "w1")
    network.follow(sends)
    assert network.taps == {("a", "w0", "w1")}
    assert len(network.left_out) == 2


def test_a_new_part_gets_the_voices_that_travel_alone(network: Network) -> None:
    network.join("a", "w0")
    network.follow(network.plan.hear("b", ["a"]))
    network.join("b", "w1")
    network.join("c", "w2")
    assert network.taps == {("a", "w0", "w1"), ("a", "w0", "w2")}


def test_taps_go_with_either_leg_and_with_the_conversation(network: Network) -> None:
    for leaving in ("a", "b"):
        network.join("a", "w0")
        network.follow(network.plan.hear("b", ["a"]))
        network.join("b", "w1")
        network.join("c", "w1")
        network.join("d", "w0")
        assert network.taps == {("a", "w0", "w1")}
        network.follow(network.plan.leave(leaving))
        assert network.taps == set()
        for leg in ("a", "b", "c", "d"):
            network.follow(network.plan.leave(leg))
    assert network.links == {}
    assert len(network.plan) == 0


@pytest.mark.parametrize("lost", ["w0", "w1", "w2"])
def test_a_lost_worker_leaves_no_tap_behind(network: Network, lost: str) -> None:
    for leg, worker in (("a", "w0"), ("b", "w1"), ("c", "w2"), ("d", "w2"), ("e", "w1")):
        network.join(leg, worker)
    network.follow(network.plan.hear("a", ["b", "c"]))
    sends = [(worker, command) for worker, command in network.plan.lose(lost) if worker != lost]
    for worker, link in [key for key in network.links if key[0] == lost]:
        del network.links[worker, link]
    network.follow(sends)
    expected = {
        "w0": set(),
        "w1": {("c", "w2", "w0")},
        "w2": {("b", "w1", "w0")},
    }
    assert network.taps == expected[lost]


def test_a_closed_legs_list_is_forgotten(network: Network) -> None:
    network.follow(network.plan.hear("a", ["b"]))
    network.plan.forget("a")
    network.join("a", "w0")
    network.join("b", "w1")
    assert network.taps == set()


# ── the host ────────────────────────────────────────────────────────────────────────────────────


class Part:
    """One worker's host with legs `a` (700 Hz) and `b` (1100 Hz) in a conversation."""

    def __init__(self) -> None:
        self.wires = ListWires()
        self.host = MediaHost(
            8, self.wires, open_prompt=MemoryPrompts().open, sink=lambda block: None, number=lambda below: 0
        )
        self.arrivals = Arrivals(64)
        self.now = 0
        self.voices: dict[int, Voice] = {}
        self.frames: dict[int, bytes] = {}
        self.speaking: dict[int, float] = {}
        """Tones that come in over links."""

    def leg(self, name: str, port: int, hertz: float) -> None:
        opened = OpenLeg(name, port, "PCMU", 0, 101, REMOTE, 1)
        before = set(self.wires.rows)
        self.host.handle(self.now, opened)
        (row,) = set(self.wires.rows) - before
        self.voices[row] = Voice(hertz, ssrc=row + 1)
        self.host.handle(self.now, Join(name, "c"))

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.arrivals.clear()
            for row, voice in self.voices.items():
                self.arrivals.add(row, voice.packet())
            for row, hertz in self.speaking.items():
                self.arrivals.add(row, sine(hertz, 20, first=self.now // TICK * 160).astype("<i2").tobytes())
            departures, _ = self.host.tick(self.now, self.arrivals)
            for row in departures.rows.tolist():
                if row in self.voices:
                    self.voices[row].hear(departures.data[row, : departures.length[row]].tobytes())
            self.frames.update(dict(departures.extra))
            self.now += TICK


def test_lists_name_legs_that_come_later_and_links_that_stand_for_legs() -> None:
    part = Part()
    part.leg("a", 20000, 700.0)
    part.host.handle(0, SetHearing("a", ["b", "far"]))
    part.leg("b", 20002, 1100.0)
    part.host.handle(0, OpenLink("l.b", "c", "/l.b", "/l.a", stands_for="far"))
    link = next(iter(part.wires.links))
    part.speaking[link] = 1500.0
    part.run(40)
    (a, b) = part.voices.values()
    assert a.level(1100.0) < 20
    assert a.level(1500.0) < 20
    assert min(b.level(700.0), b.level(1500.0)) > 1000
    assert not any(part.frames[link]), "nothing goes back to where a leg that is stood for comes from"
    part.host.handle(0, CloseLink("l.b"))
    part.speaking.clear()
    part.host.handle(0, SetHearing("a", []))
    part.run(40)
    assert a.level(1100.0) > 1000


def test_a_tap_carries_one_leg_and_ends_with_its_link() -> None:
    part = Part()
    part.leg("a", 20000, 700.0)
    part.leg("b", 20002, 1100.0)
    part.host.handle(0, OpenTap("t.a", "a", "/t.a", "/t.b"))
    part.host.handle(0, OpenTap("t.a", "a", "/t.a", "/t.b"))
    part.run(40)
    (row,) = part.wires.links
    frame = np.frombuffer(part.frames[row], "<i2")
    assert amplitude(frame, 700.0) > 1000
    assert amplitude(frame, 1100.0) < 200
    part.host.handle(0, CloseLeg("a"))
    part.host.handle(0, CloseLink("t.a"))
    assert part.host.describe()["link"] == []


def test_a_tap_of_a_leg_that_is_gone_and_a_list_of_nobody_are_nothing() -> None:
    part = Part()
    assert part.host.handle(0, OpenTap("t.a", "gone", "/t.a", "/t.b")) == []
    assert part.host.handle(0, SetHearing("gone", ["a"])) == []
    assert part.host.describe()["link"] == []
