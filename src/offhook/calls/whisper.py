"""`onAnswer`: an NCCO for the callee alone, before the parties are joined.

It is an ordinary program, owned by the callee's leg and heard by it only; its answer URL is the one of
`onAnswer`. When it ends the parties are joined; without a usable NCCO the callee is hung up.
"""

from collections.abc import Callable

from offhook.calls import legmedia
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.program import Program
from offhook.ncco.events import Begin


class Whisper:
    """The private program of one callee."""

    def __init__(
        self, exchange: Exchange, callee: Leg, on_joined: Callable[[], None], on_failed: Callable[[], None]
    ) -> None:
        self._exchange = exchange
        self._callee = callee
        self._on_joined = on_joined
        self._on_failed = on_failed

    def start(self) -> None:
        """Take the callee out of the conversation's sound and run the NCCO."""
        legmedia.part(self._exchange, self._callee)
        self._callee.program = Program(self._exchange, self._callee, self._over, private=True)
        self._callee.program.feed(Begin())

    def _over(self, reason: str) -> None:
        program = self._callee.program
        if program is None or self._callee.over:
            return
        failed = program.fetch_failed
        program.close()
        self._callee.program = None
        if failed:
            self._on_failed()
        else:
            self._on_joined()
