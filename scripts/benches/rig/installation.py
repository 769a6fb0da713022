"""A whole platform of its own for a bench, started as users start it: `offhook serve` in a fresh data
directory, and an application beside it as another process.
"""

import asyncio
import os
import shutil
import socket
import sqlite3
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

from offhook.cli import apps
from offhook.cli.context import Workspace, workspace
from offhook.cli.demonstration.instance import Instance
from offhook.cli.demonstration.places import HOST, any_port, choose
from offhook.cli.init import ensure
from offhook.storage import applications

ROOT = Path(__file__).resolve().parents[3]
LIVE_ROWS = {
    "legs": "SELECT count(*) FROM legs WHERE ended_at IS NULL AND status NOT IN "
    "('completed','failed','busy','timeout','rejected','cancelled','unanswered')",
    "conversations": "SELECT count(*) FROM conversations WHERE ended_at IS NULL",
    "checkpoints": "SELECT count(*) FROM checkpoints",
    "deliveries under way": "SELECT count(*) FROM deliveries WHERE finished_at IS NULL",
    "recordings under way": "SELECT count(*) FROM recordings WHERE ended_at IS NULL",
}


class Helper:
    """A process of the bench: says `ready …` when it is, ends when its input does."""

    def __init__(self, process: asyncio.subprocess.Process, said: list[str]) -> None:
        self._process = process
        self.said = said

    @classmethod
    async def start(cls, module: str, *arguments: str) -> "Helper":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"scripts.benches.rig.{module}", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        assert process.stdout is not None
        words = (await process.stdout.readline()).decode().split()
        if words[:1] != ["ready"]:
            raise RuntimeError(f"{module} of the bench has not started: {' '.join(words) or 'it ended'}")
        return cls(process, words[1:])

    @property
    def pid(self) -> int:
        return self._process.pid

    async def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Installation:
    """`settings` are further `OFFHOOK_*` variables. This process's environment is changed until `close`."""

    def __init__(self, **settings: str) -> None:
        self.place = replace(
            choose(once=True),
            http_port=any_port(socket.SOCK_STREAM),
            sip_port=any_port(socket.SOCK_DGRAM),
            app_port=any_port(socket.SOCK_STREAM),
        )
        self.environment = self.place.environment() | settings
        self._before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        self.instance = Instance(self.environment, self.place.data_dir / "serve.log")
        with workspace() as here:
            self.known = ensure(here)
            _point(here, self.known["application_id"], self.place.app_url)

    @property
    def target(self) -> tuple[str, int]:
        """Where SIP goes."""
        return HOST, self.place.sip_port

    @property
    def number(self) -> str:
        return str(self.known["number"])

    async def start(self) -> None:
        await self.instance.start()
        await self.instance.ready()

    async def close(self) -> int | None:
        """Stop it; its exit status."""
        status = await self.instance.stop()
        for name, value in self._before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})
        shutil.rmtree(self.place.data_dir, ignore_errors=True)
        return status

    def pids(self) -> dict[str, int]:
        """Its processes by name: supervisor, control, media-0, audio, speech-0, carrier."""
        found: dict[str, int] = {}
        for path in sorted((self.place.data_dir / "run").glob("*.pid")):
            try:
                found[path.stem] = int(path.read_text())
            except (OSError, ValueError):
                continue
        return found

    def live_rows(self) -> dict[str, int]:
        """Rows of the database that say that something is still going on; empty when nothing is."""
        path = self.place.data_dir / "offhook.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0) as connection:
            counts = {name: connection.execute(query).fetchone()[0] for name, query in LIVE_ROWS.items()}
        connection.close()
        return {name: count for name, count in counts.items() if count}

    async def metrics(self) -> dict[str, float]:
        """What `/metrics` tells, by name with labels."""
        text = await asyncio.to_thread(_get, f"{self.instance.url}/metrics")
        found: dict[str, float] = {}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if name and not line.startswith("#"):
                found[name] = float(value)
        return found

    def faults(self) -> list[str]:
        """Lines of the server's log that tell of errors."""
        try:
            lines = self.instance.log.read_text(errors="replace").splitlines()
        except OSError:
            return []
        return [line for line in lines if " ERROR " in line or "Traceback" in line]


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def _point(here: Workspace, application_id: str, url: str) -> None:
    before = apps.find(here, application_id)
    hooks: dict[str, Any] = {"answer_url": f"{url}/answer", "event_url": f"{url}/events"}
    voice = apps.voice(before.capabilities.get("voice") or {}, hooks)
    changed = replace(before, capabilities={**before.capabilities, "voice": voice})
    here.database.transact(lambda connection: applications.update(connection, changed))
