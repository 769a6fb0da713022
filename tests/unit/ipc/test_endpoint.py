"""Two endpoints joined by hand: the rows of docs/specs/ipc.md §3."""

from collections import deque

import msgspec
import pytest

from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.ipc.endpoint import CONFIRM_EVERY, Dead, Deliver, Endpoint, Output, Unreadable, Up, Write
from offhook.ipc.framing import frame
from offhook.ipc.handshake import DEAD_NS, HEARTBEAT_NS, Hello, Numbered
from offhook.ipc.media import Event, Join, Leave, LegOpened
from offhook.ipc.outbox import Outbox

Commands = Join | Leave


class Wire:
    """Carries writes between two endpoints until both are silent, and remembers what each was told."""

    def __init__(self, control: Endpoint, worker: Endpoint) -> None:
        self.ends = (control, worker)
        self.told: tuple[list[Output], list[Output]] = ([], [])
        self.now = 0
        self._flying: deque[tuple[int, bytes]] = deque()

    def connect(self) -> None:
        first = [end.connected(self.now) for end in self.ends]
        self.take(0, first[0])
        self.pump(1, first[1])

    def disconnect(self) -> None:
        for end in self.ends:
            end.disconnected()

    def take(self, side: int, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Write):
                self._flying.append((1 - side, output.data))
            else:
                self.told[side].append(output)

    def pump(self, side: int, outputs: list[Output]) -> None:
        self.take(side, outputs)
        while self._flying:
            to, data = self._flying.popleft()
            self.take(to, self.ends[to].received(self.now, data))

    def messages(self, side: int) -> list[object]:
        return [output.message for output in self.told[side] if isinstance(output, Deliver)]

    def ups(self, side: int) -> list[Up]:
        return [output for output in self.told[side] if isinstance(output, Up)]


def control(epoch: str = "c1", **options: object) -> Endpoint:
    return Endpoint("control", epoch, Event, **options)  # type: ignore[arg-type]


def worker(epoch: str = "w1", **options: object) -> Endpoint:
    return Endpoint("media-0", epoch, Commands, **options)  # type: ignore[arg-type]


def test_both_come_up_and_the_snapshot_travels() -> None:
    wire = Wire(control(), worker(describe=lambda: {"leg": ["L1", "L2"]}))
    wire.connect()
    assert wire.ups(0) == [Up("media-0", fresh=True, missed=0, items={"leg": ["L1", "L2"]})]
    assert wire.ups(1) == [Up("control", fresh=True, missed=0, items={})]


def test_messages_wait_for_the_first_connection_and_keep_their_order() -> None:
    wire = Wire(control(), worker())
    for number in range(3):
        assert wire.ends[0].send(Leave(f"L{number}")) == []
    wire.connect()
    wire.pump(0, wire.ends[0].send(Leave("L3")))
    assert wire.messages(1) == [Leave("L0"), Leave("L1"), Leave("L2"), Leave("L3")]


def test_a_broken_connection_is_resumed_without_loss_or_duplicate() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    wire.pump(1, wire.ends[1].send(LegOpened("seen")))
    wire.ends[1].send(LegOpened("lost on the wire"))
    wire.disconnect()
    wire.ends[1].send(LegOpened("while away"))
    wire.connect()
    assert wire.messages(0) == [LegOpened("seen"), LegOpened("lost on the wire"), LegOpened("while away")]
    assert wire.ups(0)[-1] == Up("media-0", fresh=False, missed=0, items={})


def test_messages_for_a_dead_process_do_not_reach_its_successor() -> None:
    first, away = control(), worker()
    wire = Wire(first, away)
    wire.connect()
    wire.disconnect()
    first.send(Leave("for w1"))
    again = Wire(first, worker("w2"))
    again.connect()
    again.pump(0, first.send(Leave("for w2")))
    assert again.messages(1) == [Leave("for w2")]
    assert again.ups(0)[-1].fresh


def test_kept_messages_reach_the_successor() -> None:
    first = control(keep=True)
    wire = Wire(first, worker())
    wire.connect()
    wire.pump(0, first.send(Leave("A")))  # delivered, never confirmed
    wire.disconnect()
    first.send(Leave("B"))
    again = Wire(first, worker("w2"))
    again.connect()
    assert again.messages(1) == [Leave("A"), Leave("B")]


def test_a_new_control_gets_nothing_of_the_old_ones_events() -> None:
    lasting = worker()
    Wire(control("c1"), lasting).connect()
    lasting.disconnected()
    lasting.send(LegOpened("for c1"))
    wire = Wire(control("c2"), lasting)
    wire.connect()
    assert wire.messages(0) == []
    assert wire.ups(1)[-1].fresh


def test_the_bound_of_the_buffer_is_told_as_missed() -> None:
    lasting = worker(outbox=Outbox(max_messages=2))
    wire = Wire(control(), lasting)
    wire.connect()
    wire.disconnect()
    for number in range(5):
        lasting.send(LegOpened(str(number)))
    wire.connect()
    assert wire.messages(0) == [LegOpened("3"), LegOpened("4")]
    assert wire.ups(0)[-1].missed == 3
    assert lasting.outbox.lost == 3


def test_heartbeats_confirm_and_empty_the_outbox() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    wire.pump(0, wire.ends[0].send(Leave("A")))
    assert len(wire.ends[0].outbox) == 1
    wire.now = HEARTBEAT_NS
    wire.pump(1, wire.ends[1].check(wire.now))
    assert len(wire.ends[0].outbox) == 0


def test_many_messages_are_confirmed_before_the_heartbeat() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    for number in range(CONFIRM_EVERY):
        wire.pump(0, wire.ends[0].send(Leave(str(number))))
    assert len(wire.ends[0].outbox) == 0


def test_three_silent_seconds_are_death_and_a_heartbeat_prevents_it() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    wire.now = DEAD_NS - 1
    wire.pump(1, wire.ends[1].check(wire.now))
    wire.now = DEAD_NS
    wire.pump(0, wire.ends[0].check(wire.now))
    assert not [told for told in wire.told[0] if isinstance(told, Dead)]
    for wire.now in range(DEAD_NS + HEARTBEAT_NS, 2 * DEAD_NS - 1, HEARTBEAT_NS):
        assert not isinstance(wire.ends[0].check(wire.now)[0], Dead)
    wire.now = 2 * DEAD_NS
    assert isinstance(wire.ends[0].check(wire.now)[0], Dead)
    assert (wire.ends[0].next_check, wire.ends[0].up) == (None, False)


def test_an_unknown_message_is_skipped_and_the_next_one_arrives() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    wire.pump(0, wire.ends[0].send(LegOpened("not a command")))
    wire.pump(0, wire.ends[0].send(Leave("A")))
    assert isinstance(wire.told[1][-2], Unreadable)
    assert wire.messages(1) == [Leave("A")]


def test_another_protocol_is_refused_with_what_to_do() -> None:
    end = worker()
    end.connected(0)
    with pytest.raises(RemoteProtocolError, match="run both processes from the same version"):
        end.received(0, packet(Hello(99, "x", "control")))


def test_a_message_before_hello_is_refused() -> None:
    end = worker()
    end.connected(0)
    with pytest.raises(RemoteProtocolError, match="first packet"):
        end.received(0, packet(Numbered(1, raw(Leave("A")))))


def test_a_gap_in_the_numbers_is_refused() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    with pytest.raises(RemoteProtocolError, match="message 7 follows message 0"):
        wire.ends[1].received(0, packet(Numbered(7, raw(Leave("A")))))


def test_a_message_that_is_too_large_is_refused_and_not_kept() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    with pytest.raises(LocalStateError, match="over the limit"):
        wire.ends[0].send(Leave("x" * (1 << 21)))
    wire.pump(0, wire.ends[0].send(Leave("A")))
    assert wire.messages(1) == [Leave("A")]


def test_abandoned_messages_are_gone_and_later_ones_arrive() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    wire.disconnect()
    wire.ends[0].send(Leave("A"))
    wire.ends[0].outbox.abandon()
    wire.ends[0].send(Leave("B"))
    wire.connect()
    assert wire.messages(1) == [Leave("B")]


def packet(value: object) -> bytes:
    return frame(msgspec.msgpack.encode(value))


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


def test_who_was_stopped_itself_hears_the_peer_before_it_is_judged() -> None:
    wire = Wire(control(), worker())
    wire.connect()
    end = wire.ends[0]
    wire.now = 10 * DEAD_NS  # the machine stood still: nobody called check in all this time
    assert not [output for output in end.check(wire.now) if isinstance(output, Dead)]
    assert end.next_check is not None
    assert end.next_check <= wire.now + HEARTBEAT_NS
    wire.now = end.next_check
    assert isinstance(end.check(wire.now)[0], Dead)
