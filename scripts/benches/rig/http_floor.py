"""The least that an ASGI application can do with a request, as a process of its own: the floor of the bench.

    python -m …http_floor PORT

Same server, same loop, same parser as the platform; reads the body and answers 201 with an object of JSON.
"""

import asyncio
import json
import socket
import sys
from typing import Any

import uvicorn
import uvloop

BODY = json.dumps({"uuid": "0" * 36, "status": "started", "direction": "outbound"}).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


class Told(uvicorn.Server):
    """Says on standard output that it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


async def serve(port: int) -> None:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, http="httptools", lifespan="off", access_log=False, log_config=None
    )
    server = Told(config)
    task = asyncio.ensure_future(server.serve())
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await task


def main() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
