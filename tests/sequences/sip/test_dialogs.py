"""C: dialogs, each test named by its code in docs/specs/sip-dialog.md."""

from typing import Any

import pytest
from tests.sequences.sip.wire import ANSWER, OFFER, Carried, Phone, Puppet, Wire, tag_of

from offhook.sip.commands import Answer, AnswerReoffer, HangUp, Reoffer
from offhook.sip.events import (
    Answered,
    Confirmed,
    Ended,
    InviteReceived,
    ReofferAnswered,
    ReofferReceived,
    Ringing,
)
from offhook.sip.headers import cseq, to
from offhook.sip.message import Request


def calling(**more: Any) -> tuple[Wire, Phone, Puppet]:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer, **more)
    wire.run(0.1)
    return wire, phone, peer


def answered(**more: Any) -> tuple[Wire, Phone, Puppet]:
    wire, phone, peer = calling(**more)
    peer.reply(phone, peer.request(), 200, body=ANSWER)
    wire.run(0.1)
    return wire, phone, peer


def taken(**more: Any) -> tuple[Wire, Phone, Puppet, str]:
    """A call of the puppet's that the phone has answered; the phone's tag."""
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda e: [Answer(e.session, ANSWER)] if isinstance(e, InviteReceived) else []
    invite = peer.ask(phone, **more)
    wire.run(0.1)
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    wire.run(0.1)
    assert phone.got(Confirmed)
    return wire, phone, peer, tag_of(peer.response("INVITE").headers, "To")


def requests(phone: Phone, method: str) -> list[Request]:
    return [m.message for m in phone.messages(method) if isinstance(m.message, Request)]


def test_c1_forks_keep_their_own_target_and_route_set() -> None:
    wire, phone, peer = calling()
    invite = peer.request()
    for tag in ("a", "b"):
        peer.reply(
            phone, invite, 180, tag, f"<sip:{tag}@127.0.0.2>", [("Record-Route", f"<sip:127.0.0.2;lr;{tag}>")]
        )
    wire.run(0.1)
    assert [each.to_tag for each in phone.got(Ringing)] == ["a", "b"]
    peer.reply(phone, invite, 200, "b", "<sip:b@127.0.0.2>", [("Record-Route", "<sip:127.0.0.2;lr;b>")])
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    for request in requests(phone, "ACK") + requests(phone, "BYE"):
        assert (request.uri, to(request).tag) == ("sip:b@127.0.0.2", "b")
        assert request.headers.get_all("Route") == ["<sip:127.0.0.2;lr;b>"]


def test_c1_request_in_one_early_dialog_leaves_the_other() -> None:
    wire, phone, peer = calling()
    invite = peer.request()
    for tag in ("a", "b"):
        peer.reply(phone, invite, 180, tag)
    wire.run(0.1)
    local = tag_of(invite.headers, "From")
    peer.ask(phone, "BYE", from_tag="a", to_tag=local, call_id=invite.headers.get("Call-ID") or "")
    wire.run(0.1)
    assert peer.statuses("BYE") == [200]
    peer.reply(phone, invite, 200, "b")
    wire.run(0.1)
    assert phone.got(Answered)


def test_c2_second_2xx_is_acknowledged_and_ended() -> None:
    wire, phone, peer = calling()
    invite = peer.request()
    peer.reply(phone, invite, 200, "first", "<sip:first@127.0.0.2>")
    peer.reply(phone, invite, 200, "second", "<sip:second@127.0.0.2>")
    wire.run(0.1)
    assert phone.sent() == ["INVITE", "ACK", "ACK", "BYE"]
    bye = requests(phone, "BYE")[0]
    assert (bye.uri, to(bye).tag) == ("sip:second@127.0.0.2", "second")
    assert len(phone.got(Answered)) == 1
    peer.reply(phone, peer.request("BYE"), 200)
    wire.run(20)
    peer.reply(phone, invite, 200, "third", "<sip:third@127.0.0.2>")
    wire.run(0.1)
    assert phone.sent()[-2:] == ["ACK", "BYE"]
    assert phone.got(Ended) == []


def test_c2_forgets_after_64_t1() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 200, "first")
    wire.run(33)
    before = len(wire.log)
    peer.reply(phone, peer.request(), 200, "late")
    wire.run(1)
    assert len(wire.log) == before + 1


def test_c3_answer_without_a_to_tag_is_a_call() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 180, tag=None)
    peer.reply(phone, peer.request(), 200, tag=None, body=ANSWER)
    wire.run(0.1)
    assert phone.one(Answered).body == ANSWER
    call_id = peer.request().headers.get("Call-ID") or ""
    peer.ask(phone, "BYE", from_tag="", to_tag=tag_of(peer.request().headers, "From"), call_id=call_id)
    wire.run(0.1)
    assert phone.one(Ended).by == "remote"


def test_c3_answer_without_contact_is_reached_at_the_request_uri() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 200, contact=None)
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    assert [m.uri for m in requests(phone, "ACK") + requests(phone, "BYE")] == [
        "sip:callee@127.0.0.2:5060"
    ] * 2


def test_c3_caller_without_tag_and_contact_is_a_call() -> None:
    wire, phone, peer, tag = taken(from_tag="", contact=False)
    peer.ask(phone, "BYE", from_tag="", to_tag=tag, number=2, contact=False)
    wire.run(0.1)
    assert peer.statuses("BYE") == [200]


@pytest.mark.parametrize("lr", ["lr", "lr=on", "lr=true"])
def test_c4_route_set_of_the_caller_is_reversed_and_loose(lr: str) -> None:
    wire, phone, peer = calling()
    first, second = f"<sip:10.1.1.1;{lr}>", f"<sip:127.0.0.2;{lr}>"
    peer.reply(phone, peer.request(), 200, headers=[("Record-Route", f"{first}, {second}")])
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    bye = peer.request("BYE")
    assert bye.headers.get_all("Route") == [second, first]
    assert bye.uri == "sip:puppet@127.0.0.2:5060"


def test_c4_route_set_of_the_callee_keeps_its_order() -> None:
    routes = [("Record-Route", "<sip:127.0.0.2;lr>"), ("Record-Route", "<sip:10.1.1.2;lr>")]
    wire, phone, peer, _ = taken(headers=routes)
    assert peer.response("INVITE").headers.get_all("Record-Route") == [value for _, value in routes]
    phone.do(HangUp(phone.one(InviteReceived).session))
    wire.run(0.1)
    assert peer.request("BYE").headers.get_all("Route") == ["<sip:127.0.0.2;lr>", "<sip:10.1.1.2;lr>"]


def test_c4_strict_router_becomes_the_request_uri() -> None:
    wire, phone, peer = calling()
    routes = "<sip:10.1.1.1;lr>, <sip:127.0.0.2;strict>"
    peer.reply(phone, peer.request(), 200, headers=[("Record-Route", routes)])
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    bye = peer.request("BYE")
    assert bye.uri == "sip:127.0.0.2;strict"
    assert bye.headers.get_all("Route") == ["<sip:10.1.1.1;lr>", "<sip:puppet@127.0.0.2:5060>"]


def test_c4_route_set_is_computed_again_by_the_2xx_and_then_frozen() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 180, headers=[("Record-Route", "<sip:10.9.9.9;lr>")])
    routes = "<sip:10.7.7.7;lr>, <sip:127.0.0.2;lr;new>"
    peer.reply(phone, peer.request(), 200, headers=[("Record-Route", routes)])
    wire.run(0.1)
    phone.do(Reoffer("call", OFFER))
    wire.run(0.1)
    peer.reply(phone, peer.request(), 200, headers=[("Record-Route", "<sip:10.5.5.5;lr>")])
    wire.run(0.1)
    phone.do(HangUp("call"))
    wire.run(0.1)
    assert peer.request("BYE").headers.get_all("Route") == ["<sip:127.0.0.2;lr;new>", "<sip:10.7.7.7;lr>"]


def test_c5_reinvite_of_the_peer_moves_the_target() -> None:
    wire, phone, peer, tag = taken()
    phone.react = lambda e: [AnswerReoffer(e.session, ANSWER)] if isinstance(e, ReofferReceived) else []
    moved = wire.puppet("moved")
    contact = f"<sip:moved@{moved.address[0]}:5060>"
    peer.ask(phone, to_tag=tag, number=2, contact=False, headers=[("Contact", contact)])
    wire.run(0.1)
    phone.do(HangUp(phone.one(InviteReceived).session))
    wire.run(0.1)
    assert moved.request("BYE").uri == "sip:moved@127.0.0.3:5060"


def test_c5_update_moves_the_target_also_early() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 180, "early")
    wire.run(0.1)
    invite = peer.request()
    peer.ask(
        phone,
        "UPDATE",
        from_tag="early",
        to_tag=tag_of(invite.headers, "From"),
        call_id=invite.headers.get("Call-ID") or "",
        contact=False,
        headers=[("Contact", "<sip:new@127.0.0.2>")],
    )
    wire.run(0.1)
    assert peer.statuses("UPDATE") == [200]
    peer.reply(phone, invite, 200, "early", contact=None)
    wire.run(0.1)
    assert requests(phone, "ACK")[0].uri == "sip:new@127.0.0.2"


def test_c5_answer_to_our_reinvite_moves_the_target() -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", OFFER))
    wire.run(0.1)
    peer.reply(phone, peer.request(), 200, contact="<sip:second@127.0.0.2>", body=ANSWER)
    wire.run(0.1)
    assert phone.one(ReofferAnswered).body == ANSWER
    assert requests(phone, "ACK")[-1].uri == "sip:second@127.0.0.2"


def test_c5_other_requests_do_not_move_the_target() -> None:
    wire, phone, peer, tag = taken()
    for number, method in enumerate(("INFO", "OPTIONS"), 2):
        peer.ask(
            phone,
            method,
            to_tag=tag,
            number=number,
            contact=False,
            headers=[("Contact", "<sip:evil@10.0.0.1>")],
        )
    wire.run(0.1)
    phone.do(HangUp(phone.one(InviteReceived).session))
    wire.run(0.1)
    assert peer.request("BYE").uri == "sip:puppet@127.0.0.2:5060"


def test_c6_lower_cseq_gets_500_and_gaps_are_fine() -> None:
    wire, phone, peer, tag = taken(number=10)
    for number in (50, 49, 51):
        peer.ask(phone, "OPTIONS", to_tag=tag, number=number)
        wire.run(0.1)
    assert peer.statuses("OPTIONS") == [200, 500, 200]


def test_c6_retransmission_is_not_lower() -> None:
    wire, phone, peer, tag = taken(number=10)
    peer.ask(phone, "OPTIONS", to_tag=tag, number=11, branch="z9hG4bKfirst")
    peer.ask(phone, "OPTIONS", to_tag=tag, number=12)
    wire.run(0.1)
    peer.ask(phone, "OPTIONS", to_tag=tag, number=11, branch="z9hG4bKfirst")
    wire.run(0.1)
    assert peer.statuses("OPTIONS") == [200, 200, 200]


def test_c6_ack_and_cancel_are_not_counted() -> None:
    wire, phone, peer = calling()
    peer.reply(phone, peer.request(), 180)
    wire.run(0.1)
    first = cseq(peer.request()).number
    assert first < 2**31
    peer.reply(phone, peer.request(), 200)
    wire.run(0.1)
    phone.do(Reoffer("call", OFFER))
    wire.run(0.1)
    assert cseq(peer.request("ACK")).number == first
    assert cseq(peer.request("INVITE")).number == first + 1


@pytest.mark.parametrize("method", ["INVITE", "BYE", "UPDATE", "INFO", "OPTIONS"])
def test_c7_request_in_no_dialog_gets_481(method: str) -> None:
    wire, phone, peer, tag = taken()
    peer.ask(phone, method, to_tag="nobody", number=2)
    peer.ask(phone, method, to_tag=tag, from_tag="stranger", number=2)
    wire.run(0.1)
    assert peer.statuses(method)[-2:] == [481, 481]
    assert phone.got(Ended) == []


@pytest.mark.parametrize("status", [408, 481])
def test_c7_refused_reinvite_ends_the_dialog(status: int) -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", OFFER))
    wire.run(0.1)
    peer.reply(phone, peer.request(), status)
    wire.run(0.1)
    assert phone.one(Ended).by == "failure"
    assert phone.sent()[-2:] == ["ACK", "BYE"]


def test_c7_unanswered_reinvite_ends_the_dialog() -> None:
    wire, phone, _peer = answered()
    phone.do(Reoffer("call", OFFER))
    wire.run(33)
    assert phone.one(Ended).by == "failure"
    assert "BYE" in phone.sent()


def test_c7_stale_408_does_not_end_the_dialog() -> None:
    wire, phone, peer = answered()
    phone.do(Reoffer("call", OFFER))
    wire.run(0.1)
    first = peer.request()
    peer.reply(phone, first, 491)
    wire.run(5)
    assert len(peer.requests("INVITE")) >= 3
    peer.reply(phone, first, 408)
    wire.run(0.1)
    assert phone.got(Ended) == []


@pytest.mark.parametrize("status", [408, 481])
def test_c7_refused_bye_is_still_the_end(status: int) -> None:
    wire, phone, peer = answered()
    phone.do(HangUp("call"))
    wire.run(0.1)
    peer.reply(phone, peer.request("BYE"), status)
    wire.run(40)
    assert phone.one(Ended).by == "local"
    assert phone.stack.sessions == []


def test_c9_hops_are_carried_across() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    alice.call(bob, max_forwards=17)
    wire.run(0.1)
    assert bob.one(InviteReceived).max_forwards == 17


def test_c9_no_hops_left_gets_483() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    alice.call(bob, max_forwards=0)
    wire.run(0.1)
    assert bob.events == []
    assert bob.sent() == ["483 INVITE"]


@pytest.mark.parametrize("hops", [None, 0])
def test_c9_missing_or_spent_hops_are_tolerated_inside_a_dialog(hops: int | None) -> None:
    wire, phone, peer, tag = taken()
    request = peer.ask(phone, "OPTIONS", to_tag=tag, number=2)
    text = wire.log[-1].data
    line = b"" if hops is None else b"Max-Forwards: 0\r\n"
    other = text.replace(b"Max-Forwards: 70\r\n", line).replace(b"z9hG4bKpuppet", b"z9hG4bKother")
    peer.say(phone, other.replace(b"2 OPTIONS", b"3 OPTIONS"))
    wire.run(0.1)
    assert request.method == "OPTIONS"
    assert peer.statuses("OPTIONS") == [200, 200]


def test_requests_inside_a_dialog_go_where_the_contact_points() -> None:
    wire, phone, peer = calling()
    target = wire.puppet("target")
    peer.reply(phone, peer.request(), 200, contact=f"<sip:x@{target.address[0]}:5060>")
    wire.run(0.1)
    assert isinstance(target.request("ACK"), Request)


def test_requests_inside_a_dialog_stay_on_a_stream() -> None:
    wire, phone, peer = calling(transport="tcp")
    peer.reply(phone, peer.request(), 200, contact="<sip:x@127.0.0.77:5099;transport=tcp>", transport="tcp")
    wire.run(0.1)
    acks: list[Carried] = phone.messages("ACK")
    assert [each.to for each in acks] == [peer.address]
