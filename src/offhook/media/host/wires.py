"""What a media host needs of its surroundings to be heard: sockets in the process, a network in a world."""

from collections.abc import Collection
from typing import Protocol

Address = tuple[str, int]


class Wires(Protocol):
    """Ties engine rows to the outside. Every method returns at once."""

    def take(self, row: int, port: int, remote: Address | None, payload_types: Collection[int]) -> None:
        """Use the warm `port` for a leg. Raises MediaError when it is not one of the warm ports."""
        ...

    def discard(self, port: int) -> None:
        """A warm port whose leg could not be opened: close it, so that a new one takes its place."""
        ...

    def aim(self, row: int, remote: Address | None, payload_types: Collection[int]) -> None:
        """A new offer/answer: send to `remote` and learn the source anew when it changed."""
        ...

    def relearn(self, row: int) -> None:
        """Nothing has come for a while: the peer may have moved, so believe another source again."""
        ...

    def release(self, row: int) -> None:
        """The row is closed; its port or socket is not used again."""
        ...

    def remote(self, row: int) -> Address | None:
        """Where the leg's packets come from, None before the first one."""
        ...

    def link(self, row: int, local: str, remote: str) -> None:
        """Tie a link's row to a datagram address. Raises MediaError when it cannot be bound."""
        ...
