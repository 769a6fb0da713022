"""Calls over a network that loses, repeats and delays: both ends agree in the end, and nothing is left."""

import pytest
from tests.sequences.sip.beginnings import accept, calling, ring
from tests.sequences.sip.wire import ANSWER, Phone, Weather, Wire, tag_of

from offhook.sip.commands import Answer, HangUp
from offhook.sip.events import (
    Answered,
    Ended,
    Failed,
    InviteReceived,
)


def test_bye_of_the_callee_whose_answer_was_lost() -> None:
    wire, phone, peer = calling()
    invite = peer.request()
    peer.reply(phone, invite, 180)
    wire.run(0.1)
    peer.ask(
        phone,
        "BYE",
        from_tag="puppet",
        to_tag=tag_of(invite.headers, "From"),
        call_id=invite.headers.get("Call-ID") or "",
    )
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "200 BYE", "CANCEL"]
    assert phone.one(Failed).local is False


@pytest.mark.parametrize("seed", range(25))
def test_calls_survive_a_bad_network(seed: int) -> None:
    """20 % loss, copies, reordering: both sides see every call come to its end, and nothing is left."""
    wire = Wire(Weather(seed, loss=0.2, copies=0.2, jitter=300_000_000))
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = lambda e: [*ring(e), *accept(e)]
    for number in range(4):
        alice.call(bob, f"call{number}")
    wire.run(20)
    for number in range(4):
        alice.do(HangUp(f"call{number}"))
    wire.run(150)
    assert len(alice.got(Answered)) == len(alice.got(Ended)) == 4
    assert len(bob.got(InviteReceived)) == len(bob.got(Ended)) == 4
    assert alice.stack.transactions == bob.stack.transactions == 0
    assert alice.stack.sessions == bob.stack.sessions == []


def answer_all(phone: Phone) -> None:
    for event in phone.got(InviteReceived):
        phone.do(Answer(event.session, ANSWER))


@pytest.mark.parametrize("seed", range(25))
def test_cancels_survive_a_bad_network(seed: int) -> None:
    wire = Wire(Weather(seed, loss=0.2, copies=0.2, jitter=300_000_000))
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = ring
    alice.call(bob)
    wire.after(0.3 + seed * 0.05, lambda: alice.do(HangUp("call")))
    wire.after(0.5 + seed * 0.04, lambda: answer_all(bob))
    wire.run(200)
    assert len(alice.got(Failed)) + len(alice.got(Ended)) == 1
    assert len(bob.got(Ended)) == 1
    assert alice.stack.transactions == bob.stack.transactions == 0
    assert alice.stack.sessions == bob.stack.sessions == []
