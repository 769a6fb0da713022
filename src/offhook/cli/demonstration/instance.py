"""One platform as a process of its own: `offhook serve` started, waited for and stopped.

The demo and the end-to-end tests use it. It is told everything by environment variables; what the server
writes goes to a log file.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from offhook.core.errors import OffhookError
from offhook.core.tasks import outside

START_SECONDS = 60.0
STOP_SECONDS = 12.0
POLL = 0.1
TAIL_LINES = 12


class NotStarted(OffhookError):  # noqa: N818 — read as a sentence
    """The platform ended, or did not become ready."""


class Instance:
    """`environment` has its `OFFHOOK_*` variables; `OFFHOOK_HTTP__PORT` among them."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self.process: asyncio.subprocess.Process | None = None
        self.url = f"http://127.0.0.1:{environment['OFFHOOK_HTTP__PORT']}"
        self.data_dir = Path(environment["OFFHOOK_DATA_DIR"])

    async def start(self) -> None:
        """Start the processes; `ready` tells when they work."""
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from offhook.cli import main; main()", "serve"),
                env={**os.environ, **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self, seconds: float = START_SECONDS) -> None:
        """Until `GET /ready` answers 200. Raises `NotStarted` with the missing pieces or the log's end."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        missing: Any = "nothing answers"
        while loop.time() < deadline:
            if self.process is None or self.process.returncode is not None:
                raise NotStarted(f"the server ended at once; the end of {self.log}:\n{self.tail()}")
            status, missing = await outside(get_json, f"{self.url}/ready")
            if status == 200:
                return
            await asyncio.sleep(POLL)
        raise NotStarted(f"the server was not ready within {seconds:g} s: {missing}\n{self.tail()}")

    async def stop(self, seconds: float = STOP_SECONDS) -> int | None:
        """SIGTERM, then wait; SIGKILL after `seconds`. Gives the exit status."""
        process = self.process
        if process is None:
            return None
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(seconds):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return process.returncode

    def pid(self, name: str) -> int:
        """The process id of a child: `control`, `media-0`, `audio`, `speech-0`, `carrier`."""
        return int((self.data_dir / "run" / f"{name}.pid").read_text())

    def tail(self) -> str:
        """The last lines of the log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
        return ""


def get_json(url: str, seconds: float = 2.0) -> tuple[int, Any]:
    """(status, JSON body) of a GET; (0, reason) when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError):
            return error.code, json.loads(error.read())
        return error.code, None
    except (OSError, ValueError) as error:
        return 0, str(error)
