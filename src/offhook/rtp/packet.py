"""One RTP packet as a value: parse and serialise (RFC 3550 §5.1, §5.3.1).

Used where packets are special or few. The media engine reads whole sweeps of plain packets at once and
never builds one of these for them. RTCP and SRTP are not here.
"""

import struct
from dataclasses import dataclass

from offhook.core.errors import LocalStateError, RemoteProtocolError

HEADER_BYTES = 12
VERSION = 2
_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """The fields of one packet. `timestamp` counts samples of the payload's clock, modulo 2³²."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes = b""
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None
    """The profile-defined 16 bits and the extension's words (RFC 3550 §5.3.1)."""
    padding: int = 0
    """Octets of padding, 0 for none; the last of them carries the count."""

    @classmethod
    def parse(cls, data: bytes) -> "RtpPacket":
        """Read a datagram; `RemoteProtocolError` (silence is right) when it is not RTP version 2."""
        if len(data) < HEADER_BYTES:
            raise RemoteProtocolError(f"An RTP packet has at least 12 octets; this one has {len(data)}.")
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if first >> 6 != VERSION:
            raise RemoteProtocolError(f"RTP version is {first >> 6}; only version 2 is spoken here.")
        csrcs, offset = _csrcs(data, first & 0x0F)
        extension = None
        if first & 0x10:
            extension, offset = _extension(data, offset)
        padding = _padding(data, offset) if first & 0x20 else 0
        return cls(
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=data[offset : len(data) - padding],
            marker=second >= 0x80,
            csrcs=csrcs,
            extension=extension,
            padding=padding,
        )

    def serialise(self) -> bytes:
        """The datagram. `LocalStateError` when a field does not fit its place on the wire."""
        self._check()
        first = VERSION << 6 | len(self.csrcs)
        first |= 0x20 if self.padding else 0
        first |= 0x10 if self.extension is not None else 0
        second = self.payload_type | (0x80 if self.marker else 0)
        parts = [_HEADER.pack(first, second, self.sequence, self.timestamp, self.ssrc)]
        parts.extend(csrc.to_bytes(4, "big") for csrc in self.csrcs)
        if self.extension is not None:
            profile, words = self.extension
            parts.append(struct.pack("!HH", profile, len(words) // 4) + words)
        parts.append(self.payload)
        if self.padding:
            parts.append(bytes(self.padding - 1) + bytes((self.padding,)))
        return b"".join(parts)

    def _check(self) -> None:
        limits = (
            ("payload_type", self.payload_type, 0x7F),
            ("sequence", self.sequence, 0xFFFF),
            ("timestamp", self.timestamp, 0xFFFFFFFF),
            ("ssrc", self.ssrc, 0xFFFFFFFF),
            ("padding", self.padding, 0xFF),
        )
        for name, value, highest in limits:
            if not 0 <= value <= highest:
                raise LocalStateError(f"RTP {name} must be 0 to {highest}, not {value}.")
        if len(self.csrcs) > 15:
            raise LocalStateError(
                f"An RTP packet names at most 15 contributing sources, not {len(self.csrcs)}."
            )
        if self.extension is not None and len(self.extension[1]) % 4:
            raise LocalStateError("An RTP header extension is a whole number of 32-bit words.")


def _csrcs(data: bytes, count: int) -> tuple[tuple[int, ...], int]:
    end = HEADER_BYTES + 4 * count
    if len(data) < end:
        raise RemoteProtocolError(f"The RTP header promises {count} contributing sources but ends early.")
    return struct.unpack_from(f"!{count}I", data, HEADER_BYTES), end


def _extension(data: bytes, offset: int) -> tuple[tuple[int, bytes], int]:
    if len(data) < offset + 4:
        raise RemoteProtocolError("The RTP header promises an extension but ends early.")
    profile, words = struct.unpack_from("!HH", data, offset)
    end = offset + 4 + 4 * words
    if len(data) < end:
        raise RemoteProtocolError(f"The RTP header extension promises {words} words but ends early.")
    return (profile, data[offset + 4 : end]), end


def _padding(data: bytes, offset: int) -> int:
    padding = data[-1]
    if padding == 0 or padding > len(data) - offset:
        raise RemoteProtocolError(f"The RTP padding count {padding} does not fit the packet.")
    return padding
