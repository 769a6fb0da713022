"""One `connect` of a program: the leg it adds, from the wish to the end of both.

The order of events is in `docs/specs/calls.md` §7. The program hears of the end exactly once, by
`ConnectFinished`; with `eventType: synchronous` after the reply to the failure event.
"""

import asyncio
from asyncio import Future
from typing import TYPE_CHECKING, Any

from offhook.calls import digits, legmedia, lifecycle, outbound, states
from offhook.calls.connect_order import CallerIdRefused, caller_id, order_of, plan_of
from offhook.calls.endpoints.plan import Unroutable
from offhook.calls.leg import Leg
from offhook.calls.ringback import Ringback
from offhook.calls.whisper import Whisper
from offhook.core.errors import DeliveryError
from offhook.ncco.effects import PhoneEndpoint, StartConnect
from offhook.ncco.events import ConnectFinished

if TYPE_CHECKING:
    from offhook.calls.program import Program

Json = Any


class Connecting:
    """The watcher of a leg that a program asked for."""

    def __init__(self, program: "Program", wish: StartConnect) -> None:
        self._program = program
        self._exchange = program.exchange
        self._wish = wish
        self._leg: Leg | None = None
        self._joined = False
        self._stopped = False
        self._finished = False
        self._ringback = Ringback(
            self._exchange, program.leg, wish.endpoint.ringback_url or wish.ringback_url
        )

    def start(self) -> None:
        """Look up numbers and trunks in the background, then dial."""
        self._exchange.tasks.start(self._begin(), f"connect {self._wish.connect}")

    async def _begin(self) -> None:
        wish, caller = self._wish, self._program.leg
        try:
            shown: str | CallerIdRefused = await caller_id(self._exchange, caller, wish)
        except Exception:
            self._report(answered=False, status="failed")
            raise
        if self._stopped or self._program.closed:
            return
        full = self._exchange.no_room(caller.party.account_id)
        self._leg = leg = outbound.create(self._exchange, order_of(self._exchange, caller, wish, shown, self))
        if isinstance(shown, CallerIdRefused):
            outbound.unroutable(self._exchange, leg, Unroutable(shown.reason, "caller-id"))
            return
        if full is not None:
            outbound.no_room(self._exchange, leg, full)
            return
        self._ringback.start()
        try:
            plan = await plan_of(self._exchange, caller, wish, shown)
        except Exception:
            lifecycle.finish(self._exchange, leg, states.NO_RESOURCES)
            raise
        outbound.dial(self._exchange, leg, plan)

    def ringing(self, leg: Leg, body: bytes) -> None:
        if body:
            self._ringback.early_media(leg, body)

    def answered(self, leg: Leg) -> None:
        endpoint = self._wish.endpoint
        if isinstance(endpoint, PhoneEndpoint) and endpoint.dtmf_answer:
            digits.send(self._exchange, leg, endpoint.dtmf_answer)
        if endpoint.on_answer_url:
            Whisper(self._exchange, leg, self._join, self._whisper_failed).start()
        else:
            self._join()

    def _join(self) -> None:
        leg = self._leg
        if leg is not None and not leg.over:
            self._ringback.stop()
            self._joined = True
            legmedia.join(self._exchange, leg)

    def _whisper_failed(self) -> None:
        if self._leg is not None:
            lifecycle.hang_up(self._exchange, self._leg, states.HUNG_UP_BY_US)

    def over(self, leg: Leg) -> None:
        """The leg ended, or never came about."""
        self._ringback.stop()
        cause = leg.cause
        status = cause.status if cause is not None and cause.status is not None else "completed"
        if leg.reply is not None and not self._program.closed:
            self._exchange.tasks.start(self._await_reply(status, leg.reply), f"reply {leg.leg_id}")
        else:
            self._report(answered=self._joined, status=status)

    async def _await_reply(self, status: str, reply: "Future[Json | None]") -> None:
        try:
            document = await reply
        except (DeliveryError, asyncio.CancelledError):
            document = None
        self._report(answered=self._joined, status=status, ncco=document)

    def _report(self, *, answered: bool, status: str, ncco: Json | None = None) -> None:
        if self._finished:
            return
        self._finished = True
        self._program.running.connects.pop(self._wish.connect, None)
        self._program.feed(ConnectFinished(self._wish.connect, answered, status, ncco))

    def stop(self) -> None:
        """The program does not want it any more: give up, or hang up."""
        self._stopped = True
        self._ringback.stop()
        if self._leg is None:
            self._report(answered=False, status="cancelled")
        elif not self._leg.over:
            answered = self._leg.answered
            lifecycle.hang_up(
                self._exchange, self._leg, states.HUNG_UP_BY_US if answered else states.GIVEN_UP
            )
