"""What every verb works with: the stores, the instant, and the outputs of the input being handled.

It composes and sends; it decides nothing. One context serves one stack; `now` and `out` are set anew for
each input.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from offhook.core.ids import Ids
from offhook.sip.build import response as build_response
from offhook.sip.build import size_of
from offhook.sip.events import Event
from offhook.sip.flow import Flow
from offhook.sip.flow_users import FlowUsers
from offhook.sip.machine import CancelTimer, Output, Send, SetTimer
from offhook.sip.message import Request, Response
from offhook.sip.nonces import NonceSource
from offhook.sip.parser import parse
from offhook.sip.routing import retransported, sent_by
from offhook.sip.session.state import Session, dialog_key
from offhook.sip.session.table import KEEPING, OWING, SESSION, On, Phase, Verb
from offhook.sip.timers import Timers
from offhook.sip.transaction.key import client_key
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.transaction.reports import Acked, Arrived, Item, Moved, Over, Refused, Replied, Report
from offhook.sip.via import MAGIC_COOKIE

PREFIX = "s"
"""The first word of the timer keys of sessions."""
TIMERS = ("ring", "cancel", "remind", "glare", "reoffer")
"""The names of a session's timers, beside `repeat` and `ack` for each 2xx that waits for its ACK."""

DEFAULT_TIMERS = Timers()

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE")
"""What we serve: the Allow header."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """The identity and the limits of one stack."""

    contact_host: str
    """The host in our Via and Contact; empty for the local address of each flow."""
    contact_port: int
    user_agent: str
    nonce_secret: bytes
    """Key of server nonces and stateless To tags; the same on every start lets old nonces live on."""
    contact_user: str = ""
    timers: Timers = DEFAULT_TIMERS
    limit: int = 100_000
    """Transactions at a time; beyond it new requests get 503, and far beyond it those inside dialogs too."""
    udp_limit: int = 1300
    """Bytes of a request above which TCP is tried first (RFC 3261 §18.1.1); 0 for never."""


Handler = Callable[["Context", Session, Any], None]


class Context:
    """The working set of a stack."""

    def __init__(self, config: StackConfig, ids: Ids, verbs: Mapping[Verb, Handler]) -> None:
        self.config = config
        self.ids = ids
        self.layer = TransactionLayer(config.timers, ids, config.limit)
        self.nonces = NonceSource(config.nonce_secret)
        self.sessions: dict[str, Session] = {}
        self.by_dialog: dict[str, str] = {}
        self.by_flow = FlowUsers()
        self.takes_calls = True
        """What an OPTIONS is told; INVITEs are refused by whoever gets their events."""
        self.now = 0
        self.out: list[Output] = []
        self.reports: deque[Report] = deque()
        self.marks: dict[str, bool] = {}
        """Sessions that a successor has to know as they are now (True), or need not know any more (False)."""
        self._kept: set[str] = set()
        self._verbs = verbs

    # the table

    def advance(self, session: Session, on: On, detail: Any = None) -> bool:
        """Take one step of the table; False when the pair is not in it and nothing has happened."""
        before, row = session.phase, SESSION.get((session.phase, on))
        if row is None:
            return False
        session.phase = row.next
        self._verbs[row.verb](self, session, detail)
        if row.verb in KEEPING:
            self.keep(session)
        if row.next is Phase.ENDED:
            if before is not Phase.ENDED:
                self._stop_timers(session)
                if row.verb not in OWING:
                    self.settle(session)
            self.release(session)
        return True

    # what a successor of this process has to know

    def keep(self, session: Session) -> None:
        """Nothing of this step may be sent before the session is stored as it is now."""
        self._kept.add(session.id)
        self.marks[session.id] = True

    def taken(self, session: Session) -> None:
        """The session is stored already: it comes from there."""
        self._kept.add(session.id)

    def settle(self, session: Session) -> None:
        """The peer knows that the session is over."""
        if session.id in self._kept:
            self._kept.discard(session.id)
            self.marks[session.id] = False

    # sessions

    def add(self, session: Session) -> None:
        self.sessions[session.id] = session
        self.uses(session, session.flow)
        self.by_dialog[dialog_key(session.invite.call_id, session.invite.local_tag)] = session.id

    def release(self, session: Session) -> None:
        """Forget an ended session once its transactions have ended too."""
        if session.phase is Phase.ENDED and not session.transactions:
            self.settle(session)
            self.sessions.pop(session.id, None)
            self.by_flow.drop(session.id)
            self.by_dialog.pop(dialog_key(session.invite.call_id, session.invite.local_tag), None)

    def uses(self, session: Session, flow: Flow) -> None:
        """The session sends on `flow` from now on, too: it is asked when that ends."""
        if session.id in self.sessions:
            self.by_flow.put(session.id, flow)

    def find(self, call_id: str, local_tag: str) -> Session | None:
        """The session of a dialog."""
        return self.sessions.get(self.by_dialog.get(dialog_key(call_id, local_tag), ""))

    def stop_repeating(self, session: Session, number: int) -> None:
        """The 2xx of the INVITE with this CSeq number goes out no more."""
        session.repeats.pop(number, None)
        self.cancel_timer(session, f"repeat/{number}")
        self.cancel_timer(session, f"ack/{number}")

    def _stop_timers(self, session: Session) -> None:
        for name in TIMERS:
            self.cancel_timer(session, name)
        for number in list(session.repeats):
            self.stop_repeating(session, number)

    # the wire

    def send(self, session: Session, request: Request, flow: Flow, purpose: str) -> str:
        """Begin a client transaction for a session; its key. A large request goes over TCP first (B10)."""
        fallback = None
        if flow.transport == "udp" and 0 < self.config.udp_limit < size_of(request):
            request, fallback = retransported(request, "TCP"), flow
            flow = Flow("tcp", flow.local, flow.remote)
        key = client_key(request)
        session.transactions.append(key)
        self.take(self.layer.request(self.now, request, flow, session.id, purpose, fallback))
        return key

    def adopt(self, session: Session, key: str, purpose: str) -> None:
        """Tie a server transaction to a session."""
        session.transactions.append(key)
        self.layer.own(key, session.id, purpose)

    def respond(
        self,
        arrived: Arrived,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Response:
        """Answer a request through its transaction."""
        made = self.compose(arrived.request, status, None, arrived.tag, headers, body, content_type)
        self.take(self.layer.respond(self.now, arrived.key, made))
        return made

    def compose(
        self,
        request: Request,
        status: int,
        reason: str | None,
        tag: str | None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Response:
        """A response of ours with Server; nothing is sent."""
        extra = [*headers]
        if status > 100:
            extra.append(("Server", self.config.user_agent))
        if body and content_type is None:
            content_type = "application/sdp"
        return build_response(
            request, status, reason, to_tag=tag, headers=extra, body=body, content_type=content_type
        )

    def transmit(self, data: bytes, flow: Flow) -> None:
        """Send bytes outside any transaction: an ACK, a repeated 2xx, a stateless answer."""
        self.out.append(Send(data, flow))

    def take(self, items: Iterable[Item]) -> None:
        """Sort what the transaction layer gave: outputs go out, reports wait for their turn."""
        for item in items:
            if isinstance(item, Arrived | Refused | Acked | Replied | Over | Moved):
                self.reports.append(item)
            else:
                self.out.append(item)

    def via(self, flow: Flow) -> str:
        """A Via of ours with a new branch."""
        branch = MAGIC_COOKIE + self.ids.token(12)
        return f"SIP/2.0/{flow.transport.upper()} {self.here(flow)};branch={branch};rport"

    def contact(self, flow: Flow) -> str:
        """Our Contact on this flow."""
        user = f"{self.config.contact_user}@" if self.config.contact_user else ""
        transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
        return f"<sip:{user}{self.here(flow)}{transport}>"

    def here(self, flow: Flow) -> str:
        """`host:port` where we are reached on this flow."""
        if not self.config.contact_host:
            return sent_by(*flow.local)
        port = self.config.contact_port if flow.transport in ("udp", "tcp") else flow.local[1]
        return sent_by(self.config.contact_host, port)

    # the application and the clock

    def emit(self, event: Event) -> None:
        self.out.append(event)

    def set_timer(self, session: Session, name: str, at: int) -> None:
        self.out.append(SetTimer(f"{PREFIX} {name} {session.id}", at))

    def cancel_timer(self, session: Session, name: str) -> None:
        self.out.append(CancelTimer(f"{PREFIX} {name} {session.id}"))


def request_of(data: bytes) -> Request:
    """A request that we have stored as bytes."""
    message = parse(data)
    assert isinstance(message, Request)
    return message
