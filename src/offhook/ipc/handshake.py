"""The packets that keep two processes in step, below the messages they exchange.

Each side numbers its own messages from 1 and keeps those that the other has not confirmed, so that a new
connection goes on where the last one broke. `epoch` names one life of one process: a new epoch means that
what the old one knew is gone. See docs/specs/ipc.md §2.
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from offhook.core.clock import NS_PER_SECOND

PROTOCOL = 1
HEARTBEAT_NS = NS_PER_SECOND
DEAD_NS = 3 * NS_PER_SECOND
"""A peer that has said nothing for so long is dead, even if its process still exists."""


Count = Annotated[int, Meta(ge=0, le=1 << 62)]
"""A message number; bounded so that one more is still a number that can be sent."""


class Packet(Struct, array_like=True, tag=True):
    """Base of every packet: a short array, the tag first."""


class Hello(Packet, tag=1):
    """The first packet of each side."""

    protocol: int
    epoch: str
    name: str
    """`control`, `media-0`, `audio` …: who speaks."""


class Resume(Packet, tag=2):
    """I have your messages up to `last_seq`; go on after it. 0 when I know nothing of this epoch."""

    last_seq: Count


class Snapshot(Packet, tag=3):
    """Answer to `Resume`: my messages go on with `next_seq`, and this is what I hold now: kind → ids.

    `next_seq` above what was asked for means that messages were lost to the bound of the buffer.
    """

    next_seq: Count
    items: dict[str, list[str]]


class Numbered(Packet, tag=4):
    """One message."""

    seq: Count
    body: Raw


class Heartbeat(Packet, tag=5):
    """I live, and I have dealt with your messages up to `received`."""

    received: Count


AnyPacket = Hello | Resume | Snapshot | Numbered | Heartbeat
