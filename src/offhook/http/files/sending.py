"""A file as an answer: whole, one range of it, or several as multipart/byteranges (RFC 9110 §14.6).

The file is read outside the event loop, a piece at a time, and closed whatever happens.
"""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from offhook.core.tasks import outside
from offhook.http.files.ranges import Part

CHUNK = 65_536
_Piece = tuple[bytes, Part]
"""What goes before a part, and the part."""


class FileAnswer(Response):
    """Sends an open file of `size` bytes and closes it. `boundary` parts several ranges."""

    def __init__(
        self, file: BinaryIO, size: int, parts: Sequence[Part], headers: Mapping[str, str], boundary: str
    ) -> None:
        self._file = file
        self._end = b""
        told = {**headers, "accept-ranges": "bytes"}
        if len(parts) > 1:
            self._pieces, self._end = _multipart(parts, size, told["content-type"], boundary)
            told["content-type"] = f"multipart/byteranges; boundary={boundary}"
        else:
            self._pieces = [(b"", parts[0] if parts else (0, size))]
            if parts:
                told["content-range"] = _content_range(parts[0], size)
        length = sum(len(before) + end - start for before, (start, end) in self._pieces) + len(self._end)
        told["content-length"] = str(length)
        super().__init__(status_code=206 if parts else 200, headers=told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            if scope["method"] != "HEAD":
                for before, part in self._pieces:
                    await send({"type": "http.response.body", "body": before, "more_body": True})
                    await self._send_part(part, send)
                await send({"type": "http.response.body", "body": self._end, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await outside(self._file.close)

    async def _send_part(self, part: Part, send: Send) -> None:
        start, end = part
        await outside(self._file.seek, start)
        left = end - start
        while left > 0:
            chunk = await outside(self._file.read, min(CHUNK, left))
            if not chunk:
                raise OSError("the file became shorter while it was sent")
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


def _multipart(parts: Sequence[Part], size: int, kind: str, boundary: str) -> tuple[list[_Piece], bytes]:
    """The head of each part, and what closes the last."""
    pieces = []
    for number, part in enumerate(parts):
        head = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {_content_range(part, size)}\r\n\r\n"
        pieces.append((("\r\n" + head if number else head).encode(), part))
    return pieces, f"\r\n--{boundary}--\r\n".encode()


def _content_range(part: Part, size: int) -> str:
    return f"bytes {part[0]}-{part[1] - 1}/{size}"
