"""Control's side of all media workers: ports for new legs, commands to where they belong, events from
everywhere.

Callers name legs, conversations, playbacks and recordings; on which worker these are is known only here.
What a lost worker had ends: `on_worker_lost` gets its legs, and every playback and recording of it is told
as finished with reason `closed`, so that nobody waits.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from offhook.core.clock import Clock
from offhook.core.errors import LocalStateError, MediaError
from offhook.core.ids import Ids
from offhook.ipc.endpoint import Up
from offhook.ipc.media import (
    CloseLeg,
    CloseLink,
    Command,
    DigitReceived,
    DigitsSent,
    Event,
    Join,
    Leave,
    LegRefused,
    Load,
    MoveRecord,
    OpenLeg,
    OpenLink,
    Play,
    PlaybackFinished,
    RecordFinished,
    SendDigits,
    SetHearing,
    StartRecord,
    StopPlay,
    StopRecord,
    WarmPorts,
)
from offhook.media.plan import Plan
from offhook.media.pool_worker import PoolWorker, WorkerAddress
from offhook.media.routes import Routes
from offhook.media.taps import Sends

__all__ = ["MediaPool", "Reservation", "WorkerAddress"]

log = logging.getLogger("offhook.media")


@dataclass(frozen=True, slots=True)
class Reservation:
    """A port that waits for a leg: `host` and `port` go into the SDP."""

    worker: str
    host: str
    port: int


class MediaPool:
    """`run_dir` holds the sockets of links; `epoch` names this life of control."""

    def __init__(
        self,
        workers: Sequence[WorkerAddress],
        run_dir: str,
        clock: Clock,
        ids: Ids,
        epoch: str,
        name: str = "control",
    ) -> None:
        self._handlers: list[Callable[[Event], None]] = []
        self._lost_handlers: list[Callable[[list[str]], None]] = []
        self._plan = Plan(run_dir, lambda: ids.token(6))
        self._routes = Routes()
        self._workers = {
            address.name: PoolWorker(
                address, clock, name, epoch, on_event=self._event, on_up=self._up, on_lost=self._lose
            )
            for address in workers
        }

    def start(self) -> None:
        """Connect to every worker, and stay connected until `close`."""
        for worker in self._workers.values():
            worker.channel.start()

    async def close(self) -> None:
        for worker in self._workers.values():
            await worker.channel.close()

    def subscribe(self, handler: Callable[[Event], None]) -> None:
        """Get every event of every leg."""
        self._handlers.append(handler)

    def on_worker_lost(self, handler: Callable[[list[str]], None]) -> None:
        """Get the ids of the legs that a worker took along."""
        self._lost_handlers.append(handler)

    def ready(self) -> str | None:
        """None when a leg could be opened now, else what is missing."""
        if any(worker.usable for worker in self._workers.values()):
            return None
        reasons = [worker.missing() or "" for worker in self._workers.values()]
        return "; ".join(reasons) or "no media worker is configured"

    def overload(self, most_skipped: float) -> str | None:
        """Why no call should begin: no port, or every worker left out over that percent of its time."""
        late = []
        for worker in self._workers.values():
            if worker.usable:
                load = worker.load
                share = 0.0 if load is None else 100 * load.skipped / max(1, load.ticks + load.skipped)
                if share <= most_skipped:
                    return None
                late.append(f"media worker {worker.name} left out {share:.0f} % of its time")
        return "; ".join(late) or self.ready()

    def status(self) -> dict[str, str | None]:
        """Worker → None when it could take a leg, else what is missing."""
        return {worker.name: worker.missing() for worker in self._workers.values()}

    def loads(self) -> dict[str, Load]:
        """The last measures of each worker that has sent any."""
        return {worker.name: worker.load for worker in self._workers.values() if worker.load is not None}

    # ── ports ───────────────────────────────────────────────────────────────────────────────────

    def reserve(self, conversation: str | None = None, worker: str | None = None) -> Reservation:
        """A port, at the worker that holds the conversation if possible, or at the named worker and no other.

        Raises MediaError when none is free.
        """
        if worker is not None:
            chosen = self._workers[worker]
            if not chosen.usable:
                raise MediaError(f"no media port is free: {chosen.missing()}")
        else:
            home = self._workers.get(self._plan.home(conversation) or "")
            chosen = home if home is not None and home.usable else self._least_burdened()
        return Reservation(chosen.name, chosen.host, chosen.reserve())

    def release(self, reservation: Reservation) -> None:
        """The port was not needed after all."""
        self._workers[reservation.worker].give_back(reservation.port)

    def open_leg(self, reservation: Reservation, command: OpenLeg) -> None:
        """Open a leg on a reserved port. `LegOpened` or `LegRefused` follows."""
        worker = self._workers[reservation.worker]
        if reservation.port not in worker.reserved:
            self._soon(LegRefused(command.leg, f"media worker {worker.name} was lost: reserve again"))
            return
        worker.reserved.discard(reservation.port)
        worker.legs[command.leg] = reservation.port
        self._routes.legs[command.leg] = worker.name
        worker.channel.send(replace(command, port=reservation.port))

    def _least_burdened(self) -> PoolWorker:
        usable = [worker for worker in self._workers.values() if worker.usable]
        if not usable:
            raise MediaError(f"no media port is free: {self.ready()}")
        return min(usable, key=lambda worker: worker.burden)

    # ── commands ────────────────────────────────────────────────────────────────────────────────

    def command(self, command: Command) -> None:
        """Send a command to the worker it concerns.

        What concerns a leg that is gone is dropped, and told as finished where somebody would wait.
        """
        if isinstance(command, OpenLeg):
            raise LocalStateError("a leg is opened with open_leg and a reservation")
        if isinstance(command, Play):
            self._play(command)
        elif isinstance(command, StartRecord):
            self._record(command)
        elif isinstance(command, MoveRecord):
            self._move_record(command)
        elif isinstance(command, StopPlay):
            self._send(self._routes.playbacks.get(command.playback), command)
        elif isinstance(command, StopRecord):
            self._send(self._routes.recordings.get(command.recording), command)
        elif isinstance(command, OpenLink | CloseLink):
            self._link(command)
        else:
            self._leg_command(command)

    def _leg_command(self, command: Command) -> None:
        leg: str = getattr(command, "leg")  # noqa: B009 — every command left has one
        worker = self._routes.legs.get(leg)
        if worker is None:
            if isinstance(command, SendDigits):
                self._soon(DigitsSent(command.sequence))
            return
        if isinstance(command, Join):
            self._send_all(self._plan.join(leg, command.conversation, worker))
        elif isinstance(command, SetHearing):
            self._send_all(self._plan.hear(leg, command.deaf_to))
        self._send(worker, command)
        if isinstance(command, SendDigits):
            self._routes.sequences[command.sequence] = worker
        elif isinstance(command, Leave | CloseLeg):
            self._send_all(self._plan.leave(leg))
        if isinstance(command, CloseLeg):
            self._forget_leg(leg)

    def _play(self, command: Play) -> None:
        watched = [leg for leg in (command.stop_on_speech, command.stop_on_digit) if leg is not None]
        worker = self._worker_for(command.playback, command.target, watched)
        if worker is None:
            self._soon(PlaybackFinished(command.playback, "closed", 0))
            return
        self._routes.playbacks[command.playback] = worker
        key_leg = command.stop_on_digit
        if key_leg is not None and self._routes.legs.get(key_leg) not in (None, worker):
            self._routes.watch(key_leg, command.playback)
        self._send(worker, command)

    def _record(self, command: StartRecord) -> None:
        owner = [command.owner] if command.owner is not None else []
        worker = self._worker_for(command.recording, command.target, owner)
        if worker is None:
            self._soon(RecordFinished(command.recording, "closed", 0))
            return
        self._routes.recordings[command.recording] = worker
        self._send(worker, command)

    def _move_record(self, command: MoveRecord) -> None:
        """A recording stays on its worker, which gets a part of the conversation where it has none."""
        worker = self._routes.recordings.get(command.recording)
        kind, _, ident = command.target.partition(":")
        if worker is None or (kind == "leg" and self._routes.legs.get(ident) != worker):
            return
        self._send_all(self._plan.move(command.recording, None if kind == "leg" else ident, worker))
        self._send(worker, command)

    def _worker_for(self, holder: str, target: str, legs: list[str]) -> str | None:
        """Where a playback or recording runs: with the legs that matter to it, if its target is there too."""
        kind, _, ident = target.partition(":")
        if kind == "leg":
            return self._routes.legs.get(ident)
        near = [worker for leg in legs if (worker := self._routes.legs.get(leg)) is not None]
        preferred = near[0] if near else self._plan.home(ident) or self._any_up()
        return None if preferred is None else self._plan.hold(holder, ident, preferred)

    def _any_up(self) -> str | None:
        up = [worker for worker in self._workers.values() if worker.channel.up]
        return min(up, key=lambda worker: worker.burden).name if up else None

    def _link(self, command: OpenLink | CloseLink) -> None:
        """A link of the caller's own, to a program that speaks frames: a leg without a port."""
        if isinstance(command, CloseLink):
            self._send(self._routes.links.pop(command.link, None), command)
            self._send_all(self._plan.leave(command.link))
            return
        worker = self._plan.home(command.conversation) or self._any_up()
        if worker is not None:
            self._routes.links[command.link] = worker
            self._send_all(self._plan.join(command.link, command.conversation, worker))
            self._send(worker, command)

    def _send(self, worker: str | None, command: Command) -> None:
        if worker is not None:
            self._workers[worker].channel.send(command)

    def _send_all(self, sends: Sends) -> None:
        for worker, command in sends:
            self._send(worker, command)

    # ── events ──────────────────────────────────────────────────────────────────────────────────

    def _event(self, worker: PoolWorker, event: Event) -> None:
        if isinstance(event, WarmPorts):
            worker.announce(event.ports)
        elif isinstance(event, Load):
            worker.load = event
        elif (known := self._routes.note(worker.name, event)) is not None:
            self._after(known)
            self._emit(known)

    def _after(self, event: Event) -> None:
        """What an event means for where things are."""
        if isinstance(event, PlaybackFinished):
            self._send_all(self._plan.release(event.playback))
        elif isinstance(event, RecordFinished):
            self._send_all(self._plan.release(event.recording))
        elif isinstance(event, LegRefused) and event.leg not in self._routes.opened:
            self._send_all(self._plan.leave(event.leg))
            self._forget_leg(event.leg)
        elif isinstance(event, DigitReceived):
            for playback in self._routes.watched(event.leg):
                self._send(self._routes.playbacks.get(playback), StopPlay(playback))

    def _forget_leg(self, leg: str) -> None:
        self._plan.forget(leg)
        worker = self._routes.forget_leg(leg)
        if worker is not None:
            self._workers[worker].legs.pop(leg, None)

    def _emit(self, event: Event) -> None:
        for handler in self._handlers:
            handler(event)

    def _soon(self, event: Event) -> None:
        """Told in a later callback, as a worker would."""
        asyncio.get_running_loop().call_soon(self._emit, event)

    # ── workers that come and go ────────────────────────────────────────────────────────────────

    def _up(self, worker: PoolWorker, up: Up) -> None:
        if up.fresh:
            self._lose(worker)
        links = self._plan.links_of(worker.name) | self._routes.links.keys()
        for command in self._routes.strangers(worker.name, up.items, links):
            log.info("media worker %s still had %s", worker.name, command)
            worker.channel.send(command)
        worker.announce([int(port) for port in up.items.get("port", [])])

    def _lose(self, worker: PoolWorker) -> None:
        legs = list(worker.legs)
        worker.forget()
        ended = self._routes.lose(worker.name)
        for name, command in self._plan.lose(worker.name):
            if name != worker.name:
                self._send(name, command)
        for leg in legs:
            self._plan.forget(leg)
        if legs:
            log.error("media worker %s took %d legs along", worker.name, len(legs))
            for handler in self._lost_handlers:
                handler(legs)
        for event in ended:
            self._emit(event)
