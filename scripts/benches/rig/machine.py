"""The machine that is measured: cores, their model, who may have priority, and a process's CPU time."""

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Cores:
    """Where things run: the worker or the echo loop alone on one core, the generator on the other."""

    worker: int | None
    generator: int | None

    def describe(self) -> str:
        if self.worker is None:
            return "not pinned"
        if self.worker == self.generator:
            return f"everything on core {self.worker}: there is no other"
        return f"worker on core {self.worker}, generator on core {self.generator}"


def choose_cores() -> Cores:
    """The last core that we may use for the worker, the first for the generator."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[-1], usable[0])


def pin(pid: int, core: int | None) -> None:
    """Keep a process on a core, where the system can do that. `pid` 0 is this process."""
    if core is not None:
        os.sched_setaffinity(pid, {core})


def ask_for_priority(pid: int) -> str:
    """SCHED_FIFO if permitted; what was obtained."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, OSError):
        return "normal"
    return priority_of(pid)


def priority_of(pid: int) -> str:
    """`SCHED_FIFO` or `normal`."""
    try:
        policy = os.sched_getscheduler(pid) & 0xFF
    except (AttributeError, OSError):
        return "normal"
    return "SCHED_FIFO" if policy == os.SCHED_FIFO else "normal"


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a process so far; None where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_seconds(pid: int) -> float | None:
    """How long a process has wanted its core and not had it; None where /proc does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures were measured on."""

    system: str
    cpu: str
    cores: int
    python: str
    numpy: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def describe_machine() -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=_cpu_model(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        numpy=np.__version__,
    )


def load_average() -> float:
    """Processes that wanted a core in the last minute."""
    return round(os.getloadavg()[0], 2)


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
