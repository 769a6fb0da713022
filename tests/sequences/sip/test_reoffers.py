"""Later offers: re-INVITE in both directions, glare, UPDATE (docs/specs/sip-session.md)."""

import pytest
from tests.sequences.sip.wire import ANSWER, CREDENTIALS, OFFER, Phone, Puppet, Wire, tag_of

from offhook.core.clock import NS_PER_MS, NS_PER_SECOND
from offhook.sip.commands import Answer, AnswerReoffer, HangUp, RejectReoffer, Reoffer, Ring
from offhook.sip.events import (
    Confirmed,
    Ended,
    InviteReceived,
    ReofferAnswered,
    ReofferFailed,
    ReofferReceived,
)
from offhook.sip.headers import cseq

HOLD = b"v=0\r\na=sendonly\r\n"


def pair() -> tuple[Wire, Phone, Phone, str]:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = lambda e: [Answer(e.session, ANSWER)] if isinstance(e, InviteReceived) else []
    alice.call(bob)
    wire.run(0.1)
    return wire, alice, bob, bob.one(InviteReceived).session


def taken(body: bytes | None = None) -> tuple[Wire, Phone, Puppet, str]:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda e: [Answer(e.session, ANSWER)] if isinstance(e, InviteReceived) else []
    invite = peer.ask(phone, body=body)
    wire.run(0.1)
    answer = peer.response("INVITE")
    peer.acknowledge(phone, invite, answer, body=ANSWER if body == b"" else b"")
    wire.run(0.1)
    return wire, phone, peer, tag_of(answer.headers, "To")


def answered() -> tuple[Wire, Phone, Puppet]:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer, credentials=CREDENTIALS)
    wire.run(0.1)
    peer.reply(phone, peer.request(), 200, body=ANSWER)
    wire.run(0.1)
    return wire, phone, peer


def test_reoffer_is_answered() -> None:
    wire, alice, bob, session = pair()
    alice.do(Reoffer("call", HOLD))
    wire.run(0.05)
    assert bob.one(ReofferReceived).offer == HOLD
    bob.do(AnswerReoffer(session, ANSWER))
    wire.run(0.1)
    assert alice.one(ReofferAnswered).body == ANSWER
    assert wire.ladder()[-3:] == ["alice: INVITE", "bob: 200 INVITE", "alice: ACK"]
    alice.do(Reoffer("call", OFFER))
    wire.run(0.05)
    assert len(bob.got(ReofferReceived)) == 2


@pytest.mark.parametrize("status", [488, 500, 603])
def test_refused_reoffer_leaves_the_call(status: int) -> None:
    wire, alice, bob, session = pair()
    alice.do(Reoffer("call", HOLD))
    wire.run(0.05)
    bob.do(RejectReoffer(session, status))
    wire.run(0.1)
    assert alice.one(ReofferFailed).status == status
    assert alice.got(Ended) == bob.got(Ended) == []
    bob.do(Reoffer(session, OFFER))
    wire.run(0.05)
    assert alice.got(ReofferReceived)


def test_glare_both_are_refused_and_both_try_again_in_their_band() -> None:
    wire, alice, bob, session = pair()
    for phone in (alice, bob):
        phone.react = lambda e: [AnswerReoffer(e.session, ANSWER)] if isinstance(e, ReofferReceived) else []
    at = wire.now
    alice.do(Reoffer("call", b"from alice"))
    bob.do(Reoffer(session, b"from bob"))
    wire.run(6)
    assert alice.sent().count("491 INVITE") == bob.sent().count("491 INVITE") == 1
    again = {
        name: [e.at - at for e in phone.messages("INVITE")][-1] for name, phone in (("a", alice), ("b", bob))
    }
    assert 2100 * NS_PER_MS <= again["a"] <= 4100 * NS_PER_MS
    assert again["b"] <= 2100 * NS_PER_MS
    assert alice.one(ReofferAnswered)
    assert bob.one(ReofferAnswered)


def test_second_491_is_the_end_of_the_offer() -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", HOLD))
    wire.run(0.1)
    peer.reply(phone, peer.request(), 491)
    wire.run(4.2)
    peer.reply(phone, peer.request(), 491)
    wire.run(10)
    assert phone.one(ReofferFailed).status == 491
    assert len({cseq(each).number for each in peer.requests("INVITE")}) == 3
    assert phone.got(Ended) == []


def test_second_offer_while_the_first_waits_gets_500_with_retry_after() -> None:
    wire, phone, peer, tag = taken()
    peer.ask(phone, to_tag=tag, number=2)
    peer.ask(phone, to_tag=tag, number=3)
    wire.run(0.1)
    refused = peer.response("INVITE")
    assert refused.status == 500
    assert 0 <= int(refused.headers.get("Retry-After") or "") <= 10
    assert len(phone.got(ReofferReceived)) == 1


def test_offer_while_one_is_out_is_refused_here() -> None:
    wire, phone, _peer = answered()
    phone.do(Reoffer("call", HOLD))
    phone.do(Reoffer("call", OFFER))
    assert phone.one(ReofferFailed).status == 491
    wire.run(0.1)
    assert len(phone.messages("INVITE")) == 2


def test_200_to_a_reinvite_is_repeated_until_its_ack() -> None:
    wire, phone, peer, tag = taken()
    phone.react = lambda e: [AnswerReoffer(e.session, ANSWER)] if isinstance(e, ReofferReceived) else []
    again = peer.ask(phone, to_tag=tag, number=2)
    wire.run(0.7)
    assert phone.sent() == ["200 INVITE", "200 INVITE", "200 INVITE"]
    peer.acknowledge(phone, again, peer.response("INVITE"))
    wire.run(40)
    assert len(phone.sent()) == 3
    assert phone.got(Ended) == []


def test_200_to_a_reinvite_without_ack_ends_the_call() -> None:
    wire, phone, peer, tag = taken()
    phone.react = lambda e: [AnswerReoffer(e.session, ANSWER)] if isinstance(e, ReofferReceived) else []
    peer.ask(phone, to_tag=tag, number=2)
    wire.run(33)
    assert phone.one(Ended).by == "failure"
    assert "BYE" in phone.sent()


def test_reinvite_without_an_offer_is_answered_in_its_ack() -> None:
    wire, phone, peer, tag = taken()
    phone.react = lambda e: [AnswerReoffer(e.session, OFFER)] if isinstance(e, ReofferReceived) else []
    again = peer.ask(phone, to_tag=tag, number=2, body=b"")
    wire.run(0.1)
    assert phone.one(ReofferReceived).offer == b""
    peer.ask(phone, to_tag=tag, number=3)
    wire.run(0.1)
    assert peer.response("INVITE").status == 491
    ok = phone.messages("200 INVITE")[-1].message
    peer.acknowledge(phone, again, ok, body=ANSWER)
    wire.run(0.1)
    assert phone.one(ReofferAnswered).body == ANSWER


def test_reinvite_proves_that_our_answer_arrived() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda e: [Answer(e.session, ANSWER)] if isinstance(e, InviteReceived) else []
    peer.ask(phone)
    wire.run(0.1)
    peer.ask(phone, to_tag=tag_of(peer.response("INVITE").headers, "To"), number=2)
    wire.run(0.1)
    assert [type(e) for e in phone.events] == [InviteReceived, Confirmed, ReofferReceived]


def test_reinvite_before_the_ack_with_our_offer_in_the_200_gets_491() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda e: [Answer(e.session, OFFER)] if isinstance(e, InviteReceived) else []
    peer.ask(phone, body=b"")
    wire.run(0.1)
    peer.ask(phone, to_tag=tag_of(peer.response("INVITE").headers, "To"), number=2)
    wire.run(0.1)
    assert peer.statuses("INVITE") == [200, 491]


def test_early_offer_to_a_callee_gets_500() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda e: [Ring(e.session)] if isinstance(e, InviteReceived) else []
    peer.ask(phone)
    wire.run(0.1)
    peer.ask(phone, "UPDATE", to_tag=tag_of(peer.response("INVITE").headers, "To"), number=2, body=OFFER)
    wire.run(0.1)
    assert peer.statuses("UPDATE") == [500]


def test_update_with_an_offer_is_answered_without_an_ack() -> None:
    wire, phone, peer, tag = taken()
    phone.react = lambda e: [AnswerReoffer(e.session, ANSWER)] if isinstance(e, ReofferReceived) else []
    peer.ask(phone, "UPDATE", to_tag=tag, number=2, body=HOLD)
    wire.run(40)
    assert phone.one(ReofferReceived).offer == HOLD
    assert peer.statuses("UPDATE") == [200]
    assert peer.response("UPDATE").body == ANSWER
    assert phone.got(Ended) == []


def test_challenged_reinvite_is_sent_again_with_credentials() -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", HOLD))
    wire.run(0.1)
    challenge = ("WWW-Authenticate", 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"')
    first = peer.request()
    peer.reply(phone, first, 401, headers=[challenge])
    wire.run(0.1)
    second = peer.request()
    assert cseq(second).number == cseq(first).number + 1
    assert second.body == HOLD
    assert 'realm="r"' in (second.headers.get("Authorization") or "")
    peer.reply(phone, second, 200, body=ANSWER)
    wire.run(0.1)
    assert phone.one(ReofferAnswered)
    assert peer.request("ACK").headers.get("Authorization") == second.headers.get("Authorization")


def test_silent_reinvite_is_cancelled_and_then_lost() -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", HOLD))
    wire.run(0.1)
    peer.reply(phone, peer.request(), 100)
    wire.run(32)
    assert phone.messages("CANCEL")
    assert phone.got(Ended) == []
    wire.run(33)
    assert phone.one(Ended).by == "failure"
    gap = phone.messages("BYE")[0].at - phone.messages("CANCEL")[0].at
    assert gap == 32 * NS_PER_SECOND


def test_hang_up_while_our_reinvite_is_out_still_acknowledges_it() -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", HOLD))
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    peer.reply(phone, peer.request(), 200, body=ANSWER)
    wire.run(0.1)
    assert phone.sent()[-2:] == ["BYE", "ACK"]
    assert phone.got(ReofferAnswered) == []


def test_reoffer_before_the_call_stands_is_refused() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer)
    phone.do(Reoffer("call", HOLD))
    assert phone.one(ReofferFailed).status == 491
