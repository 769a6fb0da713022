"""All connections of one kind (TCP, later TLS): who may connect, which one a message goes on, when each ends.

A `Flow` names a connection by our listening address and the peer's: what we dial has the address dialled,
what the peer dialled has the port it came from. Messages to one address share one dial (B11). Which
connection a message belongs on is the stack's business, how a single one lives is `connection.py`'s.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from functools import partial

from offhook.core.clock import NS_PER_SECOND, Clock
from offhook.sip.flow import Address, Flow
from offhook.sip.framing import PONG_BYTES
from offhook.transport.acl import Acl
from offhook.transport.connection import Act, Connection, Do, On, State
from offhook.transport.loop_timers import LoopTimers
from offhook.transport.streams import Link, StreamLimits, StreamSink, StreamWire

log = logging.getLogger("offhook.transport")


class StreamPool:
    """Connections over one wire. `transport` is the word in flows: `tcp`. An `acl` judges who may connect."""

    def __init__(
        self,
        transport: str,
        wire: StreamWire,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        *,
        limits: StreamLimits | None = None,
        acl: Acl | None = None,
    ) -> None:
        self.limits = limits or StreamLimits()
        self.addresses: list[Address] = []
        """Where it listens, in the order of `listen`."""
        self._transport = transport
        self._wire = wire
        self._clock = clock
        self._acl = acl
        self._sink: StreamSink | None = None
        self._members: dict[str, _Member] = {}
        self._by_flow: dict[Flow, _Member] = {}
        self._aliases: dict[Flow, _Member] = {}
        self._sources: Counter[str] = Counter()
        self._timers = LoopTimers(clock, loop, self._due)
        self._count = 0

    def deliver_to(self, sink: StreamSink) -> None:
        """Who gets the messages; before this they are dropped."""
        self._sink = sink

    def listen(self, address: Address, sock: socket.socket | None = None) -> Address:
        """Take connections at `address`, or on the listening socket `sock`. Raises OSError."""
        own: list[Address] = []
        bound = self._wire.listen(address, lambda peer: self._accept(own[0], peer), sock)
        own.append(bound)
        self.addresses.append(bound)
        return bound

    def send(self, data: bytes, flow: Flow) -> None:
        """Send a message on `flow`: on its connection, or on a new one to its far end.

        What cannot be sent is told to the sink as `transport_failed`.
        """
        if self._acl is not None and not self._acl.may_answer(self._clock.now(), flow.remote[0], data):
            return
        member = self._by_flow.get(flow) or self._aliases.get(flow) or self._dial(flow)
        if member is None:
            self._tell_failed(flow, "there are too many connections")
            return
        waiting = 0 if member.link is None else member.link.backlog
        self._perform(member, member.machine.send(data, waiting), "the peer takes nothing")

    def alias(self, flow: Flow, address: Flow) -> None:
        """Send what is for `address` on the connection of `flow`, if its peer is trusted that far."""
        member = self._by_flow.get(flow)
        trusted = self._acl is None or self._acl.trusts(flow.remote[0])
        if member is not None and trusted and address not in self._by_flow:
            self._aliases[address] = member
            member.aliases.add(address)

    def close(self) -> None:
        """Close all connections and listen no more."""
        for address in self.addresses:
            self._wire.unlisten(address)
        for member in list(self._members.values()):
            self._perform(member, member.machine.happen(On.SHUT), "closing")
        self._timers.close()

    def __len__(self) -> int:
        return len(self._members)

    # ── connections that come and go ────────────────────────────────────────────────────────────

    def _accept(self, local: Address, peer: Address) -> "_Member | None":
        reason = self._refusal(peer[0])
        if reason is not None:
            log.info("connection from %s:%d turned away: %s", *peer, reason)
            return None
        return self._add(Flow(self._transport, local, peer), dialled=False)

    def _refusal(self, host: str) -> str | None:
        now, trusted = self._clock.now(), self._acl is None or self._acl.trusts(host)
        if self._acl is not None and not self._acl.admits_connection(now, host):
            return "the access list"
        if not trusted and self._sources[host] >= self.limits.per_source:
            return f"{self.limits.per_source} connections from one address"
        if len(self._members) >= self.limits.connections and not (trusted and self._make_room()):
            return f"{self.limits.connections} connections in all"
        return None

    def _make_room(self) -> bool:
        """End the connection of the stranger that has been quiet longest."""
        strangers = [m for m in self._members.values() if m.dial is None and not self._trusts(m)]
        if not strangers:
            return False
        self._end(min(strangers, key=lambda member: member.heard), On.GARBAGE, "room is needed")
        return True

    def _trusts(self, member: "_Member") -> bool:
        return self._acl is not None and self._acl.trusts(member.flow.remote[0])

    def _dial(self, flow: Flow) -> "_Member | None":
        if len(self._members) >= self.limits.connections and not self._make_room():
            return None
        member = self._add(flow, dialled=True)
        member.dial = self._wire.dial(flow.local, flow.remote, member)
        return member

    def _add(self, flow: Flow, *, dialled: bool) -> "_Member":
        self._count += 1
        machine = Connection(dialled=dialled, backlog=self.limits.backlog)
        member = _Member(self, str(self._count), flow, machine, self._clock.now())
        self._members[member.id] = member
        self._by_flow[flow] = member
        self._sources[flow.remote[0]] += 1
        self._perform(member, machine.begin(), "")
        return member

    def _remove(self, member: "_Member") -> None:
        if self._members.pop(member.id, None) is None:
            return
        host = member.flow.remote[0]
        self._sources[host] -= 1
        if not self._sources[host]:
            del self._sources[host]
        if self._by_flow.get(member.flow) is member:
            del self._by_flow[member.flow]
        for address in member.aliases:
            if self._aliases.get(address) is member:
                del self._aliases[address]

    def _end(self, member: "_Member", on: On, reason: str) -> None:
        self._perform(member, member.machine.happen(on), reason)

    # ── what the machine of a connection says ───────────────────────────────────────────────────

    def _due(self, key: str) -> None:
        kind, _, identifier = key.partition(" ")
        member = self._members.get(identifier)
        if member is not None:
            self._end(member, _LIMITS[kind], f"the {_LIMITS[kind].value} has passed")

    def _perform(self, member: "_Member", acts: list[Act], reason: str) -> None:
        for act in acts:
            if member.id not in self._members and act.do in (*_STARTS, Do.DELIVER):
                continue  # ended by something that an act before this one led to
            if act.do in _STARTS:
                self._start(member, *_STARTS[act.do])
            elif act.do is Do.STOP:
                self._stop(member)
            elif act.do is Do.DELIVER:
                self._deliver(member, act.data)
            elif act.do in (Do.TELL_FAILED, Do.TELL_GONE):
                self._tell(member, act.do, reason)
            else:
                _touch(member, act)
        if member.machine.state is State.CLOSED:
            self._stop(member)
            self._remove(member)
        self._timers.arm()

    def _deliver(self, member: "_Member", data: bytes) -> None:
        flow, now = member.flow, self._clock.now()
        member.heard = now
        if self._acl is not None and not self._acl.admits(now, flow.remote[0], data):
            self._end(member, On.GARBAGE, "the access list")
        elif self._sink is not None:
            try:
                self._sink.feed(data, flow)
            except Exception:
                log.exception("a message from %s could not be delivered", flow)

    def _tell(self, member: "_Member", what: Do, reason: str) -> None:
        self._remove(member)  # first: what the sink sends now needs a new connection
        log.info("%s: %s", member.flow, reason)
        for flow in (member.flow, *sorted(member.aliases, key=str)):
            if what is Do.TELL_FAILED:
                self._tell_failed(flow, reason)
            elif self._sink is not None and flow not in self._by_flow:
                self._sink.disconnected(flow, reason)

    def _tell_failed(self, flow: Flow, reason: str) -> None:
        if self._sink is not None:
            self._sink.transport_failed(flow, reason)

    def _start(self, member: "_Member", kind: str, seconds: Callable[[StreamLimits], float]) -> None:
        self._stop(member)
        member.limit = f"{kind} {member.id}"
        self._timers.set(member.limit, self._clock.now() + round(seconds(self.limits) * NS_PER_SECOND))

    def _stop(self, member: "_Member") -> None:
        if member.limit:
            self._timers.cancel(member.limit)
            member.limit = ""


class _Member:
    """One connection of the pool, and what its wire tells."""

    def __init__(self, pool: StreamPool, identifier: str, flow: Flow, machine: Connection, now: int) -> None:
        self.id = identifier
        self.flow = flow
        self.machine = machine
        self.link: Link | None = None
        self.dial: Callable[[], None] | None = None
        """Cancels the attempt; None for what the peer dialled."""
        self.aliases: set[Flow] = set()
        self.heard = now
        self.limit = ""
        """The key of the limit that runs."""
        self._perform = partial(pool._perform, self)

    def opened(self, link: Link) -> None:
        self.link = link
        if self.dial is not None:
            self._perform(self.machine.connected(), "")
        elif self.machine.state is State.CLOSED:
            link.abort()

    def received(self, data: bytes) -> None:
        self._perform(self.machine.received(data), "it cannot be read")

    def lost(self, reason: str) -> None:
        self._perform(self.machine.happen(On.LOST), reason)


def _touch(member: _Member, act: Act) -> None:
    """What is done to the socket."""
    if act.do is Do.ABORT and member.link is None:
        if member.dial is not None:
            member.dial()
    elif member.link is None:
        return
    elif act.do is Do.WRITE:
        member.link.write(act.data)
    elif act.do is Do.PONG:
        member.link.write(PONG_BYTES)
    elif act.do is Do.CLOSE:
        member.link.close()
    elif act.do is Do.ABORT:
        member.link.abort()


_STARTS: dict[Do, tuple[str, Callable[[StreamLimits], float]]] = {
    Do.START_DIAL: ("dial", lambda limits: limits.dial_s),
    Do.START_FIRST: ("first", lambda limits: limits.first_message_s),
    Do.START_MESSAGE: ("message", lambda limits: limits.message_s),
    Do.START_IDLE: ("idle", lambda limits: limits.idle_s),
}
_LIMITS = {
    "dial": On.DIAL_LIMIT,
    "first": On.FIRST_LIMIT,
    "message": On.MESSAGE_LIMIT,
    "idle": On.IDLE_LIMIT,
}
