"""How bytes on a stream between two processes become packets: a length and a msgpack body.

A frame is a 4-byte big-endian length and that many bytes. This module knows nothing of what a body means.
Junk of any kind raises `RemoteProtocolError` with status 0 (there is no SIP peer to answer) and nothing else;
the decoder is then spent, and so is the connection. See docs/specs/ipc.md §1.
"""

from typing import Generic, TypeVar

import msgspec

from offhook.core.errors import LocalStateError, RemoteProtocolError

HEADER = 4
MAX_FRAME = 1 << 20
"""In bytes. The largest honest body is one second of 32 recorded channels: 512 000 bytes and a little."""

T = TypeVar("T")


def frame(body: bytes) -> bytes:
    """`body` with its length in front. Raises LocalStateError above `MAX_FRAME`."""
    if len(body) > MAX_FRAME:
        raise LocalStateError(
            f"a message of {len(body)} bytes is over the limit of {MAX_FRAME}: send it in parts"
        )
    return len(body).to_bytes(HEADER, "big") + body


class FrameDecoder:
    """Takes a stream in any pieces and gives whole bodies. Holds at most one incomplete frame and one
    piece.
    """

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self._max = max_frame
        self._held = bytearray()
        self._spent = False

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies completed by `data`, in order. Raises RemoteProtocolError on an impossible length."""
        if self._spent:
            raise RemoteProtocolError("this stream held a frame that is too long: open a new connection")
        self._held += data
        bodies: list[bytes] = []
        start = 0
        while len(self._held) - start >= HEADER:
            size = int.from_bytes(self._held[start : start + HEADER], "big")
            if size > self._max:
                self._spent = True
                raise RemoteProtocolError(f"a frame of {size} bytes is over the limit of {self._max}")
            end = start + HEADER + size
            if end > len(self._held):
                break
            bodies.append(bytes(self._held[start + HEADER : end]))
            start = end
        del self._held[:start]
        return bodies

    @property
    def pending(self) -> int:
        """Bytes held of a frame that is not complete."""
        return len(self._held)


class Reader(Generic[T]):
    """Decodes bodies to one union of message types."""

    def __init__(self, types: object) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(types)

    def read(self, body: bytes) -> T:
        """The message in `body`. Raises RemoteProtocolError when it is none of the types."""
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
            raise RemoteProtocolError(f"a message of {len(body)} bytes cannot be read: {error}") from None
