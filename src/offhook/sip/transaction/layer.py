"""All transactions of a stack: finds the one a message belongs to, starts new ones, forgets ended ones.

What it gives back is a list of outputs (for the wire and the timers) and reports (for the session layer).
It owns retransmission and the ACK to failures; it knows nothing of dialogs. RFC 3261 §17, RFC 6026,
RFC 4320; merged requests §8.2.2.2.
"""

from collections.abc import Callable

from offhook.core.errors import LocalStateError
from offhook.core.ids import Ids
from offhook.sip.build import serialise
from offhook.sip.flow import Flow
from offhook.sip.flow_users import FlowUsers
from offhook.sip.machine import Send
from offhook.sip.message import Request, Response
from offhook.sip.parser import parse
from offhook.sip.routing import reopened_destination, retransported
from offhook.sip.timers import Timers
from offhook.sip.transaction.key import client_key, merge_key, server_key
from offhook.sip.transaction.machine import Kind, Record, Step, read_timer_key, step
from offhook.sip.transaction.reports import Acked, Arrived, Item, Moved, Over, Refused, Replied
from offhook.sip.transaction.table import On, State

BEFORE_ANY_RESPONSE = (State.CALLING, State.TRYING)
WAITING = (State.CALLING, State.TRYING, State.PROCEEDING)
UNANSWERED = frozenset(
    {
        *((kind, state) for kind in (Kind.CLIENT, Kind.INVITE_CLIENT) for state in WAITING),
        (Kind.INVITE_SERVER, State.COMPLETED),
    }
)
"""Where a transaction has sent a message that its peer still owes an answer, or an ACK, to."""


class TransactionLayer:
    """The transaction store. `limit` bounds what peers can make us remember."""

    def __init__(self, timers: Timers, ids: Ids, limit: int) -> None:
        self.records: dict[str, Record] = {}
        self._merged: dict[str, str] = {}
        self._merge_keys: dict[str, str] = {}
        self._by_flow = FlowUsers()
        self._timers = timers
        self._ids = ids
        self._limit = limit

    def receive_request(self, now: int, request: Request, flow: Flow, reply_to: Flow) -> list[Item]:
        """A valid request whose top Via is stamped. `reply_to` is where its responses go (§18.2.2)."""
        key = server_key(request)
        record = self.records.get(key)
        if record is not None:
            on = On.ACK if request.method == "ACK" else On.REQUEST
            return self._step(now, record, on, b"", lambda: Acked(request, flow))
        if request.method == "ACK":
            return [Acked(request, flow)]
        merge = merge_key(request)
        if merge is not None and merge in self._merged:
            return [Refused(request, 482, reply_to)]
        if len(self.records) >= (self._limit if merge is not None else 2 * self._limit):
            return [Refused(request, 503, reply_to)]
        return self._arrive(now, key, merge, request, flow, reply_to)

    def receive_response(self, now: int, response: Response, flow: Flow) -> list[Item]:
        """A valid response. One that answers nothing of ours is dropped (RFC 6026 §7.2)."""
        key = client_key(response)
        record = self.records.get(key)
        if record is None:
            return []
        on = _response_input(record.kind, response.status)
        data = serialise(response) if on is On.FAILURE else b""
        report = Replied(key, record.owner, record.purpose, response, flow, record.request)
        return self._step(now, record, on, data, lambda: report)

    def request(
        self, now: int, request: Request, flow: Flow, owner: str, purpose: str, fallback: Flow | None = None
    ) -> list[Item]:
        """Begin a client transaction. Its key is `client_key(request)`; the branch must be new.

        `fallback` is the UDP flow to try when nobody takes a connection on `flow` (§18.1.1).
        """
        kind = Kind.INVITE_CLIENT if request.method == "INVITE" else Kind.CLIENT
        key = client_key(request)
        if key in self.records:
            raise LocalStateError(f"branch of {request.method} is in use; make a new one for every request")
        record = Record(key, kind, flow, serialise(request), started=now, owner=owner, purpose=purpose)
        record.fallback = fallback
        self.restore(record)
        return self._step(now, record, On.START, b"")

    def restore(self, record: Record) -> None:
        """Take in a transaction as it is, e.g. one of a process that is gone."""
        self.records[record.key] = record
        self._by_flow.put(record.key, record.flow)

    def respond(self, now: int, key: str, response: Response) -> list[Item]:
        """Send a response through its server transaction. One that has ended says nothing."""
        record = self.records.get(key)
        if record is None or not _permitted(record, now, response.status, self._timers):
            return []
        on = _reply_input(record.kind, response.status)
        return self._step(now, record, on, serialise(response))

    def forget(self, key: str) -> list[Item]:
        """Drop a server transaction without a trace: what it answers is answered statelessly (§8.2.7)."""
        record = self.records.get(key)
        if record is None:
            return []
        stop = step(record, self._timers, 0, On.ERROR)
        return [*stop.outputs, self._remove(record, "")]

    def own(self, key: str, owner: str, purpose: str) -> None:
        """Tie a server transaction to a session."""
        record = self.records.get(key)
        if record is not None:
            record.owner, record.purpose = owner, purpose

    def fire(self, now: int, timer: str) -> list[Item]:
        """A timer of a transaction is due; one that was stopped meanwhile is ignored."""
        found = read_timer_key(timer)
        record = self.records.get(found[0]) if found else None
        if record is None or found is None:
            return []
        return self._step(now, record, found[1], b"")

    def transport_failed(self, now: int, flow: Flow) -> list[Item]:
        """Nothing can be sent on `flow`: the transactions that still need it fail (§17.1.4, §17.2.4)."""
        items: list[Item] = []
        for record in self._on(flow):
            if record.fallback is not None and record.state in BEFORE_ANY_RESPONSE:
                items += self._fall_back(now, record, record.fallback)
            else:
                items += self._step(now, record, On.ERROR, b"")
        return items

    def disconnected(self, now: int, flow: Flow, way: Callable[[str], Flow | None]) -> list[Item]:
        """The connection of `flow` is gone; `way` says where the requests of a session go instead.

        Nothing fails: a request without any response is sent once more, a refusal that waits for its ACK too,
        and responses to come go where the Via of their request points (§18.2.2).
        """
        items: list[Item] = []
        for record in self._on(flow):
            server = record.kind in (Kind.INVITE_SERVER, Kind.SERVER)
            self._move(record, (record.reopen if server else way(record.owner)) or flow)
            if record.state in BEFORE_ANY_RESPONSE and not server:
                items += self._once_more(now, record)
            elif (record.kind, record.state) == (Kind.INVITE_SERVER, State.COMPLETED):
                items.append(Send(record.reply, record.flow))
        return items

    def _once_more(self, now: int, record: Record) -> list[Item]:
        if record.resent and record.fallback is not None:
            return self._fall_back(now, record, record.fallback)
        if record.resent:
            return self._step(now, record, On.ERROR, b"")
        record.resent = True
        return [Send(record.request, record.flow)]

    def _fall_back(self, now: int, record: Record, flow: Flow) -> list[Item]:
        """Nobody takes connections: the same request over UDP, from the start."""
        request = parse(record.request)
        assert isinstance(request, Request)
        record.request = serialise(retransported(request, "UDP"))
        self._move(record, flow)
        record.fallback, record.state = None, State.INITIAL
        return [*self._step(now, record, On.START, b""), Moved(record.key, record.owner)]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def unanswered(self) -> int:
        """How many messages of ours still wait for the peer: requests, and refusals of an INVITE."""
        return sum((record.kind, record.state) in UNANSWERED for record in self.records.values())

    def _arrive(
        self, now: int, key: str, merge: str | None, request: Request, flow: Flow, reply_to: Flow
    ) -> list[Item]:
        kind = Kind.INVITE_SERVER if request.method == "INVITE" else Kind.SERVER
        data = serialise(request) if kind is Kind.INVITE_SERVER else b""
        record = Record(key, kind, reply_to, data, started=now, tag=self._ids.token(8))
        record.reopen = reopened_destination(request, flow) if flow.reliable else None
        self.restore(record)
        if merge is not None:
            self._merged[merge] = key
            self._merge_keys[key] = merge
        return self._step(now, record, On.START, b"", lambda: Arrived(key, request, flow, record.tag))

    def _step(
        self, now: int, record: Record, on: On, message: bytes, report: Callable[[], Item] | None = None
    ) -> list[Item]:
        result: Step = step(record, self._timers, now, on, message)
        items: list[Item] = list(result.outputs)
        if result.deliver and report is not None:
            items.append(report())
        if record.state is State.TERMINATED:
            items.append(self._remove(record, result.failure))
        return items

    def _on(self, flow: Flow) -> list[Record]:
        known = [self.records[key] for key in self._by_flow.on(flow)]
        return [record for record in known if record.flow == flow]

    def _move(self, record: Record, flow: Flow) -> None:
        record.flow = flow
        self._by_flow.put(record.key, flow)

    def _remove(self, record: Record, failure: str) -> Over:
        self.records.pop(record.key, None)
        self._by_flow.drop(record.key)
        merge = self._merge_keys.pop(record.key, None)
        if merge is not None:
            self._merged.pop(merge, None)
        return Over(record.key, record.owner, record.purpose, failure)


def _response_input(kind: Kind, status: int) -> On:
    if status < 200:
        return On.PROVISIONAL
    if kind is Kind.CLIENT:
        return On.FINAL
    return On.SUCCESS if status < 300 else On.FAILURE


def _reply_input(kind: Kind, status: int) -> On:
    if status < 200:
        return On.SEND_PROVISIONAL
    if kind is Kind.SERVER:
        return On.SEND_FINAL
    return On.SEND_SUCCESS if status < 300 else On.SEND_FAILURE


def _permitted(record: Record, now: int, status: int, timers: Timers) -> bool:
    """RFC 4320 §4: to a non-INVITE request no 101–199, no 408, and over UDP no early 100."""
    if record.kind is not Kind.SERVER:
        return True
    if status == 100:
        return record.flow.reliable or now - record.started >= timers.e_reaches_t2
    return status >= 200 and status != 408
