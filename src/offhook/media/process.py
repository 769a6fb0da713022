"""The media worker's process: a plain loop around the media host, with a 20 ms clock and nothing else.

Between ticks it waits in `poll` for control, so that commands are obeyed at once and not at the next tick. It
never waits for anybody in a tick: control or an audio worker that does not read costs messages, not audio.
"""

import gc
import logging
import os
import select
import time
from collections import deque
from dataclasses import dataclass

from offhook.core.clock import NS_PER_MS, NS_PER_SECOND, SystemClock
from offhook.core.ids import RandomIds
from offhook.ipc.audio import RecorderBlock
from offhook.ipc.beat import Beat
from offhook.ipc.endpoint import Deliver, Endpoint
from offhook.ipc.media import Command, Event, Load, WarmPorts
from offhook.ipc.outbox import Outbox
from offhook.ipc.plain import PlainLine, accept, dial, listen
from offhook.ipc.shm import SharedPrompts
from offhook.media import grid, ports
from offhook.media.engine import Arrivals
from offhook.media.host import MediaHost
from offhook.media.sockets import Sockets

log = logging.getLogger("offhook.media")

ORPHAN_NS = 10 * NS_PER_SECOND
"""How long media goes on without control."""
LOAD_TICKS = 500
BEAT_TICKS = 50
REDIAL_TICKS = 25
WARM_PER_TICK = 4
COLLECT_TICKS = 3_000
LEAST_COMMANDS = 4
BLOCK_BYTES = 64 << 20
"""Recorder blocks kept for an audio worker that is away."""
SETTLE_NS = NS_PER_MS
"""So long before a tick polling is over. It counts whole milliseconds, and what is left of one is slept."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process is told on its command line."""

    name: str
    socket: str
    host: str
    port_min: int
    port_max: int
    audio_socket: str | None = None
    capacity: int = 1_500
    warm_ports: int = 64
    shm_prefix: str | None = None
    parent_fd: int | None = None


class Process:
    """`run` until told to end."""

    def __init__(self, settings: Settings) -> None:
        ids = RandomIds()
        epoch = ids.token(8)
        self._clock = SystemClock()
        self._settings = settings
        self._arrivals = Arrivals(2 * settings.capacity + 64)
        self._warm = ports.WarmPorts(settings.host, settings.port_min, settings.port_max, settings.warm_ports)
        self._sockets = Sockets(self._warm, self._arrivals)
        self._host = MediaHost(
            settings.capacity,
            self._sockets,
            open_prompt=SharedPrompts(settings.shm_prefix).open,
            sink=self._record,
            number=ids.number,
        )
        self._control = PlainLine(Endpoint(settings.name, epoch, Command, describe=self._describe))
        outbox = Outbox(max_bytes=BLOCK_BYTES)
        self._audio = PlainLine(Endpoint(settings.name, epoch, None, keep=True, outbox=outbox))
        self._listener = listen(settings.socket)
        self._alone_since: int | None = None
        self._pace = grid.Pace()
        self._stopping = False
        self._beat = Beat()
        self._ticks = 0
        self._waiting: deque[Command] = deque()

    def stop(self) -> None:
        """End after the present tick."""
        self._stopping = True

    def run(self) -> None:
        self._warm.top_up(self._settings.warm_ports)
        self._dial_audio(self._clock.now())
        gc.collect()
        gc.freeze()
        gc.disable()
        clock = grid.Grid(self._clock.now())
        while not self._stopping:
            self._wait(clock.due)
            began = self._clock.now()
            late, skipped = clock.begin(began)
            self._tick(began)
            self._pace.add(late, skipped, self._clock.now() - began)
        self._end()

    # ── a tick ──────────────────────────────────────────────────────────────────────────────────

    def _tick(self, now: int) -> None:
        self._sockets.receive()
        departures, events = self._host.tick(now, self._arrivals)
        self._sockets.send(departures)
        self._arrivals.clear()
        self._tell(events)
        self._ticks += 1
        self._keep_house(now)
        for line in (self._control, self._audio):
            line.check(now)
            line.flush()

    def _keep_house(self, now: int) -> None:
        warmed = self._warm.top_up(WARM_PER_TICK)
        if warmed:
            self._tell([WarmPorts(warmed)])
        if self._ticks % BEAT_TICKS == 0:
            self._beat.beat()
        if self._ticks % REDIAL_TICKS == 0:
            self._dial_audio(now)
        if self._ticks % LOAD_TICKS == 0:
            self._report()
        if self._ticks % COLLECT_TICKS == 0:
            gc.collect()
        self._watch_control(now)

    def _watch_control(self, now: int) -> None:
        """`_alone_since` moves along while control is there, and is None when nothing is left to end."""
        if self._control.open:
            self._alone_since = now
        elif self._alone_since is not None and now - self._alone_since > ORPHAN_NS:
            log.warning("control has been away for %d s: every leg is closed", ORPHAN_NS // NS_PER_SECOND)
            self._tell(self._host.end_all(now))
            self._alone_since = None

    def _report(self) -> None:
        load = Load(
            legs=self._host.open_legs,
            capacity=self._host.capacity,
            blocks_lost=self._audio.endpoint.outbox.lost,
            **self._pace.take(),
        )
        if load.skipped or load.blocks_lost:
            log.warning("the media worker does not keep its pace: %s", load)
        self._tell([load])

    # ── between ticks ───────────────────────────────────────────────────────────────────────────

    def _wait(self, due: int) -> None:
        """Serve control until `due`, and once even when that has passed."""
        self._serve(self._poll(0))
        self._obey(due)
        while (whole := (due - self._clock.now() - SETTLE_NS) // NS_PER_MS) > 0:
            self._serve(self._poll(whole))
            self._obey(due)
        left = due - self._clock.now()
        if left > 0:
            time.sleep(left / NS_PER_SECOND)

    def _poll(self, milliseconds: int) -> set[int]:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        for descriptor in (self._control.fileno(), self._audio.fileno(), self._settings.parent_fd):
            if descriptor is not None and descriptor >= 0:
                poll.register(descriptor, select.POLLIN)
        return {descriptor for descriptor, _ in poll.poll(milliseconds)}

    def _serve(self, ready: set[int]) -> None:
        now = self._clock.now()
        if self._listener.fileno() in ready:
            connection = accept(self._listener)
            if connection is not None:
                self._control.attach(now, connection)
                self._control.flush()
        if self._control.fileno() in ready:
            arrivals = self._control.readable(now)
            self._waiting.extend(each.message for each in arrivals if isinstance(each, Deliver))
            self._control.flush()
        if self._audio.fileno() in ready:
            self._audio.readable(now)
        if self._settings.parent_fd in ready and not _still_there(self._settings.parent_fd):
            self._stopping = True

    def _obey(self, due: int) -> None:
        """Work off commands until the tick is due; a few of them even when it is overdue."""
        done = 0
        while self._waiting and (done < LEAST_COMMANDS or self._clock.now() < due):
            command = self._waiting.popleft()
            done += 1
            try:
                self._tell(self._host.handle(self._clock.now(), command))
            except Exception:
                log.exception("%s failed", type(command).__name__)
                self._tell(self._host.give_up(command))
        if done:
            self._control.flush()

    def _describe(self) -> dict[str, list[str]]:
        return self._host.describe() | {"port": [str(port) for port in self._warm.ports]}

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self._control.send(event)

    # ── the audio worker ────────────────────────────────────────────────────────────────────────

    def _record(self, block: RecorderBlock) -> None:
        self._audio.send(block)

    def _dial_audio(self, now: int) -> None:
        if self._settings.audio_socket is None or self._audio.open:
            return
        connection = dial(self._settings.audio_socket)
        if connection is not None:
            self._audio.attach(now, connection)
            self._audio.flush()

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    def _end(self) -> None:
        """Close what is open and hand over the last blocks, as far as the peers take them."""
        now = self._clock.now()
        self._tell(self._host.end_all(now))
        _, events = self._host.tick(now, self._arrivals)
        self._tell(events)
        for line in (self._control, self._audio):
            line.flush()
            line.close()
        self._sockets.close()
        self._warm.close()
        self._listener.close()


def _still_there(descriptor: int | None) -> bool:
    """Whether the parent lives. Called when its pipe can be read: at its end there is nothing in it."""
    return descriptor is None or bool(os.read(descriptor, 4096))
