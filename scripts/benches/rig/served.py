"""An application as a process of its own, with a record of what reached it: started by `installation.py`.

    python -m …served PORT RECORD ivr|short

`ivr` is examples/ivr as it is; `short` answers every call with one sentence. Each request becomes one line of
RECORD, a JSON array: [arrival (ns, monotonic), method, path, fields, time to the answer (µs)]. Fields are the
query and the JSON body together. It ends at the end of its standard input.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvloop

from offhook.cli.demonstration.application import Served, load
from offhook.cli.demonstration.places import example

FLUSH_SECONDS = 0.2
SHORT = [{"action": "talk", "text": "Thank you for calling.", "language": "en-US"}]


class Record:
    """Hands requests on and keeps them in order of arrival."""

    def __init__(self, app: Any, path: Path) -> None:
        self._app = app
        self._lines: list[str] = []
        self._file = path.open("w", encoding="utf-8")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = time.monotonic_ns()
        body = await _body(receive)
        slot = len(self._lines)
        self._lines.append("")
        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Any:
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)
        took = (time.monotonic_ns() - arrived) // 1000
        line = [arrived, scope["method"], scope["path"], _fields(scope, body), took]
        self._lines[slot] = json.dumps(line)

    def flush(self) -> None:
        """Write what is answered; a request under way holds back those behind it, so that order is kept."""
        ready = next((n for n, line in enumerate(self._lines) if not line), len(self._lines))
        if ready and ready == len(self._lines):
            self._file.writelines(line + "\n" for line in self._lines)
            self._file.flush()
            self._lines.clear()


async def short(scope: Any, receive: Any, send: Any) -> None:
    """The smallest application: one sentence for every call, nothing for events."""
    body = json.dumps(SHORT).encode() if scope["path"] == "/answer" else b""
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    status = 200 if body else 204
    await send({"type": "http.response.start", "status": status, "headers": headers[: 2 if body else 1]})
    await send({"type": "http.response.body", "body": body})


async def serve(port: int, path: Path, name: str) -> None:
    record = Record(load(example("ivr")).app if name == "ivr" else short, path)
    server = Served(record, port)
    await server.begin()
    print("ready", flush=True)
    end = asyncio.ensure_future(asyncio.to_thread(sys.stdin.read))
    while not end.done():
        record.flush()
        await asyncio.sleep(FLUSH_SECONDS)
    await server.stop()
    record.flush()


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _fields(scope: Any, body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = dict(parse_qsl(scope.get("query_string", b"").decode()))
    try:
        told = json.loads(body) if body else {}
    except ValueError:
        told = {}
    return fields | (told if isinstance(told, dict) else {})


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    port, path, name = sys.argv[1:4]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(port), Path(path), name))


if __name__ == "__main__":
    main()
