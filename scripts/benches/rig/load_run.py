"""One load of the calls bench: SIPp calls a platform of its own, a reader hears, a record keeps webhooks."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from offhook.audio.levels import correlate
from offhook.audio.tables import RATE
from offhook.cli.demonstration.hearing import ALIKE
from offhook.cli.demonstration.places import HOST, free
from offhook.cli.demonstration.played import PlayedPrompts

from . import capture, order, packets, profile, scenarios, sipp
from .installation import Helper, Installation
from .machine import cpu_seconds, load_average, priority_of, waited_seconds

FIRST_PORT, LAST_PORT, PORT_STRIDE = 10_000, 19_990, 100
OVER_SECONDS = 20.0
"""For the last webhooks after the last call."""
LATEST = 5
"""Seconds after the first packet by which the prompt has begun."""
DATAGRAM = 2  # socket.SOCK_DGRAM


@dataclass(frozen=True, slots=True)
class Load:
    """What is called, how often, and what a caller does. One call more is placed: SIPp itself holds the media
    port of its first, so that nobody else can read it.
    """

    name: str
    application: str
    """`ivr` or `short`."""
    calls: int
    """That are read."""
    rate: float
    voice_seconds: float
    keys: Mapping[float, str] = field(default_factory=dict)
    hold_seconds: float | None = None
    """None: the platform hangs up."""
    webhooks: Sequence[str] = ()
    """Paths of the webhooks between `answered` and `completed`."""
    heard_seconds: float = 1.0
    """So much of the first prompt must be heard by everybody."""
    profile_seconds: int = 0
    """Above 0 control is sampled for so long, and the other figures of the run are not worth much."""


@dataclass(frozen=True, slots=True)
class Used:
    """CPU of one process during a load."""

    cpu_seconds: float
    waited_seconds: float
    priority: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was seen."""

    load: Load
    counted: sipp.Counted
    seconds: float
    load_average: float
    used: Mapping[str, Used]
    answer_us: list[int]
    """The application's own time for the answer webhook, sorted."""
    webhooks: int
    called: int
    """Calls of which the application was told anything."""
    order_faults: Mapping[str, str]
    streams: list[packets.Stream]
    unheard: int
    """Calls in whose audio the first prompt was not found."""
    worst_likeness: float
    most_at_once: int
    late_stamps: bool
    server_faults: list[str]
    folded: str = ""


async def run(folder: Path, load: Load) -> Outcome:
    """Start everything, call, wait for the last webhook, judge."""
    _make(folder)
    installation = Installation()
    helpers: list[Helper] = []
    try:
        await installation.start()
        port = media_ports(load.calls + 2)
        record, heard = folder / "webhooks", folder / "heard"
        app_port = str(installation.place.app_port)
        helpers.append(await Helper.start("served", app_port, str(record), load.application))
        ports = (str(port + sipp.PORT_STEP), str(sipp.PORT_STEP), str(load.calls), str(heard))
        reader = await Helper.start("reader", HOST, *ports)
        helpers.append(reader)
        plan = _order(folder, load, installation, port)
        await _warm(folder, plan, installation, port + (load.calls + 1) * sipp.PORT_STEP)
        warm = await _settled(record, 1)
        reference = await asyncio.to_thread(PlayedPrompts(installation.place.data_dir).of, warm[0])
        return await _measured(folder, load, plan, installation, helpers, reference[0].pcm, set(warm))
    finally:
        for helper in reversed(helpers):
            await helper.close()
        await installation.close()


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def media_ports(calls: int) -> int:
    """The first of `calls` free ports in SIPp's steps, below those of the platform and of the system."""
    span = calls * sipp.PORT_STEP
    for first in range(FIRST_PORT, LAST_PORT - span, PORT_STRIDE):
        if all(free(port, DATAGRAM) for port in range(first, first + span, sipp.PORT_STEP)):
            return first
    raise RuntimeError(
        f"there are no {calls} free ports between {FIRST_PORT} and {LAST_PORT}; use fewer calls"
    )


def _order(folder: Path, load: Load, installation: Installation, port: int) -> sipp.Order:
    path = folder / "voice.pcap"
    path.write_bytes(capture.script(load.voice_seconds, load.keys))
    if load.hold_seconds is None:
        scenario = scenarios.until_hung_up(path)
    else:
        scenario = scenarios.hangs_up(path, load.hold_seconds)
    limit = load.calls / load.rate + load.voice_seconds + (load.hold_seconds or 0) + 40
    target, number = installation.target, installation.number
    return sipp.Order(target, number, scenario, load.calls + 1, load.rate, port, limit)


async def _warm(folder: Path, plan: sipp.Order, installation: Installation, port: int) -> None:
    """One call before: prompts are spoken and kept, modules are loaded."""
    once = sipp.Order(plan.target, plan.number, plan.scenario, 1, 1, port, plan.seconds)
    counted = await sipp.run(folder / "warm", once)
    if counted.successful != 1:
        raise RuntimeError(f"the first call failed: {counted.complaint}\n{installation.instance.tail()}")


async def _settled(record: Path, calls: int) -> list[str]:
    """Wait for `completed` of so many calls, or for the end of patience; the uuids of all calls so far."""
    deadline = time.monotonic() + OVER_SECONDS
    while True:
        hooks = order.by_call(await asyncio.to_thread(read_record, record))
        over = sum(any(hook.what == "completed" for hook in own) for own in hooks.values())
        if over >= calls or time.monotonic() > deadline:
            return list(hooks)
        await asyncio.sleep(0.3)


async def _measured(
    folder: Path,
    load: Load,
    plan: sipp.Order,
    installation: Installation,
    helpers: list[Helper],
    reference: packets.Pcm,
    before: set[str],
) -> Outcome:
    pids = installation.pids()
    used = {name: _spent(pid) for name, pid in pids.items()}
    began = time.monotonic()
    sampling = asyncio.ensure_future(_sampled(folder, pids["control"], load))
    counted = await sipp.run(folder / "calls", plan)
    await _settled(folder / "webhooks", load.calls + 1 + len(before))
    seconds = time.monotonic() - began
    spent = {name: _since(used[name], pid) for name, pid in pids.items()}
    folded = await sampling
    average, faults = load_average(), installation.faults()
    for helper in helpers:
        await helper.close()
    hooks = [hook for hook in read_record(folder / "webhooks") if hook.fields.get("uuid") not in before]
    streams, likeness = await asyncio.to_thread(_listen, folder, reference, load)
    calls = order.by_call(hooks)
    return Outcome(
        load=load,
        counted=counted,
        seconds=seconds,
        load_average=average,
        used=spent,
        answer_us=sorted(hook.answer_us for hook in hooks if hook.path == "/answer"),
        webhooks=len(hooks),
        called=len(calls),
        order_faults=order.faults(hooks, load.webhooks),
        streams=streams,
        unheard=load.calls - sum(alike >= ALIKE for alike in likeness),
        worst_likeness=min(likeness, default=0.0),
        most_at_once=most_at_once(list(calls.values())),
        late_stamps="late" in helpers[-1].said,
        server_faults=faults,
        folded=folded,
    )


def _listen(folder: Path, reference: packets.Pcm, load: Load) -> tuple[list[packets.Stream], list[float]]:
    """What the reader wrote, and how alike the prompt is in each stream."""
    streams = packets.streams((folder / "heard").read_bytes())
    return streams, [_likeness(reference, stream, load.heard_seconds) for stream in streams]


def read_record(path: Path) -> list[order.Hook]:
    try:
        with path.open(encoding="utf-8") as file:
            return order.read(file)
    except FileNotFoundError:
        return []


def most_at_once(calls: list[list[order.Hook]]) -> int:
    """How many calls were up together, by the arrival of `answered` and `completed`."""
    steps: list[tuple[int, int]] = []
    for own in calls:
        told = {hook.what: hook.at for hook in own}
        if "answered" in told:
            steps.append((told["answered"], 1))
            steps.append((told.get("completed", 1 << 62), -1))
    up = most = 0
    for _, step in sorted(steps):
        up += step
        most = max(most, up)
    return most


def _likeness(reference: packets.Pcm, stream: packets.Stream, seconds: float) -> float:
    """How alike the first `seconds` of the prompt are to the best place in what was heard."""
    least = min(reference.size, round(seconds * RATE))
    return correlate(reference[:least], stream.pcm[: least + LATEST * RATE])[1]


async def _sampled(folder: Path, pid: int, load: Load) -> str:
    if not load.profile_seconds:
        return ""
    await asyncio.sleep(3.0)
    return await profile.sample(pid, load.profile_seconds, folder)


def _spent(pid: int) -> Used:
    return Used(cpu_seconds(pid) or 0.0, waited_seconds(pid) or 0.0, priority_of(pid))


def _since(before: Used, pid: int) -> Used:
    now = _spent(pid)
    return Used(
        now.cpu_seconds - before.cpu_seconds, now.waited_seconds - before.waited_seconds, now.priority
    )
