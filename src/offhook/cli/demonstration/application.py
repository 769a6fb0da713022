"""An ASGI application on a port, and a record of every webhook that reached it.

The example is loaded from its file in the source tree and served as it is; `Recorder` stands in front and
keeps what came in. The server lives on the running loop and leaves signals to it.
"""

import asyncio
import contextlib
import importlib.util
import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import uvicorn

from offhook.core.errors import NotFound

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A webhook: its path and its body, None where it was no JSON."""

    path: str
    body: Any

    @property
    def status(self) -> str:
        return str(self.body.get("status", "")) if isinstance(self.body, dict) else ""


class Recorder:
    """Hands requests on to `app` and remembers them, in order of arrival."""

    def __init__(self, app: App) -> None:
        self.arrived: list[Arrived] = []
        self._app = app
        self._changed = asyncio.Condition()

    def at(self, path: str) -> list[Arrived]:
        return [each for each in self.arrived if each.path == path]

    def statuses(self, uuid: str) -> list[str]:
        """The statuses of one leg, in order."""
        return [e.status for e in self.arrived if e.status and e.body.get("uuid") == uuid]

    async def wait_for(self, wanted: Callable[[Arrived], bool], seconds: float = 10.0) -> Arrived:
        """The first webhook, past or future, for which `wanted` holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._changed:
            while True:
                for each in self.arrived:
                    if wanted(each):
                        return each
                await self._changed.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        async with self._changed:
            self.arrived.append(Arrived(scope["path"], _json(body)))
            self._changed.notify_all()
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)


class Served(uvicorn.Server):
    """uvicorn on the running loop. Stop it with `stop()`."""

    def __init__(self, app: Any, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(
            uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off")
        )
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the command that runs this."""
        yield

    async def begin(self) -> None:
        """Returns when requests are accepted."""
        self._task = asyncio.ensure_future(self.serve())
        while not self.started and not self._task.done():  # noqa: ASYNC110 — uvicorn has no event for it
            await asyncio.sleep(0.01)
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        self.should_exit = True
        self.force_exit = True
        if self._task is not None:
            await self._task


def load(folder: Path, module: str = "app") -> ModuleType:
    """An example's module, from its file."""
    spec = importlib.util.spec_from_file_location(f"example_{folder.name}", folder / f"{module}.py")
    if spec is None or spec.loader is None:
        raise NotFound(f"{folder / module}.py cannot be loaded")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
