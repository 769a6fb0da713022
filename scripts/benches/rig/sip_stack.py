"""The SIP stack by itself: two of them talk in memory and in virtual time, and the time in each is counted.

What went into each is written down, and then put into a stack of the same seed alone: it does the same again,
and nothing but its own work lies between two looks at the clock, which may cost more than a small step.
"""

import gc
import heapq
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from offhook.core.ids import SeededIds
from offhook.sip.build import serialise
from offhook.sip.commands import Answer, Dial, HangUp, Ring
from offhook.sip.events import Ended, InviteReceived
from offhook.sip.flow import Flow
from offhook.sip.machine import CancelTimer, Input, Received, Send, SetTimer, TimerFired
from offhook.sip.message import Request
from offhook.sip.parser import parse
from offhook.sip.stack import SipStack, StackConfig
from offhook.sip.validate import validate

ALICE, BOB = ("127.0.0.1", 5080), ("127.0.0.1", 5060)
CALL_EVERY = 10_000_000
"""Virtual nanoseconds between calls: 100 a second, so that what is kept for 32 s weighs as in earnest."""
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 20000 RTP/AVP 0 101\r\n"
    b"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
)
WARM_CALLS = 300


@dataclass(slots=True)
class End:
    """A stack with its timers, and what went into it."""

    stack: SipStack
    address: tuple[str, int]
    timers: dict[str, int] = field(default_factory=dict)
    heap: list[tuple[int, str]] = field(default_factory=list)
    inputs: list[tuple[int, Input]] = field(default_factory=list)
    ended: int = 0


@dataclass(frozen=True, slots=True)
class StackCost:
    """Of the calls of one run."""

    calls: int
    messages: int
    """Taken in by both ends."""
    callee_us: float
    """INVITE → BYE in the stack that is called, timers included; CPU time."""
    caller_us: float
    message_us: float
    """Both ends' time by the messages taken in."""
    left: int
    """Transactions, sessions and timers after the last one has run out."""


@dataclass(frozen=True, slots=True)
class PartCost:
    """One step by itself, for an INVITE with SDP."""

    name: str
    us: float


class Pair:
    """Alice calls Bob; Bob rings and answers, Alice hangs up."""

    def __init__(self) -> None:
        self.alice, self.bob = _end(1, ALICE), _end(2, BOB)
        self.now = 0
        self._waiting: deque[tuple[End, Input]] = deque()
        self.sample = b""
        """The last INVITE."""

    def call(self, session: str) -> None:
        offer = Dial(
            session, "sip:15550100001@127.0.0.1:5060", "sip:15550100009@127.0.0.1", SDP, _to(ALICE, BOB)
        )
        self._put(self.alice, offer)
        self._put(self.alice, HangUp(session))
        self.advance(CALL_EVERY)

    def advance(self, duration: int) -> None:
        """Let virtual time pass and run what is due."""
        self.now += duration
        for end in (self.alice, self.bob):
            while end.heap and end.heap[0][0] <= self.now:
                at, key = heapq.heappop(end.heap)
                if end.timers.get(key) == at:
                    del end.timers[key]
                    self._put(end, TimerFired(key))

    def _put(self, end: End, given: Input) -> None:
        self._waiting.append((end, given))
        while self._waiting:
            self._step(*self._waiting.popleft())

    def _step(self, end: End, given: Input) -> None:
        end.inputs.append((self.now, given))
        outputs = end.stack.handle(self.now, given)
        other = self.bob if end is self.alice else self.alice
        for output in outputs:
            if isinstance(output, Send):
                if output.data.startswith(b"INVITE"):
                    self.sample = output.data
                self._waiting.append((other, Received(output.data, _to(other.address, end.address))))
            elif isinstance(output, SetTimer):
                end.timers[output.key] = output.at
                heapq.heappush(end.heap, (output.at, output.key))
            elif isinstance(output, CancelTimer):
                end.timers.pop(output.key, None)
            elif isinstance(output, InviteReceived):
                self._waiting.append((end, Ring(output.session)))
                self._waiting.append((end, Answer(output.session, SDP)))
            elif isinstance(output, Ended):
                end.ended += 1


def measure_calls(calls: int, before: int = WARM_CALLS) -> StackCost:
    """Whole calls, after `before` others that are not counted. Raises RuntimeError when one did not end at
    both ends.
    """
    pair = Pair()
    ends = (pair.alice, pair.bob)
    for number in range(before):
        pair.call(f"warm-{number}")
    warm = [len(end.inputs) for end in ends]
    for number in range(calls):
        pair.call(f"call-{number}")
    if any(end.ended != calls + before for end in ends):
        ended = [end.ended for end in ends]
        ended = [end.ended for end in ends]
        raise RuntimeError(f"{calls + before} calls were made; {ended} ended at either end")
    upto = [len(end.inputs) for end in ends]
    for _ in range(70):
        pair.advance(1_000_000_000)
    left = sum(end.stack.transactions + len(end.stack.sessions) + len(end.timers) for end in ends)
    caller = _replay(_end(1, ALICE).stack, pair.alice.inputs[: upto[0]], warm[0])
    callee = _replay(_end(2, BOB).stack, pair.bob.inputs[: upto[1]], warm[1])
    taken = zip(ends, warm, upto, strict=True)
    messages = sum(isinstance(given, Received) for e, w, u in taken for _, given in e.inputs[w:u])
    return StackCost(
        calls=calls,
        messages=messages,
        callee_us=callee / calls,
        caller_us=caller / calls,
        message_us=(caller + callee) / messages,
        left=left,
    )


def _replay(stack: SipStack, inputs: list[tuple[int, Input]], warm: int) -> float:
    """CPU microseconds of everything after the first `warm` inputs."""
    for now, given in inputs[:warm]:
        stack.handle(now, given)
    gc.collect()
    gc.freeze()
    rest = inputs[warm:]
    began = time.thread_time_ns()
    for now, given in rest:
        stack.handle(now, given)
    spent = time.thread_time_ns() - began
    gc.unfreeze()
    return spent / 1000


def measure_parts(rounds: int) -> list[PartCost]:
    """Parser, validator and writer on one INVITE."""
    pair = Pair()
    pair.call("sample")
    message = parse(pair.sample)
    assert isinstance(message, Request)

    def check() -> object:
        # A fresh message each time: headers are read once and kept with their message.
        return validate(Request(message.method, message.uri, message.headers.copy(), message.body))

    steps: list[tuple[str, Callable[[], object]]] = [
        ("parse", lambda: parse(pair.sample)),
        ("validate (headers read)", check),
        ("serialise", lambda: serialise(message)),
    ]
    return [PartCost(name, _each(step, rounds)) for name, step in steps]


def _each(step: Callable[[], object], rounds: int) -> float:
    for _ in range(rounds // 10):
        step()
    began = time.thread_time_ns()
    for _ in range(rounds):
        step()
    return (time.thread_time_ns() - began) / rounds / 1000


def _end(seed: int, address: tuple[str, int]) -> End:
    config = StackConfig(address[0], address[1], "bench", bytes(32))
    return End(SipStack(config, SeededIds(seed)), address)


def _to(local: tuple[str, int], remote: tuple[str, int]) -> Flow:
    return Flow("udp", local, remote)
