"""A file as an answer, whole or one byte range of it (RFC 9110 §14).

A Range header that is not understood, names several ranges or stands next to If-Range is ignored, as §14.2
permits: the answer is the whole file. The file is read outside the event loop.
"""

import re
from collections.abc import Mapping
from typing import BinaryIO

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from offhook.core.tasks import outside

CHUNK = 65_536
_RANGE = re.compile(r"bytes=([0-9]{1,15})?-([0-9]{1,15})?", re.ASCII)
Part = tuple[int, int]
"""First byte and the one after the last."""


class Unsatisfiable(Exception):  # noqa: N818
    """The range begins behind the end of the file."""


def wanted(headers: Mapping[str, str], size: int) -> Part | None:
    """The part of a file of `size` bytes that is asked for; None is all of it. Raises Unsatisfiable."""
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or "if-range" in headers or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if first is None:
        length = min(int(last), size)
        if length == 0:
            raise Unsatisfiable
        return size - length, size
    if last is not None and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return int(first), size if last is None else min(int(last) + 1, size)


class FileAnswer(Response):
    """Sends an open file and closes it."""

    def __init__(self, file: BinaryIO, size: int, part: Part | None, headers: Mapping[str, str]) -> None:
        self._file = file
        self._start, end = part or (0, size)
        self._left = end - self._start
        told = {**headers, "accept-ranges": "bytes", "content-length": str(self._left)}
        if part is not None:
            told["content-range"] = f"bytes {self._start}-{end - 1}/{size}"
        super().__init__(status_code=200 if part is None else 206, headers=told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            if scope["method"] != "HEAD":
                await self._send_all(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            await outside(self._file.close)

    async def _send_all(self, send: Send) -> None:
        await outside(self._file.seek, self._start)
        while self._left > 0:
            chunk = await outside(self._file.read, min(CHUNK, self._left))
            if not chunk:
                raise OSError("the file became shorter while it was sent")
            self._left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
