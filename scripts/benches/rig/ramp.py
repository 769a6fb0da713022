"""The measurements: legs through the media worker step by step, and as many through the bare kernel loop."""

import asyncio
import contextlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .gaps import Gaps, Heard, summarise
from .generator import Generator, Program
from .machine import Cores, ask_for_priority, cpu_seconds, load_average, pin, priority_of, waited_seconds
from .worker import Worker

TICK_US = 20_000
SETTLE_SECONDS = 1.0
"""Before a measurement: sources are learned, jitter buffers find their depth, ports are warmed again."""
LIMIT_SECONDS = 2.0
"""The kernel loop is so even that it needs no more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One number of legs."""

    legs: int
    cpu: float | None
    """Share of the core that the process took; None where the system does not tell."""
    gaps: Gaps
    waited_ms: float | None = None
    """How long the process wanted the core while something else had it."""

    @property
    def us_per_leg(self) -> float | None:
        """CPU time of a leg in one tick."""
        return None if self.cpu is None else self.cpu * TICK_US / self.legs

    @property
    def legs_per_core(self) -> int | None:
        return None if not self.cpu else round(self.legs / self.cpu)


@dataclass(frozen=True, slots=True)
class Ramp:
    """One case, or the kernel loop."""

    name: str
    priority: str
    steps: list[Step]
    load_average: float

    @property
    def best(self) -> Step | None:
        """The largest step that held."""
        held = [step for step in self.steps if step.gaps.held]
        return held[-1] if held else None

    def at(self, legs: int) -> Step:
        """The step with the number of legs nearest to `legs`."""
        return min(self.steps, key=lambda step: abs(step.legs - legs))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is the same for every ramp."""

    folder: Path
    program: Program
    cores: Cores
    legs: Sequence[int]
    seconds: float


async def run_case(plan: Plan, name: str, size: int) -> Ramp:
    """Legs in conversations of `size` through a real worker; ends at the first step that does not hold."""
    targets = [legs - legs % size or size for legs in plan.legs]
    most = max(b - a for a, b in zip([0, *targets], targets, strict=False))
    async with contextlib.AsyncExitStack() as stack:
        worker = Worker(plan.folder, plan.cores, targets[-1], most)
        stack.push_async_callback(worker.close)
        generator = await Generator.start(plan.program, "legs", targets[-1])
        stack.push_async_callback(generator.close)
        pin(generator.pid, plan.cores.generator)
        await worker.start()
        steps: list[Step] = []
        for legs in targets:
            first = worker.legs
            ports = await worker.open(generator.ports[first:legs], size)
            await generator.open(list(enumerate(ports, first)))
            steps.append(await _measure(generator, worker.pid, legs, plan.seconds))
            if not steps[-1].gaps.held:
                break
        return Ramp(name, priority_of(worker.pid), steps, load_average())


async def run_kernel(plan: Plan, legs: Sequence[int]) -> Ramp:
    """The same traffic against a loop of `recv` and `send` on the same core: the limit of a socket a leg."""
    counts = distinct(legs)
    async with contextlib.AsyncExitStack() as stack:
        echo = await Generator.start(plan.program, "kernel", counts[-1])
        stack.push_async_callback(echo.close)
        pin(echo.pid, plan.cores.worker)
        priority = ask_for_priority(echo.pid)
        generator = await Generator.start(plan.program, "legs", counts[-1])
        stack.push_async_callback(generator.close)
        pin(generator.pid, plan.cores.generator)
        steps: list[Step] = []
        first = 0
        for count in counts:
            await echo.open([(n, generator.ports[n]) for n in range(first, count)])
            await generator.open([(n, echo.ports[n]) for n in range(first, count)])
            first = count
            steps.append(await _measure(generator, echo.pid, count, min(plan.seconds, LIMIT_SECONDS)))
        return Ramp("kernel limit", priority, steps, load_average())


def distinct(legs: Sequence[int]) -> list[int]:
    """Rising numbers of legs; of those that differ by less than 2 % the largest."""
    rising = sorted(set(legs))
    return [a for a, b in zip(rising, [*rising[1:], math.inf], strict=True) if b > 1.02 * a]


async def _measure(generator: Generator, pid: int, legs: int, seconds: float) -> Step:
    await asyncio.sleep(SETTLE_SECONDS)
    counting = asyncio.ensure_future(generator.measure(round(seconds * 1000)))
    began, before, waited = time.monotonic(), cpu_seconds(pid), waited_seconds(pid)
    await asyncio.sleep(seconds)
    after, ended = cpu_seconds(pid), time.monotonic()
    waited_now = waited_seconds(pid)
    heard: Heard = await counting
    cpu = None if before is None or after is None else (after - before) / (ended - began)
    waiting = None if waited is None or waited_now is None else (waited_now - waited) * 1000
    return Step(legs, cpu, summarise(heard), waiting)
