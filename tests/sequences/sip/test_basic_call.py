"""The whole call between two stacks, and what each side reports."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from tests.sequences.sip.wire import ANSWER, OFFER, Wire

from offhook.core.errors import LocalStateError
from offhook.sip import build
from offhook.sip.build import MAX_SENT
from offhook.sip.commands import Answer, AnswerReoffer, Command, HangUp, Reject, Reoffer, Ring
from offhook.sip.events import Answered, Confirmed, Ended, Event, Failed, InviteReceived, Ringing
from offhook.sip.message import Request
from offhook.sip.parser import parse

LARGEST_DATAGRAM = 65_507
"""What UDP over IPv4 carries."""


def answering(status: int = 180) -> Callable[[Event], Iterable[Command]]:
    def react(event: Event) -> Iterable[Command]:
        if isinstance(event, InviteReceived):
            return (Ring(event.session, status), Answer(event.session, ANSWER))
        return ()

    return react


def test_call_is_answered_and_hung_up_by_the_caller() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = answering()
    alice.call(bob)
    wire.run(1)
    alice.do(HangUp("call", 'Q.850;cause=16;text="normal"'))
    wire.run(1)
    assert wire.ladder() == [
        "alice: INVITE",
        "bob: 180 INVITE",
        "bob: 200 INVITE",
        "alice: ACK",
        "alice: BYE",
        "bob: 200 BYE",
    ]
    invite = bob.one(InviteReceived)
    assert invite.user == "callee"
    assert invite.offer == OFFER
    assert alice.one(Ringing).status == 180
    assert alice.one(Answered).body == ANSWER
    assert bob.one(Confirmed).body == b""
    assert alice.one(Ended).by == "local"
    ended = bob.one(Ended)
    assert (ended.by, ended.cancelled) == ("remote", False)
    assert ended.reason.startswith("Q.850;cause=16")


def test_call_is_hung_up_by_the_callee() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = answering()
    alice.call(bob)
    wire.run(1)
    bob.do(HangUp(bob.one(InviteReceived).session))
    wire.run(1)
    assert bob.sent()[-1] == "BYE"
    assert alice.one(Ended).by == "remote"
    assert bob.one(Ended).by == "local"


def test_standing_call_has_no_timer_left_and_keeps_no_old_ack() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = answering()
    alice.call(bob)
    wire.run(0.1)
    for _ in range(3):
        alice.do(Reoffer("call", OFFER))
        wire.run(0.05)
        bob.do(AnswerReoffer(bob.one(InviteReceived).session, ANSWER))
        wire.run(1)
    assert not any(key.startswith("s ") for key in (*alice.timers, *bob.timers))
    wire.run(64)
    assert alice.timers == bob.timers == {}
    assert alice.stack.transactions == bob.stack.transactions == 0
    (session,) = alice.stack._ctx.sessions.values()
    assert (session.acks, session.repeats, session.transactions) == ({}, {}, [])


def test_late_offer_is_answered_in_the_ack() -> None:
    wire = Wire()
    bob, peer = wire.phone("bob"), wire.puppet()
    bob.react = answering()
    invite = peer.ask(bob, body=b"")
    wire.run(0.1)
    peer.acknowledge(bob, invite, peer.response("INVITE"), body=ANSWER)
    wire.run(0.1)
    assert bob.one(InviteReceived).offer == b""
    assert bob.one(Confirmed).body == ANSWER


def test_refusal_reaches_the_caller() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = lambda e: (
        [Reject(e.session, 486, None, (("X-Why", "lunch"),))] if isinstance(e, InviteReceived) else ()
    )
    alice.call(bob)
    wire.run(1)
    failed = alice.one(Failed)
    assert (failed.status, failed.local) == (486, False)
    assert ("X-Why", "lunch") in failed.headers
    assert wire.ladder() == ["alice: INVITE", "bob: 486 INVITE", "alice: ACK"]


@pytest.mark.parametrize(
    "unsendable",
    [{"from_display": "\ud800"}, {"headers": (("X-Long", "x" * MAX_SENT),)}],
    ids=["half", "long"],
)
def test_a_call_that_cannot_be_written_leaves_nothing_behind(unsendable: dict[str, Any]) -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    with pytest.raises(LocalStateError):
        alice.call(bob, **unsendable)
    assert alice.stack.sessions == []
    assert alice.stack.transactions == 0


def test_a_request_whose_answers_would_not_fit_a_datagram_is_met_with_silence() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = answering()
    vias = "".join(f"v:SIP/2.0/UDP h;branch=z9hG4bK{n};x={'x' * 8_120}\r\n" for n in range(8))
    rest = "f:<sip:a@h>;tag=a\r\nt:<sip:b@h>\r\ni:1\r\nCSeq:1 INVITE\r\n\r\n"
    request = f"INVITE sip:b@h SIP/2.0\r\n{vias}{rest}".encode()
    assert len(request) < LARGEST_DATAGRAM
    bob.arrive(request, bob.flow(alice))
    assert wire.log == []
    assert bob.stack.sessions == []


def test_a_body_that_is_no_description_and_may_be_ignored_is_no_offer() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    alice.call(bob, offer=b"")
    invite = parse(alice.messages("INVITE")[0].data)
    assert isinstance(invite, Request)
    invite.headers.add("Content-Type", "application/isup;version=itu-t92+")
    invite.headers.add("Content-Disposition", "signal;handling=optional")
    invite.body = b"\x01\x02"
    bob.arrive(build.serialise(invite), bob.flow(alice))
    assert bob.one(InviteReceived).offer == b""
