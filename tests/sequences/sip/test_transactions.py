"""B: transactions as a peer sees them, each test named by its code in docs/specs/sip-transaction.md."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from tests.sequences.sip.wire import ANSWER, CREDENTIALS, Phone, Puppet, Wire, tag_of

from offhook.core.clock import NS_PER_MS, NS_PER_SECOND
from offhook.sip.commands import Answer, Challenge, Command, HangUp, Reject, Reoffer, Ring, TurnAway
from offhook.sip.events import Answered, Confirmed, Ended, Event, Failed, InviteReceived
from offhook.sip.headers import cseq, to, vias
from offhook.sip.message import Request

React = Callable[[Event], Iterable[Command]]


def accept(event: Event) -> Iterable[Command]:
    return [Answer(event.session, ANSWER)] if isinstance(event, InviteReceived) else []


def ring(event: Event) -> Iterable[Command]:
    return [Ring(event.session)] if isinstance(event, InviteReceived) else []


def refuse(event: Event) -> Iterable[Command]:
    return [Reject(event.session, 486)] if isinstance(event, InviteReceived) else []


def two(react: React | None = None) -> tuple[Wire, Phone, Puppet]:
    wire = Wire()
    phone = wire.phone("phone")
    if react is not None:
        phone.react = react
    return wire, phone, wire.puppet()


def test_b1_same_branch_from_another_sender_is_another_transaction() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone, branch="z9hG4bKsame", call_id="one")
    peer.ask(
        phone, branch="z9hG4bKsame", call_id="two", via="SIP/2.0/UDP elsewhere:5060;branch=z9hG4bKsame;rport"
    )
    wire.run(0.1)
    assert len(phone.got(InviteReceived)) == 2


def test_b1_same_branch_and_sender_is_a_retransmission() -> None:
    wire, phone, peer = two(ring)
    invite = peer.ask(phone, branch="z9hG4bKsame")
    wire.run(0.1)
    peer.ask(phone, branch="z9hG4bKsame")
    wire.run(0.1)
    assert len(phone.got(InviteReceived)) == 1
    assert peer.statuses("INVITE") == [180, 180]
    assert tag_of(peer.response("INVITE").headers, "To")
    assert invite.method == "INVITE"


def test_b1_ack_to_a_failure_belongs_to_its_invite() -> None:
    wire, phone, peer = two(refuse)
    peer.ask(phone, branch="z9hG4bKx")
    wire.run(0.1)
    peer.ask(phone, "ACK", branch="z9hG4bKx", to_tag=tag_of(peer.response("INVITE").headers, "To"))
    wire.run(40)
    assert peer.statuses("INVITE") == [486]
    assert phone.stack.transactions == 0


@pytest.mark.parametrize("branch", ["", ";branch=1", ";branch=z9hG4bK"])
def test_b1_rfc_2543_peer_is_matched_by_its_headers(branch: str) -> None:
    wire, phone, peer = two(refuse)
    via = f"SIP/2.0/UDP {peer.address[0]}:5060{branch}"
    peer.ask(phone, via=via)
    wire.run(0.1)
    peer.ask(phone, via=via)
    wire.run(0.1)
    assert peer.statuses("INVITE") == [486, 486]
    peer.ask(phone, "ACK", via=via, to_tag=tag_of(peer.response("INVITE").headers, "To"))
    wire.run(40)
    assert peer.statuses("INVITE") == [486, 486]
    assert len(phone.got(InviteReceived)) == 1
    peer.ask(phone, via=via, call_id="another-call")
    wire.run(0.1)
    assert len(phone.got(InviteReceived)) == 2


def test_b1_rfc_2543_cancel_finds_its_invite() -> None:
    wire, phone, peer = two(ring)
    invite = peer.ask(phone, via=f"SIP/2.0/UDP {peer.address[0]}:5060")
    wire.run(0.1)
    peer.cancel(phone, invite)
    wire.run(0.1)
    assert peer.statuses("CANCEL") == [200]
    assert peer.statuses("INVITE") == [180, 487]


def test_b2_merged_request_gets_482() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone, branch="z9hG4bKpath1")
    peer.ask(phone, branch="z9hG4bKpath2")
    wire.run(0.1)
    assert len(phone.got(InviteReceived)) == 1
    assert sorted(peer.statuses("INVITE")) == [180, 482]


def test_b2_retry_with_credentials_is_not_merged() -> None:
    wire, phone, peer = two(lambda e: [Challenge(e.session, "here")] if isinstance(e, InviteReceived) else [])
    peer.ask(phone, number=1)
    peer.ask(phone, number=2)
    wire.run(0.1)
    assert peer.statuses("INVITE") == [401, 401]
    assert len(phone.got(InviteReceived)) == 2


def test_b2_new_cseq_beside_a_pending_invite_is_not_merged() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone, number=1)
    peer.ask(phone, number=2)
    wire.run(0.1)
    assert peer.statuses("INVITE") == [180, 180]


def test_b3_invite_repeated_after_its_ack_makes_no_new_call() -> None:
    wire, phone, peer = two(accept)
    invite = peer.ask(phone, branch="z9hG4bKlate")
    wire.run(0.1)
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    wire.run(1)
    peer.ask(phone, branch="z9hG4bKlate")
    wire.run(20)
    assert len(phone.got(InviteReceived)) == 1
    assert len(phone.got(Confirmed)) == 1
    assert peer.statuses("INVITE") == [200]


def test_b3_refused_invite_repeated_after_its_ack_makes_no_new_call() -> None:
    wire, phone, peer = two(refuse)
    peer.ask(phone, branch="z9hG4bKlate")
    wire.run(0.1)
    peer.ask(phone, "ACK", branch="z9hG4bKlate", to_tag=tag_of(peer.response("INVITE").headers, "To"))
    wire.run(1)
    peer.ask(phone, branch="z9hG4bKlate")
    wire.run(1)
    assert len(phone.got(InviteReceived)) == 1
    assert peer.statuses("INVITE") == [486]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_b4_2xx_is_repeated_until_64_t1_then_bye(transport: str) -> None:
    wire, phone, peer = two(accept)
    peer.ask(phone, transport=transport)
    wire.run(40)
    sent = [each.at for each in phone.messages("200 INVITE")]
    gaps = [(later - earlier) // NS_PER_MS for earlier, later in pairwise(sent)]
    assert gaps == [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000]
    bye = phone.messages("BYE")[0]
    assert bye.at - sent[0] == 32 * NS_PER_SECOND
    ended = phone.one(Ended)
    assert (ended.by, ended.cancelled) == ("failure", False)


def test_b4_2xx_stops_with_the_ack() -> None:
    wire, phone, peer = two(accept)
    invite = peer.ask(phone)
    wire.run(0.7)
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    wire.run(40)
    assert peer.statuses("INVITE") == [200, 200]
    assert phone.got(Ended) == []


def called(transport: str = "udp") -> tuple[Wire, Phone, Puppet, bytes]:
    """A call of the phone's that the puppet has answered."""
    wire, phone, peer = two()
    phone.call(peer, transport=transport)
    wire.run(0.1)
    answer = peer.reply(phone, peer.request(), 200, body=ANSWER, transport=transport)
    wire.run(0.1)
    return wire, phone, peer, answer


def test_b5_every_repeated_2xx_gets_the_same_ack() -> None:
    wire, phone, peer, answer = called()
    for _ in range(3):
        peer.say(phone, answer)
        wire.run(1)
    acks = {each.data for each in phone.messages("ACK")}
    assert len(phone.messages("ACK")) == 4
    assert len(acks) == 1
    assert len(phone.got(Answered)) == 1


def test_b5_repeated_2xx_is_acknowledged_after_bye() -> None:
    wire, phone, peer, answer = called()
    phone.do(HangUp("call"))
    wire.run(0.1)
    peer.reply(phone, peer.request("BYE"), 200)
    wire.run(8)
    peer.say(phone, answer)
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "ACK", "BYE", "ACK"]
    assert len({each.data for each in phone.messages("ACK")}) == 1


def test_b5_repeated_2xx_is_acknowledged_during_a_reinvite() -> None:
    wire, phone, peer, answer = called()
    phone.do(Reoffer("call", b"v=0\r\n"))
    wire.run(0.1)
    peer.say(phone, answer)
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "ACK", "INVITE", "ACK"]
    assert cseq(peer.request("ACK", -1)).number == cseq(peer.request("INVITE", 0)).number


def test_b6_ack_to_2xx_has_a_new_branch_the_route_set_and_the_credentials() -> None:
    wire, phone, peer = two()
    phone.call(peer, credentials=CREDENTIALS, headers=(("Route", "<sip:proxy.example;lr>"),))
    wire.run(0.1)
    challenge = 'Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'
    peer.reply(phone, peer.request(), 407, headers=[("Proxy-Authenticate", challenge)])
    wire.run(0.1)
    peer.ask(phone, "OPTIONS")  # something in between
    routes = [
        ("Record-Route", "<sip:127.0.0.2;lr;id=1>"),
        ("Record-Route", "<sip:10.0.0.9;lr>, <sip:10.0.0.8;lr>"),
    ]
    peer.reply(phone, peer.request(), 200, headers=routes, body=ANSWER)
    wire.run(0.1)
    invite, ack = (
        peer.request("INVITE"),
        next(m for m in phone.messages("ACK") if m.at > phone.messages("INVITE")[1].at),
    )
    message = ack.message
    assert isinstance(message, Request)
    assert vias(message)[0].branch != vias(invite)[0].branch
    assert message.headers.get_all("Route") == [
        "<sip:10.0.0.8;lr>",
        "<sip:10.0.0.9;lr>",
        "<sip:127.0.0.2;lr;id=1>",
    ]
    assert message.uri == "sip:puppet@127.0.0.2:5060"
    assert cseq(message).number == cseq(invite).number
    assert message.headers.get("Proxy-Authorization") == invite.headers.get("Proxy-Authorization")
    assert "uri=" in (message.headers.get("Proxy-Authorization") or "")


def test_b6_ack_to_a_failure_has_the_branch_and_route_of_the_invite() -> None:
    wire, phone, peer = two()
    phone.call(peer, headers=(("Route", "<sip:proxy.example;lr>"),))
    wire.run(0.1)
    peer.reply(phone, peer.request(), 486, tag="failed")
    wire.run(0.1)
    invite, ack = peer.request("INVITE"), peer.request("ACK")
    assert ack.headers.get_all("Via") == invite.headers.get_all("Via")
    assert ack.headers.get_all("Route") == ["<sip:proxy.example;lr>"]
    assert to(ack).tag == "failed"
    assert ack.uri == invite.uri
    assert phone.one(Failed).status == 486


def test_b7_100_goes_out_after_200_ms_of_silence() -> None:
    wire, phone, peer = two()
    peer.ask(phone)
    wire.run(0.2)
    assert peer.statuses("INVITE") == []
    wire.run(0.1)
    assert peer.statuses("INVITE") == [100]
    assert tag_of(peer.response("INVITE").headers, "To") == ""


def test_b7_no_100_when_the_user_has_spoken() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone)
    wire.run(2)
    assert peer.statuses("INVITE") == [180]


def test_b7_no_provisional_response_to_other_requests() -> None:
    wire, phone, peer = two(accept)
    invite = peer.ask(phone)
    wire.run(0.1)
    tag = tag_of(peer.response("INVITE").headers, "To")
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    for number, method in enumerate(("OPTIONS", "INFO", "UPDATE", "BYE"), 2):
        peer.ask(phone, method, to_tag=tag, number=number)
        wire.run(0.1)
        assert peer.statuses(method) == [200]


def test_b8_one_to_tag_for_all_responses_but_the_100() -> None:
    wire, phone, peer = two()
    invite = peer.ask(phone)
    wire.run(0.3)
    session = phone.one(InviteReceived).session
    phone.do(Ring(session))
    phone.do(Ring(session, 183))
    wire.run(0.1)
    peer.cancel(phone, invite)
    wire.run(0.1)
    tags = {each.line: tag_of(each.message.headers, "To") for each in wire.log if each.sender == "phone"}
    assert tags.pop("100 INVITE") == ""
    assert set(tags) == {"180 INVITE", "183 INVITE", "487 INVITE", "200 CANCEL"}
    assert len(set(tags.values())) == 1


@pytest.mark.parametrize(
    ("method", "to_tag", "status"), [("OPTIONS", None, 200), ("BYE", "gone", 481), ("REGISTER", None, 405)]
)
def test_b8_stateless_replies_keep_their_to_tag(method: str, to_tag: str | None, status: int) -> None:
    wire, phone, peer = two()
    for _ in range(2):
        peer.ask(phone, method, branch="z9hG4bKsame", to_tag=to_tag)
        wire.run(1)
    replies = [each.message for each in wire.log if each.sender == "phone"]
    assert [each.line for each in wire.log if each.sender == "phone"] == [f"{status} {method}"] * 2
    assert replies[0].headers.get("To") == replies[1].headers.get("To")
    assert tag_of(replies[0].headers, "To")
    assert phone.stack.transactions == 0


def test_b9_response_goes_to_the_source_when_rport_is_asked_for() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone, via="SIP/2.0/UDP 192.168.1.5:6000;branch=z9hG4bKnat;rport")
    wire.run(0.1)
    via = vias(peer.response("INVITE"))[0]
    assert (via.received, via.rport) == (peer.address[0], peer.address[1])
    assert (via.host, via.port) == ("192.168.1.5", 6000)


def test_b9_response_goes_to_the_via_port_without_rport() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone, via="SIP/2.0/UDP 192.168.1.5:6000;branch=z9hG4bKnat")
    wire.run(0.1)
    assert [each.to for each in wire.log if each.sender == "phone"] == [(peer.address[0], 6000)]
    assert "received=127.0.0.2" in (wire.log[-1].message.headers.get("Via") or "")


def test_b9_stream_answers_on_itself() -> None:
    wire, phone, peer = two(ring)
    peer.ask(phone, via="SIP/2.0/TCP 192.168.1.5:6000;branch=z9hG4bKnat", transport="tcp")
    wire.run(0.1)
    assert [each.to for each in wire.log if each.sender == "phone"] == [peer.address]


def test_b14_three_thousand_calls_leave_nothing() -> None:
    """3 000 short calls in batches of 100, by every way a call can end."""
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    ways: list[React] = [accept, refuse, ring, accept]

    def react(event: Event) -> Iterable[Command]:
        if not isinstance(event, InviteReceived):
            return []
        return ways[int(dict(event.headers)["X-Number"]) % 4](event)

    bob.react = react
    for batch in range(30):
        for number in range(100):
            alice.call(bob, f"{batch}/{number}", headers=(("X-Number", str(number)),))
        wire.run(0.05)
        for number in range(100):
            alice.do(HangUp(f"{batch}/{number}"))
        wire.run(0.05)
        wire.log.clear()
    assert len(alice.got(Answered)) == 1500
    assert len(alice.got(Ended)) == 1500
    assert len(alice.got(Failed)) == 1500
    wire.run(64)
    for phone in (alice, bob):
        assert phone.stack.transactions == 0
        assert phone.stack.sessions == []
        assert phone.timers == {}


def test_h5_a_call_that_is_turned_away_gets_one_answer_and_leaves_nothing() -> None:
    def away(event: Event) -> Iterable[Command]:
        retry = (("Retry-After", "10"),)
        return [TurnAway(event.session, 503, retry)] if isinstance(event, InviteReceived) else []

    wire, phone, peer = two(away)
    invite = peer.ask(phone)
    wire.run(0.1)
    assert peer.statuses("INVITE") == [503]
    assert peer.response("INVITE").headers.get("Retry-After") == "10"
    assert phone.stack.transactions == 0
    assert phone.stack.sessions == []
    wire.run(40)
    assert peer.statuses("INVITE") == [503]
    peer.ask(phone, "ACK", branch=vias(invite)[0].branch, to_tag=to(peer.response("INVITE")).tag)
    wire.run(1)
    assert phone.got(Ended) == []


def test_h5_requests_inside_dialogs_are_served_when_new_ones_are_not() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone", limit=1), wire.puppet()
    phone.react = accept
    peer.ask(phone)
    wire.run(0.1)
    tag = tag_of(peer.response("INVITE").headers, "To")
    peer.ask(phone, "ACK", to_tag=tag)
    peer.ask(phone, call_id="another")
    wire.run(0.1)
    assert peer.statuses("INVITE")[-1] == 503
    peer.ask(phone, "BYE", to_tag=tag, number=2)
    wire.run(0.1)
    assert peer.statuses("BYE") == [200]
