"""Servers that behave badly, on one port of loopback: slow, endless, wrong, silent, leading elsewhere.

Raw sockets, because no framework would answer like this. `asked` counts requests by path.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable

from offhook.audio import tones
from offhook.testing.files import wav

HERTZ = 1000.0
TONE = wav(tones.sine(HERTZ, 1000, 8_000.0))
"""One second in whole periods: played in a loop it has no seam."""
NCCO = json.dumps([{"action": "talk", "text": "Late, but here."}]).encode()
PRIVATE = "http://127.0.0.2:8000/inner.wav"
SLOW_S = 1.5

Write = asyncio.StreamWriter


def whole(body: bytes, kind: str, status: str = "200 OK", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(lines).encode() + body


async def _slow(writer: Write) -> None:
    await asyncio.sleep(SLOW_S)
    writer.write(whole(NCCO, "application/json"))


async def _never(writer: Write) -> None:
    await asyncio.Event().wait()


async def _endless(writer: Write) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n\r\n" + TONE[:44])
    while True:
        writer.write(bytes(16_000))
        await writer.drain()
        await asyncio.sleep(0.002)


async def _drip(writer: Write) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"R")
        await writer.drain()
        await asyncio.sleep(0.1)


ANSWERS: dict[str, bytes] = {
    "/tone.wav": whole(TONE, "audio/wav", "200 OK", "Cache-Control: public, max-age=600"),
    "/html": whole(b"<!doctype html><title>Welcome</title>", "text/html"),
    "/large": whole(b"[" + b" " * 10_000_000 + b"]", "application/json"),
    "/page.wav": whole(b"<!doctype html><title>Not here</title>" * 100, "text/html"),
    "/private": whole(b"", "text/plain", "302 Found", f"Location: {PRIVATE}"),
    "/big.wav": whole(TONE[:44] + bytes(5_000_000), "audio/wav"),
}
SLOWLY: dict[str, Callable[[Write], Awaitable[None]]] = {
    "/slow": _slow,
    "/never": _never,
    "/endless.wav": _endless,
    "/drip.wav": _drip,
}


class BadServers:
    """Listens on `port` from `open` to `close`."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: Write) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1].decode().partition("?")[0]
                self.asked[path] += 1
                if path in SLOWLY:
                    await SLOWLY[path](writer)
                else:
                    writer.write(ANSWERS.get(path, whole(b"nothing", "text/plain", "404 Not Found")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()
