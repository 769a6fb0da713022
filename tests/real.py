"""A whole instance on real sockets for tests: `offhook serve`, an application under uvicorn, virtual phones.

Everything asynchronous lives on one event loop in a thread, so that tests are plain functions and a phone's
20 ms clock goes on while a test computes. `Stage.run` runs a coroutine there and gives its result.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import threading
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from offhook.cli import apps
from offhook.cli.context import Workspace, workspace
from offhook.cli.demonstration.application import Served
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.instance import Instance
from offhook.cli.demonstration.places import HOST, Place, any_port, any_sip_port, choose
from offhook.cli.demonstration.played import PlayedPrompts
from offhook.cli.init import ensure
from offhook.cli.rest import fetch, request
from offhook.core.clock import SystemClock
from offhook.core.errors import NotFound
from offhook.core.ids import RandomIds
from offhook.simulator.app_server import AppServer, Webhook
from offhook.simulator.behaviour import Behaviour
from offhook.simulator.control import Registration, register
from offhook.simulator.phone import Phone
from offhook.simulator.places import CARRIER_SOCKET
from offhook.simulator.wire import UdpWire
from offhook.speech.espeak import EspeakTTS
from offhook.storage import applications

T = TypeVar("T")
Json = Any
PRIORITY = -10
"""The nice value of the thread with the phones."""
SWITCH = 0.0005
"""Seconds for which a test that computes may keep the interpreter from the phones."""
OVER = {"completed", "failed", "busy", "timeout", "rejected", "cancelled", "unanswered"}


class Stage:
    """Made by a session fixture; `close()` stops everything. `settings` are further `OFFHOOK_*` variables."""

    def __init__(self, **settings: str) -> None:
        self.place: Place = replace(  # the usual ports are left to tests that follow the README
            choose(once=True),
            http_port=any_port(socket.SOCK_STREAM),
            tls_port=any_port(socket.SOCK_STREAM),
            sip_port=any_sip_port(),
            app_port=any_port(socket.SOCK_STREAM),
        )
        self.environment = self.place.environment() | settings
        self._before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_forever, args=(self._loop,), name="stage", daemon=True)
        self._thread.start()
        self._held: list[Registration] = []
        self._phones: list[Phone] = []
        self.instance = Server(self.environment, self.place.data_dir / "serve.log")
        self.played = PlayedPrompts(self.place.data_dir)
        with workspace() as here:
            self.known = ensure(here)
            _point(here, self.known["application_id"], self.place.app_url)
        self.wire = UdpWire()
        self.app = AppServer(SystemClock())
        self.served = Served(self.app, self.place.app_port)
        try:
            self.run(self._open())
        except BaseException:
            self.close()
            raise

    async def _open(self) -> None:
        await self.served.begin()
        await self.instance.start()
        await self.instance.ready()

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 90.0) -> T:
        """Run `work` on the stage's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> int | None:
        """Stop phones, platform and application; gives the server's exit status."""
        try:
            status = self.run(self._close())
        finally:
            self._loop.call_soon_threadsafe(self.wire.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        for name, value in self._before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})
        shutil.rmtree(self.place.data_dir, ignore_errors=True)
        return status

    async def _close(self) -> int | None:
        status = await self.instance.stop()
        for held in self._held:
            await held.close()
        for phone in self._phones:
            await phone.agent.close()
        await self.served.stop()
        self.wire.close()
        return status

    # ── phones ──────────────────────────────────────────────────────────────────────────────────

    @property
    def platform(self) -> tuple[str, int]:
        return HOST, self.place.sip_port

    async def phone(self, number: str, behaviour: Behaviour | None = None) -> Phone:
        """A phone that has `number` at the carrier."""
        phone = Phone.on(self.wire, SystemClock(), RandomIds(), HOST, number, behaviour, tts=EspeakTTS())
        self._phones.append(phone)
        path = str(self.place.data_dir / "run" / CARRIER_SOCKET)
        self._held.append(await self._registered(path, phone))
        return phone

    async def _registered(self, path: str, phone: Phone) -> Registration:
        """Ask again while the carrier is being started again."""
        for _ in range(100):
            try:
                return await register(path, phone.number, phone.address)
            except NotFound:
                await asyncio.sleep(0.1)
        return await register(path, phone.number, phone.address)

    async def call_in(self, number: str = "15550100009") -> Line:
        """A phone calls the platform's number and is answered."""
        phone = await self.phone(number)
        line = Line(phone.call(self.known["number"], self.platform))
        await line.answered(45)
        return line

    # ── the application and the API ─────────────────────────────────────────────────────────────

    def url(self, path: str) -> str:
        return self.place.app_url + path

    def rest(self, method: str, path: str, body: Json = None) -> Json:
        """The public API with the application's key. Blocks: call it outside the loop."""
        with workspace() as here:
            return request(here, method, path, body)

    def download(self, url: str) -> bytes:
        with workspace() as here:
            return fetch(here, url.removeprefix(self.place.public_url))

    def events(self, uuid: str) -> list[dict[str, Any]]:
        """Event webhooks of a leg that tell a status, in order of arrival."""
        bodies = [hook.json for hook in self.app.at("/events")]
        return [b for b in bodies if isinstance(b, dict) and b.get("uuid") == uuid and "status" in b]

    def statuses(self, uuid: str) -> list[str]:
        return [event["status"] for event in self.events(uuid)]

    async def told(self, uuid: str, status: str = "completed", seconds: float = 45.0) -> dict[str, Any]:
        """The event webhook with which a leg got a status."""

        def is_it(hook: Webhook) -> bool:
            body = hook.fields
            return body.get("uuid") == uuid and body.get("status") == status

        return (await self.app.wait_for(is_it, seconds)).fields

    async def uuid_of(self, number: str, seconds: float = 45.0) -> str:
        """The latest leg that came from or went to a number."""
        hook = await self.app.wait_for(
            lambda h: number in (h.fields.get("from"), h.fields.get("to")) and "uuid" in h.fields, seconds
        )
        found = [
            h.fields["uuid"]
            for h in self.app.webhooks
            if number in (h.fields.get("from"), h.fields.get("to")) and "uuid" in h.fields
        ]
        return str(found[-1] if found else hook.fields["uuid"])


class Server(Instance):
    """The platform; it does not inherit the priority of the phones beside it."""

    async def start(self) -> None:
        _set_priority(0)
        try:
            await super().start()
        finally:
            _set_priority(PRIORITY)


def _forever(loop: asyncio.AbstractEventLoop) -> None:
    """The phones are other machines: what the platform's load does to their 20 ms clock is no finding."""
    sys.setswitchinterval(SWITCH)
    _set_priority(PRIORITY)
    loop.run_forever()


def _set_priority(nice: int) -> None:
    """Of this thread alone, which is what Linux takes a process for; as far as the system permits it."""
    if sys.platform == "linux":
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


def _point(here: Workspace, application_id: str, url: str) -> None:
    """Let the application's webhooks go to `url`."""
    before = apps.find(here, application_id)
    hooks = {"answer_url": f"{url}/answer", "event_url": f"{url}/events"}
    voice = apps.voice(before.capabilities.get("voice") or {}, hooks)
    values = {name: getattr(before, name) for name in before.__dataclass_fields__}
    values["capabilities"] = {**before.capabilities, "voice": voice}
    changed = type(before)(**values)
    here.database.transact(lambda c: applications.update(c, changed))


def pcm_file(directory: Path, name: str, data: bytes) -> str:
    """Downloaded audio as a file."""
    path = directory / name
    path.write_bytes(data)
    return str(path)
