"""The telephone-event payload: one key press told in packets (RFC 4733 §2.3).

Only the four octets and the names of the keys. When to send which packet is the sender's matter.
"""

import struct
from dataclasses import dataclass

from offhook.core.errors import LocalStateError, RemoteProtocolError

DIGITS = "0123456789*#ABCD"
"""Event codes 0 to 15 in order (RFC 4733 §3.2)."""

MAX_DURATION = 0xFFFF
_PAYLOAD = struct.Struct("!BBH")


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """`duration` counts timestamp units since the event began; `volume` is −dBm0 (0 loudest, 63 softest)."""

    event: int
    end: bool
    volume: int
    duration: int

    @property
    def digit(self) -> str | None:
        """The key, or None for an event that is not one (a flash, a tone)."""
        return DIGITS[self.event] if self.event < len(DIGITS) else None

    @classmethod
    def parse(cls, payload: bytes) -> "TelephoneEvent":
        """Read a payload's first event; `RemoteProtocolError` (silence is right) when it is too short."""
        if len(payload) < _PAYLOAD.size:
            raise RemoteProtocolError(f"A telephone-event has 4 octets; this one has {len(payload)}.")
        event, flags, duration = _PAYLOAD.unpack_from(payload)
        return cls(event, flags >= 0x80, flags & 0x3F, duration)

    def serialise(self) -> bytes:
        """The four octets. `LocalStateError` when a field does not fit."""
        if not (0 <= self.event <= 0xFF and 0 <= self.volume <= 63 and 0 <= self.duration <= MAX_DURATION):
            raise LocalStateError(f"This telephone-event does not fit its four octets: {self}.")
        return _PAYLOAD.pack(self.event, self.volume | (0x80 if self.end else 0), self.duration)


def event_code(digit: str) -> int:
    """The event code of a key (`0-9*#A-D`). `LocalStateError` for anything else."""
    code = DIGITS.find(digit.upper()) if len(digit) == 1 else -1
    if code < 0:
        raise LocalStateError(f"{digit!r} is not a key; keys are 0-9, *, # and A-D.")
    return code
