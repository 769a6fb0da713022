"""The dialog by itself: route sets, targets, counting, and which way its requests go."""

import pytest

from offhook.sip import build
from offhook.sip.dialog import Dialog, callee_dialog, caller_dialog, is_loose, uri_of
from offhook.sip.flow import Flow
from offhook.sip.message import Request, Response
from offhook.sip.session.inside import flow_to
from offhook.sip.transaction import snapshot

LOCAL = ("192.0.2.1", 5060)


def invite(to: str = "<sip:b@example.org>", **more: object) -> Request:
    return build.request(
        "INVITE",
        "sip:b@example.org",
        via="SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa",
        from_='"A" <sip:a@example.com>;tag=from',
        to=to,
        call_id="id",
        cseq=7,
        max_forwards=70,
        **more,  # type: ignore[arg-type]
    )


def answer(*headers: tuple[str, str]) -> Response:
    return build.response(invite(), 200, to_tag="far", headers=headers)


def test_caller_keeps_both_addresses_as_they_were_sent() -> None:
    dialog = caller_dialog(invite(), answer(("Contact", "<sip:b@192.0.2.3;x=1>")))
    assert dialog.local == '"A" <sip:a@example.com>;tag=from'
    assert dialog.remote == "<sip:b@example.org>;tag=far"
    assert (dialog.local_tag, dialog.remote_tag, dialog.local_cseq) == ("from", "far", 7)
    assert dialog.target == "sip:b@192.0.2.3;x=1"
    assert dialog.remote_cseq is None


@pytest.mark.parametrize("to", ["<sip:b@example.org>", "sip:b@example.org", "sip:b@example.org;x=y"])
def test_callee_adds_its_tag_to_the_to_address(to: str) -> None:
    dialog = callee_dialog(invite(to, contact="<sip:a@192.0.2.4>"), "mine", 100)
    assert dialog.local == f"{to};tag=mine"
    assert (dialog.remote, dialog.remote_tag) == ('"A" <sip:a@example.com>;tag=from', "from")
    assert (dialog.remote_cseq, dialog.local_cseq, dialog.target) == (7, 100, "sip:a@192.0.2.4")


@pytest.mark.parametrize("contact", [(), (("Contact", "*"),), (("Contact", "<broken"),)])
def test_c3_unusable_contact_leaves_the_target(contact: tuple[tuple[str, str], ...]) -> None:
    dialog = caller_dialog(invite(), answer(*contact))
    assert dialog.target == "sip:b@example.org"


def dialog(target: str = "sip:b@198.51.100.3", routes: tuple[str, ...] = ()) -> Dialog:
    return Dialog("id", "l", "r", "lt", "rt", 1, target, route_set=list(routes))


def test_c4_addressing() -> None:
    assert dialog().addressing() == ("sip:b@198.51.100.3", [])
    loose = dialog(routes=("<sip:p;lr>", "<sip:q>"))
    assert loose.addressing() == ("sip:b@198.51.100.3", ["<sip:p;lr>", "<sip:q>"])
    strict = dialog(routes=("<sip:p>", "<sip:q;lr>"))
    assert strict.addressing() == ("sip:p", ["<sip:q;lr>", "<sip:b@198.51.100.3>"])


@pytest.mark.parametrize(
    ("route", "loose"),
    [("<sip:p;lr>", True), ("<sip:p;lr=on>", True), ('"x" <sip:p;LR=true>;y', True), ("<sip:p>;lr", False)],
)
def test_c4_lr_is_a_parameter_of_the_uri(route: str, loose: bool) -> None:
    assert is_loose(route) is loose


def test_uri_of_a_route() -> None:
    assert uri_of('"Some, <One>" <sip:p;lr>;x=1') == uri_of("<sip:p;lr>") == "sip:p;lr"


def test_c4_confirmed_route_set_is_frozen() -> None:
    one = caller_dialog(invite(), answer(("Record-Route", "<sip:p;lr>")))
    one.confirm(answer(("Record-Route", "<sip:other;lr>"), ("Contact", "<sip:new@x>")))
    assert one.route_set == ["<sip:p;lr>"]
    assert one.target == "sip:new@x"


def test_c6_counting() -> None:
    one = dialog()
    assert [one.admit(number) for number in (5, 5, 4, 90, 6)] == [True, True, False, True, False]
    assert (one.next_cseq(), one.next_cseq()) == (2, 3)


@pytest.mark.parametrize(
    ("known", "target", "expected"),
    [
        ("203.0.113.5", "sip:b@198.51.100.3:5070", ("198.51.100.3", 5070)),
        ("203.0.113.5", "sip:b@198.51.100.3", ("198.51.100.3", 5060)),
        ("8.8.8.8", "sip:b@10.0.0.3", ("8.8.8.8", 5062)),
        ("8.8.8.8", "sip:b@pbx.example.org", ("8.8.8.8", 5062)),
        ("8.8.8.8", "sip:b@[2606:4700::1]", ("8.8.8.8", 5062)),
        ("8.8.8.8", "sip:b@0.0.0.0", ("8.8.8.8", 5062)),
        ("8.8.8.8", "sip:b@224.0.0.75", ("8.8.8.8", 5062)),
        ("2606:4700::5", "sip:b@[ff02::1]", ("2606:4700::5", 5062)),
        ("8.8.8.8", "nonsense", ("8.8.8.8", 5062)),
        ("127.0.0.1", "sip:b@127.0.0.2:7000", ("127.0.0.2", 7000)),
        ("2606:4700::5", "sip:b@[2606:4700::1]:7000", ("2606:4700::1", 7000)),
    ],
)
def test_where_requests_go(known: str, target: str, expected: tuple[str, int]) -> None:
    flow = Flow("udp", LOCAL, (known, 5062))
    assert flow_to(dialog(target), flow).remote == expected
    stream = Flow("tcp", LOCAL, (known, 5062))
    assert flow_to(dialog(target), stream) is stream


def test_first_route_decides_where_requests_go() -> None:
    flow = Flow("udp", LOCAL, ("203.0.113.5", 5060))
    assert flow_to(dialog(routes=("<sip:198.51.100.9;lr>",)), flow).remote == ("198.51.100.9", 5060)


def test_dialog_survives_a_dump_with_bytes_that_are_no_utf8() -> None:
    one = dialog("sip:\udcff@x")
    assert snapshot.load(snapshot.dump(one), Dialog) == one
