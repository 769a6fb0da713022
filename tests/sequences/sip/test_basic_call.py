"""The whole call between two stacks, and what each side reports."""

from collections.abc import Callable, Iterable

from tests.sequences.sip.wire import ANSWER, OFFER, Wire

from offhook.sip.commands import Answer, AnswerReoffer, Command, HangUp, Reject, Reoffer, Ring
from offhook.sip.events import Answered, Confirmed, Ended, Event, Failed, InviteReceived, Ringing


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
