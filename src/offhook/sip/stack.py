"""The SIP stack as one machine: bytes, timers and commands in; bytes, timers and events out.

Composition only: parser → validator → transaction layer → dispatch to sessions. It serves both ends of a
call. What cannot be read is dropped in silence; what can be read but not accepted gets a stateless answer.
`handle` never raises on what the network sends; it raises LocalStateError for a `Dial` that cannot be sent.
"""

from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.core.ids import Ids
from offhook.sip.commands import Credentials
from offhook.sip.flow import Flow
from offhook.sip.machine import Alias, Disconnected, Input, Output, Received, TimerFired, TransportFailed
from offhook.sip.message import Request, Response
from offhook.sip.parser import parse
from offhook.sip.routing import alias_of, response_destination, stamp_received
from offhook.sip.session import dispatch, incoming, resume, streams
from offhook.sip.session.context import METHODS, Context, StackConfig
from offhook.sip.session.other import say
from offhook.sip.session.table import Phase
from offhook.sip.session.verbs import VERBS
from offhook.sip.transaction.reports import Report
from offhook.sip.validate import Abilities, validate, validate_response

__all__ = ["SipStack", "StackConfig"]

ABILITIES = Abilities(methods=METHODS)


class SipStack:
    """One SIP element with any number of calls."""

    def __init__(self, config: StackConfig, ids: Ids) -> None:
        self._ctx = Context(config, ids, VERBS)

    def handle(self, now: int, given: Input) -> list[Output]:
        """Take one input at the monotonic instant `now` (ns); the outputs are in the order to be done."""
        ctx = self._ctx
        ctx.now, ctx.out = now, []
        if isinstance(given, Received):
            self._receive(given)
        elif isinstance(given, TimerFired):
            ctx.take(ctx.layer.fire(now, given.key))
            dispatch.timer(ctx, given.key)
            incoming.trying(ctx, given.key)
        elif isinstance(given, TransportFailed):
            ctx.take(ctx.layer.transport_failed(now, given.flow))
        elif isinstance(given, Disconnected):
            streams.disconnected(ctx, given.flow)
        else:
            dispatch.command(ctx, given)
        while ctx.reports:
            self._report(ctx.reports.popleft())
        return ctx.out

    def dump(self, session: str) -> bytes | None:
        """A checkpoint of a session, so that another process can end it; None when its end is decided."""
        return resume.dump(self._ctx, session)

    def load(self, session: str, dialog: bytes, credentials: Credentials | None = None) -> None:
        """Take in a checkpoint, so that `HangUp(session)` ends that call. Raises ValueError if it is none.

        `credentials` answer a challenge to its BYE: passwords are not in checkpoints.
        """
        if resume.load(self._ctx, dialog, credentials) != session:
            raise ValueError(f"the checkpoint is not that of session {session}")

    def marks(self) -> dict[str, bool]:
        """What changed since the last look: sessions to be stored as they are (True) or forgotten (False).

        Whoever wants that no call outlives this process looks after every `handle`, and sends nothing of it
        before the session is stored (`dump`).
        """
        found, self._ctx.marks = self._ctx.marks, {}
        return found

    def take_calls(self, on: bool) -> None:
        """Whether an OPTIONS is told that calls are taken here."""
        self._ctx.takes_calls = on

    @property
    def sessions(self) -> list[str]:
        """The ids of all sessions that still owe something."""
        return list(self._ctx.sessions)

    @property
    def transactions(self) -> int:
        """How many transactions are remembered."""
        return len(self._ctx.layer)

    @property
    def unanswered(self) -> int:
        """How many requests and refusals of ours wait for the peer, and BYEs that wait for its ACK."""
        leaving = sum(session.phase is Phase.LEAVING for session in self._ctx.sessions.values())
        return self._ctx.layer.unanswered + leaving

    def _receive(self, given: Received) -> None:
        try:
            message = parse(given.data)
            if isinstance(message, Request):
                self._request(message, given.flow)
            else:
                self._response(message, given.flow)
        except (RemoteProtocolError, LocalStateError):
            # Garbage, or a request whose own headers cannot be echoed safely: silence is the answer.
            return

    def _report(self, report: Report) -> None:
        try:
            dispatch.report(self._ctx, report)
        except (RemoteProtocolError, LocalStateError):
            # A message that passed the validator but holds what its own answer cannot: it is left unanswered.
            return

    def _request(self, request: Request, flow: Flow) -> None:
        ctx = self._ctx
        stamp_received(request, flow)
        reply_to = response_destination(request, flow)
        refusal = validate(request, ABILITIES)
        if refusal is None:
            alias = alias_of(request, flow)
            if alias is not None:
                ctx.out.append(Alias(flow, alias))
            ctx.take(ctx.layer.receive_request(ctx.now, request, flow, reply_to))
        elif request.method != "ACK":
            say(ctx, request, reply_to, refusal.status, refusal.reason, refusal.headers)

    def _response(self, response: Response, flow: Flow) -> None:
        ctx = self._ctx
        if validate_response(response):
            ctx.take(ctx.layer.receive_response(ctx.now, response, flow))
