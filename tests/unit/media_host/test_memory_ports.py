"""Ports of a world: used in turn and again, however many calls there are."""

from offhook.media.inline import LinkHub, MemoryWires
from offhook.testing.loop import VirtualLoop
from offhook.testing.wire import Network

PORTS = range(20_000, 20_010, 2)


def test_ports_come_back_after_their_calls() -> None:
    loop = VirtualLoop()
    wires = MemoryWires("127.0.0.1", PORTS, Network(loop, 1), LinkHub())
    seen: list[int] = []
    for row in range(40):
        wires.top_up(2)
        port = wires.warm[0]
        wires.take(row, port, None, (0,))
        seen.append(port)
        wires.release(row)
    loop.close()
    assert set(seen) == set(PORTS)
    assert seen[:5] == list(PORTS)
    assert seen[5:10] == list(PORTS)


def test_a_port_that_is_given_back_unused_can_be_had_again() -> None:
    loop = VirtualLoop()
    wires = MemoryWires("127.0.0.1", [20_000], Network(loop, 1), LinkHub())
    assert wires.top_up(4) == [20_000]
    assert wires.top_up(4) == []
    wires.discard(20_000)
    assert wires.top_up(4) == [20_000]
    loop.close()
