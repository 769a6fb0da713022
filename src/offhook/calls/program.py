"""A running NCCO and the leg that owns it.

The interpreter (`ncco/interpreter.py`) decides; this class feeds it one event after another and hands its
effects to `perform/`. Effects may cause events at once: those wait until the effects at hand are done. After
`close` nothing reaches the interpreter any more, so a late webhook or prompt finds nobody.
"""

from asyncio import TimerHandle
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.ncco.effects import Effect
from offhook.ncco.events import Event, LegGone
from offhook.ncco.interpreter import Interpreter

if TYPE_CHECKING:
    from offhook.calls.connecting import Connecting

OnEnd = Callable[[str], None]
OnReady = Callable[[], None]


@dataclass(slots=True)
class Running:
    """What a program has going on, by the interpreter's id for it."""

    timers: dict[str, TimerHandle] = field(default_factory=dict)
    connects: "dict[str, Connecting]" = field(default_factory=dict)
    recordings: dict[str, str] = field(default_factory=dict)
    """The ids of the recordings themselves."""


@dataclass(slots=True)
class Gate:
    """Keeps the first usable document of a leg that is not answered yet."""

    on_ready: OnReady | None
    """Called once that document is here; None when there is nothing to wait for."""
    shut: bool = False
    """A document waits for `go`."""


class Program:
    """One program of one leg."""

    def __init__(
        self,
        exchange: Exchange,
        leg: Leg,
        on_end: OnEnd,
        *,
        private: bool = False,
        on_ready: OnReady | None = None,
    ) -> None:
        self.exchange = exchange
        self.leg = leg
        self.on_end = on_end
        """Called with a reason when the program is over by itself."""
        self.private = private
        """Heard by its leg only (`onAnswer`), not by the conversation."""
        self.running = Running()
        self.fetch_failed = False
        """The last NCCO that was fetched is not usable, or could not be had."""
        self.closed = False
        self._gate = Gate(on_ready)
        self._interpreter = Interpreter(exchange.ports.ids, exchange.settings.ncco)
        self._queue: deque[Event] = deque()
        self._busy = False

    @property
    def target(self) -> str:
        """Who hears its prompts, as the media worker names it."""
        return f"leg:{self.leg.leg_id}" if self.private else self.leg.conversation.target

    def feed(self, event: Event) -> None:
        """Something happened. Ignored once the program is closed."""
        if self.closed:
            return
        self._queue.append(event)
        if not self._busy and not self._gate.shut:
            self._drain()

    def hold(self, event: Event) -> None:
        """The first usable document came: keep it until `go`, and say so to the leg's owner."""
        self.fetch_failed = False
        on_ready = self._gate.on_ready
        self._gate.shut = on_ready is not None
        self.feed(event)
        if on_ready is not None:
            on_ready()

    def go_public(self, on_end: OnEnd) -> None:
        """A private program has taken its leg to others: it goes on as any program of a leg."""
        self.private = False
        self.on_end = on_end

    def go(self) -> None:
        """The leg stands: a document that was held is run now, a later one at once."""
        self._gate = Gate(None)
        if self._queue and not self._busy:
            self._drain()

    def close(self) -> None:
        """The leg is gone, or the program has no use any more: stop everything it has going on."""
        if self.closed:
            return
        self.closed = True
        self._queue.clear()
        self._run(LegGone())
        for timer in self.running.timers.values():
            timer.cancel()
        self.running.timers.clear()

    def _drain(self) -> None:
        self._busy = True
        try:
            while self._queue and not self.closed:
                self._run(self._queue.popleft())
        finally:
            self._busy = False

    def _run(self, event: Event) -> None:
        closing = self.closed
        self.exchange.trace.leg(self.leg, "ncco.event", event)
        for effect in self._interpreter.handle(self.exchange.now(), event):
            if self.closed and not closing:
                return  # an effect before this one ended the leg; LegGone has stopped the rest
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        self.exchange.trace.leg(self.leg, "ncco.effect", effect)
        self.exchange.perform(self, effect)
