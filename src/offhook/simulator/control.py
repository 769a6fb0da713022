"""How a phone in another process gets a number at the carrier: a Unix socket and one line of JSON each way.

    → {"number": "15550100", "address": ["127.0.0.1", 40404]}
    ← {"platform": ["127.0.0.1", 5060]}      or      {"error": "…"}

The number is the phone's for as long as it keeps the connection; a phone that dies gives it back.
"""

import asyncio
import contextlib
import json
import os
from typing import Any

from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.simulator.carrier import Carrier
from offhook.sip.flow import Address

MAX_LINE = 4_096
PATIENCE = 0.5
"""Seconds in which connections that were closed have ended."""


class CarrierControl:
    """The carrier's side, listening at `path` (mode 0600). `platform` is where phones send their calls."""

    def __init__(self, carrier: Carrier, path: str, platform: Address) -> None:
        self._carrier = carrier
        self._owners: dict[str, asyncio.StreamWriter] = {}
        self._path = path
        self._platform = platform
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        os.chmod(self._path, 0o600)

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._owners.values()):
            writer.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=PATIENCE)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        number: str | None = None
        try:
            number, address = _request(await reader.readline())
            self._owners[number] = writer
            self._carrier.connect(number, address)
            writer.write(_line({"platform": list(self._platform)}))
            await reader.read()
        except (Invalid, ValueError) as error:
            writer.write(_line({"error": str(error)}))
        except OSError:
            pass
        finally:
            # Someone who took the number over meanwhile keeps it.
            if number is not None and self._owners.get(number) is writer:
                del self._owners[number]
                self._carrier.remove(number)
            writer.close()


class Registration:
    """A phone's side: holds a number until closed."""

    def __init__(self, writer: asyncio.StreamWriter, lost: "asyncio.Task[bytes]", platform: Address) -> None:
        self._writer = writer
        self.lost = lost
        """Done when the carrier has gone."""
        self.platform = platform

    async def close(self) -> None:
        self.lost.cancel()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def register(path: str, number: str, address: Address) -> Registration:
    """Take `number` for the phone at `address`. Raises NotFound without a carrier, Conflict when refused."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE)
    except OSError as error:
        raise NotFound(
            f"no platform with the simulated carrier runs here ({path}); start it first"
        ) from error
    writer.write(_line({"number": number, "address": list(address)}))
    try:
        answer = json.loads(await reader.readline())
        platform = answer["platform"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        writer.close()
        reason = answer.get("error") if isinstance(error, KeyError) else "it gave no answer"
        raise Conflict(f"the carrier refused the number {number}: {reason}") from error
    lost = asyncio.get_running_loop().create_task(reader.read(), name=f"carrier of {number}")
    return Registration(writer, lost, (str(platform[0]), int(platform[1])))


def _request(line: bytes) -> tuple[str, Address]:
    try:
        asked: Any = json.loads(line)
        number, (host, port) = asked["number"], asked["address"]
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("", "send one line of JSON with number and address") from error
    if not isinstance(number, str) or not number or len(number) > 64:
        raise Invalid("number", "must be a telephone number")
    if not isinstance(host, str) or not isinstance(port, int) or not 0 < port < 65_536:
        raise Invalid("address", "must be a host and a port")
    return number, (host, port)


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
