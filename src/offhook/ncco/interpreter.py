"""The NCCO of one leg: events in, effects out.

It knows where programs come from, when one replaces another and when the call ends; `runner` runs them, and
what an action does is the action's. It does no I/O and has no clock. A one-shot token is forgotten once it
is used, so that late and repeated answers fall on nothing. The rules are in docs/specs/ncco.md.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from offhook.core.errors import NccoError
from offhook.core.ids import Ids
from offhook.ncco.document import SYNTAX_ERROR, parse, syntax_error
from offhook.ncco.effects import Effect, FetchNcco, HangUpLeg, Json
from offhook.ncco.events import Begin, Event, FetchFailed, LegGone, NccoFetched, Transfer
from offhook.ncco.program import Program
from offhook.ncco.runner import Runner
from offhook.ncco.settings import DEFAULT_SETTINGS, Settings

Phase = Literal["new", "fetching", "running", "hung_up", "gone"]


@dataclass(frozen=True, slots=True)
class Fetch:
    """The NCCO that is awaited."""

    token: str
    url: str | None
    method: str | None
    fallback: bool


class Interpreter:
    """`handle` never raises on an event, whatever its order or content."""

    def __init__(self, ids: Ids, settings: Settings = DEFAULT_SETTINGS) -> None:
        self._ids = ids
        self._settings = settings
        self._phase: Phase = "new"
        self._fetch: Fetch | None = None
        self._runner = Runner(ids, settings)

    @property
    def phase(self) -> Phase:
        """`hung_up` once it has asked for the end of the leg, `gone` once the leg is over."""
        return self._phase

    @property
    def finished(self) -> bool:
        """The leg is over and nothing is left to be finished."""
        return self._phase == "gone" and self._runner.idle

    def handle(self, now: int, event: Event) -> list[Effect]:
        """What `event` leads to, in order. `now` is the monotonic instant in nanoseconds."""
        match event:
            case Begin():
                return self._begin(now, event.document)
            case NccoFetched():
                return self._fetched(now, event)
            case FetchFailed():
                return self._fetch_failed(event)
            case Transfer():
                return self._transfer(now, event)
            case LegGone():
                return self._gone(now)
        return self._hung_up_if_over(self._runner.feed(now, event))

    def _begin(self, now: int, document: Json) -> list[Effect]:
        if self._phase != "new":
            return []
        if document is None:
            return self._ask(None, None)
        try:
            program = parse(document, limits=self._settings.limits)
        except NccoError as error:
            return [syntax_error(error), *self._hang_up(SYNTAX_ERROR)]
        return self._run(now, program)

    def _ask(self, url: str | None, method: str | None, reason: str | None = None) -> list[Effect]:
        """Ask for an NCCO; a `reason` turns to the fallback answer URL."""
        self._phase = "fetching"
        self._fetch = Fetch(self._ids.token(), url, method, fallback=reason is not None)
        return [FetchNcco(self._fetch.token, url, method, reason is not None, reason)]

    def _fetched(self, now: int, event: NccoFetched) -> list[Effect]:
        fetch = self._fetch
        if fetch is None or fetch.token != event.token:
            return []
        self._fetch = None
        try:
            program = parse(event.document, limits=self._settings.limits)
        except NccoError as error:
            if fetch.fallback or event.fallback:
                return [syntax_error(error), *self._hang_up(SYNTAX_ERROR)]
            return [syntax_error(error), *self._ask(fetch.url, fetch.method, SYNTAX_ERROR)]
        return self._run(now, program)

    def _fetch_failed(self, event: FetchFailed) -> list[Effect]:
        if self._fetch is None or self._fetch.token != event.token:
            return []
        self._fetch = None
        return self._hang_up(f"no NCCO: {event.reason}")

    def _transfer(self, now: int, event: Transfer) -> list[Effect]:
        if self._phase in ("hung_up", "gone"):
            return []
        if event.document is None:
            return [] if event.url is None else [*self._abandon(now), *self._ask(event.url, event.method)]
        try:
            program = parse(event.document, limits=self._settings.limits)
        except NccoError as error:
            return [syntax_error(error)]
        return [*self._abandon(now), *self._run(now, program)]

    def _abandon(self, now: int) -> list[Effect]:
        self._fetch = None
        return self._runner.abandon(now)

    def _run(self, now: int, program: Program) -> list[Effect]:
        self._phase = "running"
        return self._hung_up_if_over(self._runner.run(now, program))

    def _hung_up_if_over(self, effects: list[Effect]) -> list[Effect]:
        if self._phase != "running" or self._runner.over is None:
            return effects
        return effects + self._hang_up(self._runner.over)

    def _hang_up(self, reason: str) -> list[Effect]:
        self._phase = "hung_up"
        return [HangUpLeg(reason)]

    def _gone(self, now: int) -> list[Effect]:
        self._phase = "gone"
        self._fetch = None
        return self._runner.close(now)

    def dump(self) -> dict[str, Any]:
        """The whole state as JSON data, to be taken up by `load` in this or another process."""
        return {
            "phase": self._phase,
            "fetch": None if self._fetch is None else asdict(self._fetch),
            **self._runner.dump(),
        }

    @classmethod
    def load(cls, ids: Ids, data: dict[str, Any], settings: Settings = DEFAULT_SETTINGS) -> "Interpreter":
        """An interpreter that goes on where `dump` was taken."""
        self = cls(ids, settings)
        self._phase = data["phase"]
        self._fetch = None if data["fetch"] is None else Fetch(**data["fetch"])
        self._runner.restore(data)
        return self
