"""Runs a SIP machine on an asyncio event loop (the machine contract of `sip.machine`).

One input at a time goes in and everything that comes out is carried out before the next: bytes to `send`,
events to `on_event`, timers to a heap behind a single timer of the loop. It knows no sockets and no SIP.
A machine that raises has lost only the input it was given: the fault is logged and life goes on.
"""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from offhook.core.clock import Clock
from offhook.core.errors import LocalStateError
from offhook.sip.commands import Command, Dial
from offhook.sip.events import Event, Failed
from offhook.sip.flow import Flow
from offhook.sip.machine import (
    Alias,
    CancelTimer,
    Disconnected,
    Input,
    Output,
    Received,
    Send,
    SetTimer,
    TimerFired,
    TransportFailed,
)
from offhook.transport.loop_timers import LoopTimers

log = logging.getLogger("offhook.transport")


class Machine(Protocol):
    """A SIP stack, or anything else with its contract."""

    def handle(self, now: int, input: Input) -> list[Output]: ...


class SipDriver:
    """Feeds `stack` and does what it says.

    `on_event` and `send` may call back into the driver: what they ask for waits its turn. `observe`, when
    given, sees every input and output with its instant, in order. `keep`, when given, is asked after every
    input: what the machine wants to send then goes out once the future it gives is done.
    """

    def __init__(
        self,
        stack: Machine,
        clock: Clock,
        send: Callable[[bytes, Flow], None],
        on_event: Callable[[Event], None],
        loop: asyncio.AbstractEventLoop,
        *,
        observe: Callable[[int, Input | Output], None] | None = None,
        keep: Callable[[], "asyncio.Future[None] | None"] | None = None,
        alias: Callable[[Flow, Flow], None] | None = None,
    ) -> None:
        self._stack = stack
        self._clock = clock
        self._send = send
        self._on_event = on_event
        self._observe = observe
        self._alias = alias
        self._keep = keep
        self._waiting: deque[Input] = deque()
        self._running = False
        self._closed = False
        self._timers = LoopTimers(clock, loop, self._fire)

    def feed(self, data: bytes, flow: Flow) -> None:
        """A message came in on `flow`."""
        self._put(Received(data, flow))

    def command(self, command: Command) -> None:
        """The application asks for something."""
        self._put(command)

    def transport_failed(self, flow: Flow, reason: str) -> None:
        """Nothing could be sent on `flow`."""
        self._put(TransportFailed(flow, reason))

    def disconnected(self, flow: Flow, reason: str) -> None:
        """The connection of `flow` has ended after it had stood."""
        self._put(Disconnected(flow, reason))

    def close(self) -> None:
        """Stop the timers and ignore everything from now on."""
        self._closed = True
        self._waiting.clear()
        self._timers.close()

    @property
    def timers(self) -> int:
        """How many timers are set."""
        return len(self._timers)

    def _fire(self, key: str) -> None:
        self._put(TimerFired(key))

    def _put(self, input: Input) -> None:
        if self._closed:
            return
        self._waiting.append(input)
        if self._running:
            return
        self._running = True
        try:
            while self._waiting:
                self._step(self._waiting.popleft())
        finally:
            self._running = False
        self._timers.arm()

    def _step(self, input: Input) -> None:
        now = self._clock.now()
        self._watch(now, input)
        try:
            outputs = self._stack.handle(now, input)
        except LocalStateError as error:
            log.warning("the SIP machine refuses %s: %s", describe(input), error)
            outputs = _never_sent(input, str(error))
        except Exception:
            log.exception("the SIP machine failed on %s and goes on without it", describe(input))
            return
        stored = self._store()
        if stored is not None:
            held = [output for output in outputs if isinstance(output, Send)]
            outputs = [output for output in outputs if not isinstance(output, Send)]
            stored.add_done_callback(lambda _: self._let_go(held))
        self._do(now, outputs)

    def _do(self, now: int, outputs: Iterable[Output]) -> None:
        for output in outputs:
            self._watch(now, output)
            try:
                self._carry_out(output)
            except Exception:
                log.exception("%s of the SIP machine could not be carried out", type(output).__name__)

    def _store(self) -> "asyncio.Future[None] | None":
        """What has to be done before anything is sent; None when it is done, or cannot be."""
        try:
            stored = self._keep() if self._keep is not None else None
        except Exception:
            log.exception("the sessions could not be stored; a crash now would leave calls up")
            return None
        return None if stored is None or stored.done() else stored

    def _let_go(self, held: list[Send]) -> None:
        if not self._closed:
            self._do(self._clock.now(), held)

    def _carry_out(self, output: Output) -> None:
        if isinstance(output, Send):
            self._send(output.data, output.flow)
        elif isinstance(output, SetTimer):
            self._timers.set(output.key, output.at)
        elif isinstance(output, CancelTimer):
            self._timers.cancel(output.key)
        elif not isinstance(output, Alias):
            self._on_event(output)
        elif self._alias is not None:
            self._alias(output.flow, output.address)

    def _watch(self, now: int, what: Input | Output) -> None:
        if self._observe is None:
            return
        try:
            self._observe(now, what)
        except Exception:
            log.exception("the observer of the SIP machine failed")


def _never_sent(input: Input, reason: str) -> list[Output]:
    """What is told of a command that could not be carried out: a call that was never dialled has failed."""
    if isinstance(input, Dial):
        return [Failed(input.session, 500, reason, (), local=True)]
    return []


def describe(input: Input) -> str:
    """An input in one line for the log: a message by its digest, because it may hold secrets."""
    if isinstance(input, Received):
        digest = hashlib.sha256(input.data).hexdigest()[:16]
        return f"a message of {len(input.data)} bytes (sha256 {digest}) from {input.flow}"
    if isinstance(input, TimerFired):
        return f"timer {input.key}"
    if isinstance(input, TransportFailed):
        return f"failure of {input.flow}"
    if isinstance(input, Disconnected):
        return f"end of {input.flow}"
    return f"{type(input).__name__} for session {input.session}"
