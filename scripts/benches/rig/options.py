"""OPTIONS against a running platform, and the same datagrams against a bare loop in C."""

import asyncio
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .installation import Installation
from .machine import Cores, cpu_seconds, load_average, pin, priority_of, waited_seconds

SOURCE = Path(__file__).resolve().parent.parent / "options.c"
MISSING = "NOT RUN: no C compiler (cc, gcc, clang), so nothing asks with OPTIONS"


@dataclass(frozen=True, slots=True)
class Asked:
    """One measurement; times in microseconds."""

    name: str
    window: int
    seconds: float
    sent: int
    answered: int
    refused: int
    lost: int
    p50_us: int
    p99_us: int
    longest_us: int
    cpu_seconds: float
    """Of the process that answers."""
    waited_seconds: float
    priority: str
    load_average: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU of one answer."""
        return self.cpu_seconds * 1e6 / max(1, self.answered + self.refused)


def build(folder: Path) -> Path | None:
    """Compile options.c; None without a compiler."""
    for compiler in ("cc", "gcc", "clang"):
        found = shutil.which(compiler)
        target = folder / "options"
        if found is not None:
            command = [found, "-O2", "-o", str(target), str(SOURCE)]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return target
    return None


async def measure(program: Path, window: int, seconds: float, cores: Cores) -> list[Asked]:
    """The platform, then the bare loop; both on one core, the asker on the other."""
    installation = Installation()
    try:
        await installation.start()
        control = installation.pids()["control"]
        pin(control, cores.worker)
        await _ask(program, "warm", control, installation.place.sip_port, window, 1.0, cores)
        port = installation.place.sip_port
        platform = await _ask(program, "control", control, port, window, seconds, cores)
    finally:
        await installation.close()
    return [platform, await _bare(program, window, seconds, cores)]


async def _bare(program: Path, window: int, seconds: float, cores: Cores) -> Asked:
    echo = await asyncio.create_subprocess_exec(
        str(program), "echo", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert echo.stdout is not None
    assert echo.stdin is not None
    pin(echo.pid, cores.worker)
    port = int((await echo.stdout.readline()).split()[1])
    try:
        return await _ask(program, "kernel limit", echo.pid, port, window, seconds, cores)
    finally:
        echo.stdin.close()
        await echo.wait()


async def _ask(
    program: Path, name: str, pid: int, port: int, window: int, seconds: float, cores: Cores
) -> Asked:
    before, waited = cpu_seconds(pid) or 0.0, waited_seconds(pid) or 0.0
    asker = await asyncio.create_subprocess_exec(
        *(str(program), "ask", str(port), str(window), str(round(seconds * 1000))),
        stdout=asyncio.subprocess.PIPE,
    )
    pin(asker.pid, cores.generator)
    said, _ = await asker.communicate()
    words = [int(word) for word in said.split()]
    spent = (cpu_seconds(pid) or 0.0) - before
    return Asked(
        name,
        window,
        seconds,
        *words,
        cpu_seconds=spent,
        waited_seconds=(waited_seconds(pid) or 0.0) - waited,
        priority=priority_of(pid),
        load_average=load_average(),
    )
