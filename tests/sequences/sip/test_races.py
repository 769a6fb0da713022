"""D: INVITE, CANCEL and BYE crossing each other, each test named by its code in docs/specs/sip-session.md."""

import pytest
from tests.sequences.sip.beginnings import accept, calling, incoming, ring
from tests.sequences.sip.wire import ANSWER, CREDENTIALS, OFFER, Phone, Wire, tag_of

from offhook.core.clock import NS_PER_SECOND
from offhook.core.errors import LocalStateError
from offhook.sip.commands import Answer, AnswerReoffer, Dial, HangUp, Reject, Reoffer, Ring
from offhook.sip.events import (
    Answered,
    Confirmed,
    Ended,
    Failed,
    InviteReceived,
    ReofferReceived,
    Ringing,
)
from offhook.sip.headers import cseq, to

CHALLENGE = ("WWW-Authenticate", 'Digest realm="r", nonce="n1", algorithm=MD5, qop="auth"')


def test_d1_cancel_waits_for_a_provisional_response() -> None:
    wire, phone, peer = calling()
    phone.do(HangUp("call"))
    wire.run(0.1)
    assert phone.sent() == ["INVITE"]
    failed = phone.one(Failed)
    assert (failed.status, failed.local) == (487, True)
    peer.reply(phone, peer.request(), 100)
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "CANCEL"]


def test_d1_cancel_is_given_up_after_64_t1_of_silence() -> None:
    wire, phone, _peer = calling()
    phone.do(HangUp("call"))
    wire.run(40)
    assert set(phone.sent()) == {"INVITE"}
    assert phone.stack.sessions == []
    assert len(phone.got(Failed)) == 1


def test_d2_cancel_crosses_200() -> None:
    wire, phone, peer = calling()
    invite = peer.request()
    peer.reply(phone, invite, 180)
    wire.run(0.1)
    peer.reply(phone, invite, 200, body=ANSWER)
    phone.do(HangUp("call"))
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert phone.got(Answered) == []
    assert phone.one(Failed).status == 487
    assert to(peer.request("BYE")).tag == "puppet"


def test_d2_answer_before_any_provisional_after_hanging_up() -> None:
    wire, phone, peer = calling()
    phone.do(HangUp("call"))
    peer.reply(phone, peer.request(), 200, body=ANSWER)
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "ACK", "BYE"]


def test_d2_both_ends_agree() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = ring
    alice.call(bob)
    wire.run(0.1)
    bob.do(Answer(bob.one(InviteReceived).session, ANSWER))
    alice.do(HangUp("call"))
    wire.run(1)
    assert wire.ladder()[2:] == [
        "bob: 200 INVITE",
        "alice: CANCEL",
        "alice: ACK",
        "alice: BYE",
        "bob: 200 CANCEL",
        "bob: 200 BYE",
    ]
    assert bob.one(Ended).by == "remote"


def test_d3_cancel_has_the_shape_of_its_invite() -> None:
    wire, phone, peer = calling(headers=(("Route", "<sip:proxy.example;lr>"),))
    peer.reply(phone, peer.request(), 180)
    wire.run(0.1)
    phone.do(HangUp("call", "SIP;cause=200"))
    wire.run(0.1)
    invite, cancel = peer.request("INVITE"), peer.request("CANCEL")
    for name in ("Via", "Route", "From", "To", "Call-ID"):
        assert cancel.headers.get_all(name) == invite.headers.get_all(name)
    assert len(cancel.headers.get_all("Via")) == 1
    assert cancel.uri == invite.uri
    assert cseq(cancel) == (cseq(invite).number, "CANCEL")
    assert to(cancel).tag is None
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert [each.to for each in phone.messages("CANCEL")] == [each.to for each in phone.messages("INVITE")]


def test_d4_cancel_gets_200_then_487_on_the_invite() -> None:
    wire, phone, peer, invite = incoming(ring)
    peer.cancel(phone, invite)
    wire.run(0.1)
    assert phone.sent() == ["180 INVITE", "200 CANCEL", "487 INVITE"]
    tags = {tag_of(each.message.headers, "To") for each in wire.log if each.sender == "phone"}
    assert len(tags) == 1
    ended = phone.one(Ended)
    assert (ended.by, ended.cancelled) == ("remote", True)


def test_d4_cancel_after_a_final_response_has_no_effect() -> None:
    wire, phone, peer, invite = incoming(accept)
    peer.cancel(phone, invite)
    wire.run(0.1)
    assert phone.sent() == ["200 INVITE", "200 CANCEL"]
    assert phone.got(Ended) == []
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    wire.run(0.1)
    assert phone.got(Confirmed)


def test_d4_cancel_after_a_refusal_has_no_effect() -> None:
    wire, phone, peer, invite = incoming(
        lambda e: [Reject(e.session, 486)] if isinstance(e, InviteReceived) else []
    )
    peer.cancel(phone, invite)
    wire.run(0.1)
    assert phone.sent() == ["486 INVITE", "200 CANCEL"]


def test_d4_cancel_of_nothing_gets_481() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    peer.cancel(phone, peer.ask(phone, "OPTIONS"))
    wire.run(0.1)
    assert phone.sent() == ["200 OPTIONS", "481 CANCEL"]


def test_d4_cancelled_reinvite_leaves_the_call() -> None:
    wire, phone, peer, invite = incoming(accept)
    answer = peer.response("INVITE")
    peer.acknowledge(phone, invite, answer)
    again = peer.ask(phone, to_tag=tag_of(answer.headers, "To"), number=2)
    wire.run(0.1)
    peer.cancel(phone, again)
    wire.run(0.1)
    assert phone.sent() == ["200 INVITE", "200 CANCEL", "487 INVITE"]
    phone.do(AnswerReoffer(phone.one(ReofferReceived).session, ANSWER))
    wire.run(0.1)
    assert phone.sent()[-1] == "487 INVITE"
    assert phone.got(Ended) == []


def test_d5_answer_after_the_cancel_is_discarded() -> None:
    wire, phone, peer, invite = incoming()
    peer.cancel(phone, invite)
    wire.run(0.1)
    session = phone.one(InviteReceived).session
    phone.do(Ring(session))
    phone.do(Answer(session, ANSWER))
    phone.do(HangUp(session))
    wire.run(1)
    assert "200 INVITE" not in phone.sent()
    assert len(phone.got(Ended)) == 1


def test_d6_bye_waits_for_the_ack() -> None:
    wire, phone, peer, invite = incoming(accept)
    phone.do(HangUp(phone.one(InviteReceived).session))
    wire.run(0.1)
    assert "BYE" not in phone.sent()
    assert phone.one(Ended).by == "local"
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    wire.run(0.1)
    assert phone.sent() == ["200 INVITE", "BYE"]
    assert phone.got(Confirmed) == []


def test_d6_bye_goes_out_when_the_ack_never_comes() -> None:
    wire, phone, _peer, _ = incoming(accept)
    phone.do(HangUp(phone.one(InviteReceived).session))
    wire.run(31.8)
    assert "BYE" not in phone.sent()
    wire.run(1)
    assert "BYE" in phone.sent()
    assert len(phone.got(Ended)) == 1


@pytest.mark.parametrize("hung_up", [False, True])
def test_d6_bye_of_the_peer_before_its_ack_is_accepted(hung_up: bool) -> None:
    wire, phone, peer, _ = incoming(accept)
    if hung_up:
        phone.do(HangUp(phone.one(InviteReceived).session))
    peer.ask(phone, "BYE", to_tag=tag_of(peer.response("INVITE").headers, "To"), number=2)
    wire.run(5)
    assert phone.sent() == ["200 INVITE", "200 BYE"]
    assert phone.one(Ended).by == ("local" if hung_up else "remote")


def test_d7_bye_in_an_early_dialog() -> None:
    wire, phone, peer, _ = incoming(ring)
    peer.ask(phone, "BYE", to_tag=tag_of(peer.response("INVITE").headers, "To"), number=2)
    wire.run(0.1)
    assert phone.sent() == ["180 INVITE", "200 BYE", "487 INVITE"]
    ended = phone.one(Ended)
    assert (ended.by, ended.cancelled) == ("remote", True)


def established() -> tuple[Wire, Phone, Phone, str]:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = accept
    alice.call(bob)
    wire.run(0.1)
    return wire, alice, bob, bob.one(InviteReceived).session


def test_d8_bye_crosses_bye() -> None:
    wire, alice, bob, session = established()
    alice.do(HangUp("call"))
    bob.do(HangUp(session))
    wire.run(0.1)
    assert wire.ladder()[-4:] == ["alice: BYE", "bob: BYE", "bob: 200 BYE", "alice: 200 BYE"]
    assert alice.one(Ended).by == bob.one(Ended).by == "local"
    wire.run(64)
    assert alice.stack.sessions == bob.stack.sessions == []


def test_d8_bye_crosses_reinvite() -> None:
    wire, alice, bob, session = established()
    alice.do(Reoffer("call", OFFER))
    bob.do(HangUp(session))
    wire.run(0.1)
    assert "481 INVITE" in bob.sent()
    assert alice.one(Ended).by == "remote"
    assert bob.got(ReofferReceived) == []
    wire.run(64)
    assert alice.stack.sessions == bob.stack.sessions == []


def test_d8_bye_while_a_reinvite_waits_for_its_answer() -> None:
    wire, alice, bob, session = established()
    alice.do(Reoffer("call", OFFER))
    wire.run(0.1)
    assert bob.got(ReofferReceived)
    bob.do(HangUp(session))
    wire.run(0.1)
    assert bob.sent()[-2:] == ["487 INVITE", "BYE"]
    alice_end, bob_end = alice.one(Ended), bob.one(Ended)
    assert (alice_end.by, bob_end.by) == ("remote", "local")


def test_d8_bye_of_the_peer_while_its_own_reinvite_waits() -> None:
    wire, phone, peer, invite = incoming(accept)
    answer = peer.response("INVITE")
    peer.acknowledge(phone, invite, answer)
    tag = tag_of(answer.headers, "To")
    peer.ask(phone, to_tag=tag, number=2)
    wire.run(0.1)
    peer.ask(phone, "BYE", to_tag=tag, number=3)
    wire.run(0.1)
    assert phone.sent()[1:] == ["487 INVITE", "200 BYE"]
    phone.do(AnswerReoffer(phone.one(InviteReceived).session, ANSWER))
    wire.run(0.1)
    assert "200 INVITE" not in phone.sent()[1:]


@pytest.mark.parametrize("status", [401, 407])
def test_d9_no_retry_after_the_user_has_cancelled(status: int) -> None:
    wire, phone, peer = calling(credentials=CREDENTIALS)
    invite = peer.request()
    peer.reply(phone, invite, 180)
    wire.run(0.1)
    phone.do(HangUp("call"))
    peer.reply(phone, invite, status, headers=[CHALLENGE])
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "CANCEL", "ACK"]
    assert not any(key.startswith("s ") for key in phone.timers), "the session has not ended"
    wire.run(64)
    assert phone.stack.sessions == []


def test_d9_cancel_after_the_retry_cancels_the_retry() -> None:
    wire, phone, peer = calling(credentials=CREDENTIALS)
    first = peer.request()
    peer.reply(phone, first, 401, headers=[CHALLENGE])
    wire.run(0.1)
    second = peer.request()
    assert cseq(second).number == cseq(first).number + 1
    phone.do(HangUp("call"))
    wire.run(0.1)
    assert "CANCEL" not in phone.sent()
    peer.reply(phone, second, 100)
    wire.run(0.1)
    cancel = peer.request("CANCEL")
    assert cancel.headers.get("Via") == second.headers.get("Via")
    assert cancel.headers.get("Authorization") == second.headers.get("Authorization")


def test_d10_many_provisional_responses_over_a_long_ring() -> None:
    wire, phone, peer = calling(ring_seconds=3600)
    for _ in range(50):
        peer.reply(phone, peer.request(), 180)
        wire.run(60)
    assert len(phone.got(Ringing)) == 50
    peer.reply(phone, peer.request(), 200, body=ANSWER)
    wire.run(0.1)
    assert phone.one(Answered).body == ANSWER


def test_d10_a_long_ring_is_confirmed_every_minute() -> None:
    wire, _phone, peer, _ = incoming(ring)
    wire.run(200)
    assert peer.statuses("INVITE") == [180, 180, 180, 180]


def test_d11_no_final_response_after_the_cancel() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 180)
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    peer.reply(phone, peer.request("CANCEL"), 200)
    wire.run(31)
    assert phone.stack.sessions == ["call"]
    wire.run(2)
    assert phone.stack.sessions == []
    assert phone.stack.transactions == 0
    assert len(phone.got(Failed)) == 1


def test_ring_limit_gives_the_call_up() -> None:
    wire, phone, peer = calling(ring_seconds=30)
    peer.reply(phone, peer.request(), 180)
    wire.run(31)
    failed = phone.one(Failed)
    assert (failed.status, failed.local) == (408, True)
    assert phone.sent()[-1] == "CANCEL" or "CANCEL" in phone.sent()
    assert phone.messages("CANCEL")[0].at - phone.messages("INVITE")[0].at == 30 * NS_PER_SECOND


def test_silent_peer_is_408() -> None:
    wire, phone, _ = calling()
    wire.run(33)
    assert phone.one(Failed).status == 408
    assert phone.sent() == ["INVITE"] * 7


def test_unreachable_peer_is_503() -> None:
    _wire, phone, peer = calling()
    phone.fail(phone.flow(peer))
    failed = phone.one(Failed)
    assert (failed.status, failed.local) == (503, True)
    assert phone.stack.sessions == []


def test_dialling_a_used_id_is_refused() -> None:
    _wire, phone, peer = calling()
    with pytest.raises(LocalStateError, match="exists already"):
        phone.do(Dial("call", "sip:x@127.0.0.2", "sip:y@127.0.0.1", OFFER, phone.flow(peer)))
