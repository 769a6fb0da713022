"""The SIP stack in virtual time: parser, validator, framing, and programs of messages, timers and commands.

A case is a list of steps. Replies and requests inside a dialog are made from what the stack has said in
this case and then mutated by a seed of their own, so that a case is the same each time it is run.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Any

from offhook.core.clock import NS_PER_MS, NS_PER_SECOND
from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.core.ids import SeededIds
from offhook.sip import build
from offhook.sip.commands import (
    Answer,
    AnswerReoffer,
    Challenge,
    Command,
    Credentials,
    Dial,
    HangUp,
    Reject,
    RejectReoffer,
    Reoffer,
    Ring,
)
from offhook.sip.flow import Flow
from offhook.sip.framing import StreamFramer
from offhook.sip.machine import CancelTimer, Input, Received, Send, SetTimer, TimerFired, TransportFailed
from offhook.sip.message import Request
from offhook.sip.parser import parse
from offhook.sip.stack import SipStack, StackConfig
from offhook.sip.validate import validate, validate_response

from . import sip_messages
from .case import octets_of, pack, text_of, unpack
from .contract import SLOWEST_SECONDS, TargetOptions, require
from .mutate import Mutator

HERE, THERE = ("127.0.0.1", 5060), ("127.0.0.2", 5060)
UDP, TCP = Flow("udp", HERE, THERE), Flow("tcp", HERE, THERE)
STEPS = ("recv", "recv", "recv", "reply", "reply", "inside", "command", "command", "timer", "timer", "fail")
LONGEST = 14
MOST_TIMERS = 3_000
"""Timers that a stack may fire after the last step before we say that it never comes to rest."""
OFFER = sip_messages.OFFER


class SipTarget:
    """Cases of up to `LONGEST` steps."""

    def __init__(self) -> None:
        self._mutator = Mutator(sip_messages.samples(), sip_messages.WORDS)

    def next(self, random: Random) -> bytes:
        return pack([self._step(random) for _ in range(random.randint(1, LONGEST))])

    def check(self, data: bytes) -> None:
        began = time.perf_counter()
        program = Program(self._mutator)
        for step in unpack(data):
            program.run(step)
        program.come_to_rest()
        require(time.perf_counter() - began < SLOWEST_SECONDS, f"a case takes under {SLOWEST_SECONDS} s")

    def failing(self, data: bytes) -> bytes:
        return data

    def _step(self, random: Random) -> list[Any]:
        kind = random.choice(STEPS)
        if kind == "recv":
            if random.random() < 0.3:
                call, body = str(random.randrange(3)), random.choice((b"", OFFER))
                method = random.choice(sip_messages.METHODS)
                return [kind, text_of(sip_messages.request(method, branch=call, call=call, body=body))]
            return [kind, text_of(self._mutator.mutate(random, self._mutator.sample(random)))]
        return [kind, random.randrange(64), random.randrange(64), random.randrange(2**32)]


class Program:
    """One stack, and what it has said."""

    def __init__(self, mutator: Mutator) -> None:
        self._mutator = mutator
        self._stack = SipStack(StackConfig("127.0.0.1", 5060, "fuzz", b"key", limit=200), SeededIds(5))
        self._now = 1_000 * NS_PER_SECOND
        self._requests: list[Request] = []
        self._replies: list[Any] = []
        self._sessions: list[str] = ["s0"]
        self._timers: dict[str, int] = {}
        self._makers: dict[str, Callable[[int, int, int], Input | None]] = {
            "reply": self._reply,
            "inside": self._inside,
            "command": self._command,
            "timer": self._timer,
            "fail": lambda a, b, c: TransportFailed(TCP if a % 2 else UDP, "gone"),
        }

    def run(self, step: list[Any]) -> None:
        self._now += 7 * NS_PER_MS
        kind, *rest = step
        if kind == "recv":
            data = octets_of(rest[0])
            read(data)
            self._give(Received(data, TCP if len(data) % 5 == 4 else UDP))
        elif (made := self._makers[kind](*rest)) is not None:
            self._give(made)

    def come_to_rest(self) -> None:
        """Fire every timer: nothing may be left that waits for one."""
        for session in self._stack.sessions:
            self._give(HangUp(session))
        for _ in range(MOST_TIMERS):
            made = self._timer(0, 0, 0)
            if made is None:
                break
            self._give(made)
        require(not self._timers, f"no timer is left after {MOST_TIMERS} have fired")
        require(self._stack.transactions == 0, "no transaction is left when every timer has fired")
        require(not self._stack.sessions, "no session is left that was hung up and has waited for everything")

    def _give(self, given: Input) -> None:
        try:
            outputs = self._stack.handle(self._now, given)
        except LocalStateError:
            require(isinstance(given, Dial), "only a Dial is refused with an error")
            return
        for output in outputs:
            if isinstance(output, Send):
                self._said(output.data)
            elif isinstance(output, SetTimer):
                require(output.at >= self._now, "a timer is not set in the past")
                self._timers[output.key] = output.at
            elif isinstance(output, CancelTimer):
                self._timers.pop(output.key, None)
            elif output.session not in self._sessions:
                self._sessions.append(output.session)

    def _said(self, data: bytes) -> None:
        message = parse(data)
        # As many Via lines as the peer sent are more than we would read.
        whole = message.defect is None or message.defect.status == 513
        require(whole, "what we write can be read whole")
        for name in ("From", "To", "Call-ID", "CSeq"):
            require(len(message.headers.get_all(name)) <= 1, f"we write {name} once")
        if isinstance(message, Request):
            self._requests.append(message)
        else:
            self._replies.append(message)

    def _reply(self, a: int, b: int, seed: int) -> Input | None:
        if not self._requests:
            return None
        random = Random(seed)
        asked = self._requests[-1 - a % min(4, len(self._requests))]
        headers = [("Contact", f"<sip:t{a % 2}@127.0.0.2>")]
        status = sip_messages.STATUSES[b % len(sip_messages.STATUSES)]
        if status in (401, 407):
            name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
            headers.append((name, f'Digest realm="r", nonce="{a}", qop="auth", algorithm=MD5'))
        made = build.response(asked, status, to_tag=f"t{a % 2}", headers=headers, body=OFFER)
        data = build.serialise(made)
        return Received(self._mutator.mutate(random, data) if random.random() < 0.5 else data, UDP)

    def _inside(self, a: int, b: int, seed: int) -> Input | None:
        """A request in a dialog that one of our answers made."""
        if not self._replies:
            return None
        random = Random(seed)
        reply = self._replies[-1 - a % min(4, len(self._replies))]
        method = sip_messages.METHODS[b % len(sip_messages.METHODS)]
        tag = (reply.headers.get("To") or "").rpartition(";tag=")[2]
        call = reply.headers.get("Call-ID") or ""
        data = sip_messages.request(method, branch="one" if a % 2 else f"in{a}", body=OFFER if b % 2 else b"")
        data = data.replace(b"Call-ID: call", b"Call-ID: " + call.encode("utf-8", "surrogateescape"))
        data = data.replace(
            b"To: <sip:u@127.0.0.1>", b"To: <sip:u@127.0.0.1>;tag=" + tag.encode("utf-8", "surrogateescape")
        ).replace(b"CSeq: 1 ", b"CSeq: %d " % (1 + a % 3))
        return Received(self._mutator.mutate(random, data) if random.random() < 0.4 else data, UDP)

    def _command(self, a: int, b: int, seed: int) -> Command:
        session = self._sessions[-1 - a % len(self._sessions)]
        dial = Dial(
            f"s{seed}",
            "sip:x@127.0.0.2",
            "sip:y@127.0.0.1",
            OFFER,
            UDP if a % 3 else TCP,
            credentials=Credentials("u", "p") if a % 2 else None,
        )
        return (
            dial,
            dial,
            Ring(session, (180, 183, 100)[a % 3]),
            Answer(session, OFFER),
            Answer(session, OFFER),
            HangUp(session, 'Q.850;cause=16;text="x"'),
            Reoffer(session, OFFER),
            AnswerReoffer(session, OFFER),
            RejectReoffer(session),
            Reject(session, 486),
            Challenge(session, "realm"),
        )[b % 11]

    def _timer(self, a: int, b: int, seed: int) -> Input | None:
        """The earliest timer, at its instant."""
        if not self._timers:
            return None
        key = min(self._timers, key=lambda name: (self._timers[name], name))
        self._now = max(self._now, self._timers.pop(key))
        return TimerFired(key)


def read(data: bytes) -> None:
    """Parser, validator and framing refuse in their own way or not at all."""
    try:
        message = parse(data)
    except RemoteProtocolError as error:
        require(error.status == 0, "what the parser refuses is met with silence")
    else:
        if isinstance(message, Request):
            refusal = validate(message)
            require(refusal is None or 400 <= refusal.status <= 699, "a refusal has a final status")
        else:
            validate_response(message)
    framer, place = StreamFramer(), 0
    try:
        while place < len(data):
            size = 1 + (place * 7 + len(data)) % 97
            framer.feed(data[place : place + size])
            place += size
    except RemoteProtocolError:
        return


def make(options: TargetOptions) -> SipTarget:
    return SipTarget()
