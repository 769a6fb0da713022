"""Where a message came from or goes to."""

from dataclasses import dataclass

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """One path between us and a peer (RFC 5626): a transport and both of its ends.

    `transport` is `udp`, `tcp`, `tls`, `ws` or `wss`. Hosts are IP literals without brackets.
    """

    transport: str
    local: Address
    remote: Address

    @property
    def reliable(self) -> bool:
        return self.transport != "udp"

    def __str__(self) -> str:
        return f"{self.transport}:{self.remote[0]}:{self.remote[1]}"
