"""One instance on loopback with its application and its trunk: where the crash rounds happen."""

import json
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from offhook.cli import apps
from offhook.cli.context import Workspace, workspace
from offhook.cli.demonstration.application import Served
from offhook.cli.demonstration.instance import Instance
from offhook.cli.demonstration.places import HOST, any_port, choose
from offhook.cli.init import ensure
from offhook.core.clock import SystemClock
from offhook.core.ids import RandomIds
from offhook.security import jwt
from offhook.simulator.app_server import AppServer
from offhook.storage import applications, trunks
from offhook.storage.records import Trunk

PREFIX = "15552"
"""Numbers that the trunk under test dials."""


class Place:
    """Made, then `open()`; `close()` stops everything and removes the directory."""

    def __init__(self, sip_peer: tuple[str, int], settings: dict[str, str]) -> None:
        place = replace(
            choose(once=True),
            http_port=any_port(socket.SOCK_STREAM),
            tls_port=any_port(socket.SOCK_STREAM),
            sip_port=any_port(socket.SOCK_DGRAM),
            app_port=any_port(socket.SOCK_STREAM),
        )
        self.data_dir: Path = place.data_dir
        self.platform = (HOST, place.sip_port)
        self.environment = place.environment() | settings
        os.environ.update(self.environment)
        self.url = f"http://{HOST}:{place.http_port}"
        self.app_url = place.app_url
        self.app = AppServer(SystemClock())
        self.instance = Instance(self.environment, self.data_dir / "serve.log")
        self._served = Served(self.app, place.app_port)
        with workspace() as here:
            known = ensure(here)
            self.number = str(known["number"])
            self._application = str(known["application_id"])
            self._key = Path(known["private_key"]).read_text()
            _point(here, self._application, self.app_url)
            _trunk(here, sip_peer)

    async def open(self) -> None:
        await self._served.begin()
        await self.instance.start()
        await self.instance.ready()

    async def close(self) -> int | None:
        try:
            return await self.instance.stop()
        finally:
            await self._served.stop()

    def remove(self) -> None:
        shutil.rmtree(self.data_dir, ignore_errors=True)

    async def create(self, body: dict[str, Any], seconds: float) -> str | None:
        """`POST /v1/calls`; the call's uuid, None when nobody said that there is one."""
        token = jwt.make_token(self._key, self._application, wall=SystemClock().wall(), ids=RandomIds())
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    f"{self.url}/v1/calls",
                    data=json.dumps(body),
                    headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                ) as answer,
            ):
                told = await answer.json(content_type=None)
                return str(told["uuid"]) if answer.status == 201 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None


def _point(here: Workspace, application_id: str, url: str) -> None:
    before = apps.find(here, application_id)
    hooks = {"answer_url": f"{url}/answer", "event_url": f"{url}/events"}
    voice = apps.voice(before.capabilities.get("voice") or {}, hooks)
    changed = replace(before, capabilities={**before.capabilities, "voice": voice})
    here.database.transact(lambda c: applications.update(c, changed))


def _trunk(here: Workspace, peer: tuple[str, int]) -> None:
    """The phones as a carrier of their own, without the simulated one between."""
    trunk = Trunk(
        trunk_id=here.ids.uuid(),
        account_id=here.account().account_id,
        name="phones",
        simulated=False,
        host=peer[0],
        port=peer[1],
        transport="udp",
        username=None,
        password=None,
        sources=(),
        prefixes=(PREFIX,),
        priority=1,
        enabled=True,
        created_at=here.clock.wall(),
    )
    here.database.transact(lambda c: trunks.insert(c, trunk))
