"""Whose packets a leg believes, and where it sends: symmetric RTP (RFC 4961), learned from the first packets.

The address that the peer's SDP names is believed at once, and so is another port of the same host (a NAT that
maps ports). Another host may be the peer behind a NAT, or a stranger: it is believed when three packets
running come from it under one SSRC and none from the named host. Without a named address the first valid
packet decides. Pure; the caller has the socket.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

STRANGER_PACKETS = 3
HEADER = 12

Address = tuple[str, int]


@dataclass(slots=True)
class Latch:
    """`destination` is where to send: what the SDP said, then what was learned."""

    expected: Address | None
    payload_types: Collection[int]
    destination: Address | None = None
    settled: bool = False
    _stranger: tuple[Address, bytes] | None = field(default=None, repr=False)
    _seen: int = 0

    def __post_init__(self) -> None:
        self.destination = self.destination or self.expected

    def offer(self, source: Address, datagram: bytes) -> bool:
        """A datagram came from `source`: True when it is the leg's. May settle the latch."""
        if not self._valid(datagram):
            return False
        if self.expected is None or source[0] == self.expected[0]:
            return self._settle(source)
        stranger = (source, datagram[8:12])
        self._seen = self._seen + 1 if stranger == self._stranger else 1
        self._stranger = stranger
        return self._settle(source) if self._seen >= STRANGER_PACKETS else False

    def aim(self, expected: Address | None, payload_types: Collection[int]) -> bool:
        """A new offer/answer. True when the source has to be learned anew."""
        self.payload_types = payload_types
        if expected == self.expected:
            return False
        self.expected = expected
        self.destination = expected or self.destination
        self.forget()
        return True

    def forget(self) -> None:
        """Learn the source anew; meanwhile send where it was."""
        self.settled = False
        self._stranger = None
        self._seen = 0

    def _settle(self, source: Address) -> bool:
        self.destination = source
        self.settled = True
        return True

    def _valid(self, datagram: bytes) -> bool:
        return (
            len(datagram) >= HEADER
            and datagram[0] & 0xC0 == 0x80
            and datagram[1] & 0x7F in self.payload_types
        )
