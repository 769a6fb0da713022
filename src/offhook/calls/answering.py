"""The watcher of a leg that REST ordered: once it is answered, its program runs."""

from collections.abc import Callable
from typing import Any

from offhook.calls import digits, legmedia, lifecycle, states
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.program import Program
from offhook.ncco.events import Begin

Json = Any


def hang_up_after(exchange: Exchange, leg: Leg) -> Callable[[str], None]:
    """What the end of a program means for the leg that owns it."""
    return lambda reason: lifecycle.hang_up(exchange, leg, states.HUNG_UP_BY_US)


class RestCall:
    """One outbound call of `POST /v1/calls`."""

    def __init__(self, exchange: Exchange, document: Json | None, dtmf_answer: str | None) -> None:
        self._exchange = exchange
        self._document = document
        """The NCCO of the request; None when it named an answer_url."""
        self._dtmf_answer = dtmf_answer

    def ringing(self, leg: Leg, body: bytes) -> None:
        """Nobody listens yet, so early media is ignored."""

    def answered(self, leg: Leg) -> None:
        legmedia.join(self._exchange, leg)
        if self._dtmf_answer:
            digits.send(self._exchange, leg, self._dtmf_answer)
        leg.program = Program(self._exchange, leg, hang_up_after(self._exchange, leg))
        leg.program.feed(Begin(self._document))

    def over(self, leg: Leg) -> None:
        """Everything is said by the leg's own events."""
