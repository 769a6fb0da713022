"""What the stack says that a successor has to know, and when it need not know it any more."""

import pytest
from tests.sequences.sip.wire import ANSWER, Phone, Wire

from offhook.sip.commands import Answer, HangUp, Reject, Ring
from offhook.sip.events import InviteReceived


def inbound(wire: Wire) -> tuple[Phone, Phone, str]:
    alice, bob = wire.phone("alice"), wire.phone("bob")
    alice.call(bob)
    wire.run(0.1)
    return alice, bob, bob.one(InviteReceived).session


def test_an_outbound_session_is_kept_from_the_invite_to_the_answer_to_its_bye() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    alice.call(bob)
    assert alice.stack.marks() == {"call": True}
    assert alice.stack.marks() == {}
    wire.run(0.1)
    session = bob.one(InviteReceived).session
    bob.do(Ring(session))
    wire.run(0.1)
    assert alice.stack.marks() == {}  # ringing changes nothing: a CANCEL ends it before and after
    bob.do(Answer(session, ANSWER))
    wire.run(0.1)
    assert alice.stack.marks() == {"call": True}
    alice.do(HangUp("call"))
    assert alice.stack.marks() == {}  # the BYE may be lost
    wire.run(0.1)
    assert alice.stack.marks() == {"call": False}


def test_an_inbound_session_is_kept_from_our_first_response_on() -> None:
    wire = Wire()
    alice, bob, session = inbound(wire)
    assert bob.stack.marks() == {}  # the caller repeats an INVITE that nobody answered
    wire.run(0.2)
    assert bob.messages("100 INVITE")
    assert bob.stack.marks() == {session: True}  # and does so no more after our 100
    assert bob.stack.dump(session) is not None
    bob.do(Ring(session))
    assert bob.stack.marks() == {session: True}
    bob.do(Answer(session, ANSWER))
    assert bob.stack.marks() == {session: True}
    wire.run(0.1)
    alice.do(HangUp("call"))
    wire.run(0.1)
    assert bob.stack.marks() == {session: False}


def test_a_refusal_is_kept_until_its_ack() -> None:
    wire = Wire()
    _, bob, session = inbound(wire)
    bob.do(Ring(session))
    bob.stack.marks()
    bob.do(Reject(session, 503))
    assert bob.stack.marks() == {}
    wire.run(10)
    assert bob.stack.marks() == {session: False}


def test_a_cancelled_call_is_kept_until_its_final_answer() -> None:
    wire = Wire()
    alice, bob, session = inbound(wire)
    bob.do(Ring(session))
    wire.run(0.1)
    alice.stack.marks()
    alice.do(HangUp("call"))
    assert alice.stack.marks() == {}
    wire.run(0.1)
    assert alice.stack.marks() == {"call": False}


def test_a_bye_that_waits_for_the_ack_counts_as_unanswered() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    peer.ask(phone)
    wire.run(0.1)
    session = phone.one(InviteReceived).session
    phone.do(Answer(session, ANSWER))
    assert phone.stack.unanswered == 0
    phone.do(HangUp(session))
    assert phone.stack.unanswered == 1


@pytest.mark.parametrize("answers", [False, True])
def test_a_checkpoint_from_before_any_answer_ends_the_call_either_way(answers: bool) -> None:
    """RFC 3261 §9.1: the CANCEL has the branch of the INVITE and one Via; a 200 gets ACK and BYE."""
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer)
    data = phone.stack.dump("call")
    assert data is not None
    wire.run(0.1)
    heir = wire.phone("heir")
    heir.stack.load("call", data)
    heir.do(HangUp("call"))
    (cancel,) = heir.messages("CANCEL")
    invite = peer.request()
    assert cancel.message.headers.get_all("Via") == invite.headers.get_all("Via")[:1]
    status, wanted = (200, ["CANCEL", "ACK", "BYE"]) if answers else (487, ["CANCEL", "ACK"])
    heir.arrive(peer.reply(phone, invite, status), heir.flow(peer))
    assert heir.sent() == wanted
