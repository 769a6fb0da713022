"""The far ends of the bench: a C program where a compiler is, the same thing in Python where none is.

Both speak the lines that load.c describes, so that nothing else has to know which one runs.
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .gaps import Heard, LegHeard, parse_leg

FOLDER = Path(__file__).resolve().parent.parent
SLOW_LINE = 1 << 20
"""A line of port numbers may be long."""


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a generator, and what to call it in the output."""

    command: tuple[str, ...]
    name: str


def build_program(folder: Path) -> Program:
    """Compile load.c into `folder`; without a compiler the Python stand-in."""
    for compiler in ("cc", "gcc", "clang"):
        found = shutil.which(compiler)
        if found is None:
            continue
        target = folder / "load"
        made = subprocess.run(
            [found, "-O2", "-o", str(target), str(FOLDER / "load.c")], capture_output=True, check=False
        )
        if made.returncode == 0:
            return Program((str(target),), f"load.c compiled by {compiler}")
    stand_in = (sys.executable, str(FOLDER / "rig" / "slow_load.py"))
    return Program(stand_in, "Python stand-in (no C compiler: slower, arrivals stamped when they are read)")


class Generator:
    """One running generator with `count` sockets."""

    def __init__(self, process: asyncio.subprocess.Process, ports: list[int]) -> None:
        self._process = process
        self.ports = ports

    @classmethod
    async def start(cls, program: Program, mode: str, count: int) -> "Generator":
        process = await asyncio.create_subprocess_exec(
            *program.command,
            mode,
            str(count),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=SLOW_LINE,
        )
        assert process.stdout is not None
        word, *ports = (await process.stdout.readline()).decode().split()
        if word != "ports":
            raise RuntimeError(f"the load generator said {word!r} where its ports were expected")
        return cls(process, [int(port) for port in ports])

    @property
    def pid(self) -> int:
        return self._process.pid

    async def open(self, ports: Sequence[tuple[int, int]]) -> None:
        """Connect sockets: (index, far port)."""
        await self._write("".join(f"open {index} {port}\n" for index, port in ports))

    async def measure(self, milliseconds: int) -> Heard:
        """Count for so long; what every open leg heard."""
        assert self._process.stdout is not None
        await self._write(f"measure {milliseconds}\n")
        legs: list[LegHeard] = []
        while True:
            words = (await self._process.stdout.readline()).decode().split()
            if not words:
                raise RuntimeError("the load generator ended in the middle of a measurement")
            if words[0] == "done":
                return Heard(legs, *(int(word) / 1000 for word in words[1:4]))
            legs.append(parse_leg(words))

    async def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    async def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        await self._process.stdin.drain()
