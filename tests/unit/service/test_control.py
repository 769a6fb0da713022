"""The door between the SIP sockets and the stack."""

from offhook.door import MOST_WAITING, Door
from offhook.sip.flow import Flow

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 5070))


class Inside:
    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.failed: list[str] = []

    def feed(self, data: bytes, flow: Flow) -> None:
        self.got.append(data)

    def transport_failed(self, flow: Flow, reason: str) -> None:
        self.failed.append(reason)

    def disconnected(self, flow: Flow, reason: str) -> None:
        self.failed.append(reason)


def test_nothing_enters_before_the_door_opens_and_then_everything_in_order() -> None:
    inside = Inside()
    door = Door(inside)
    door.feed(b"1", FLOW)
    door.feed(b"2", FLOW)
    door.transport_failed(FLOW, "unreachable")
    assert (inside.got, inside.failed) == ([], ["unreachable"])
    door.open()
    door.feed(b"3", FLOW)
    assert inside.got == [b"1", b"2", b"3"]


def test_only_so_many_wait() -> None:
    inside = Inside()
    door = Door(inside)
    for number in range(MOST_WAITING + 5):
        door.feed(b"%d" % number, FLOW)
    door.open()
    assert len(inside.got) == MOST_WAITING
