"""What an offer and its answer have settled about the audio stream."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The agreed stream as we see it. Equal values mean that the media need not change."""

    codec: str
    """`PCMU` or `PCMA`."""
    payload_type: int
    event_payload_type: int | None
    """None when the peer takes no telephone events."""
    remote: tuple[str, int]
    """Where the peer wants its packets."""
    send: bool
    receive: bool
    ptime: int
    """Milliseconds of audio in one packet, as the peer wishes."""
