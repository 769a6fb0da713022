"""Challenges in both directions, and requests that are no part of a call."""

import pytest
from tests.sequences.sip.wire import ANSWER, CREDENTIALS, Phone, Puppet, Wire, tag_of

from offhook.core.errors import LocalStateError
from offhook.sip.commands import Answer, Challenge, Credentials, HangUp, Reject, Reoffer, Ring
from offhook.sip.events import Answered, Ended, Failed, InviteReceived
from offhook.sip.headers import call_id, cseq, from_, vias

CHALLENGE = 'Digest realm="r", nonce="{}", algorithm=MD5, qop="auth"'


def guard(phone: Phone, password: str = "wonderland") -> None:
    """Make a phone that takes calls only with the right password."""

    def react(event: object) -> list[Answer | Challenge | Reject]:
        if not isinstance(event, InviteReceived):
            return []
        if event.digest is None or event.digest.stale:
            return [Challenge(event.session, "offhook")]
        if event.digest.username == "alice" and event.digest.matches(password):
            return [Answer(event.session, ANSWER)]
        return [Reject(event.session, 403)]

    phone.react = react


def test_g5_challenge_and_retry_between_two_stacks() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    guard(bob)
    alice.call(bob, credentials=CREDENTIALS)
    wire.run(1)
    assert alice.one(Answered).body == ANSWER
    assert wire.ladder() == [
        "alice: INVITE",
        "bob: 401 INVITE",
        "alice: ACK",
        "alice: INVITE",
        "bob: 200 INVITE",
        "alice: ACK",
    ]
    challenge = bob.messages("401 INVITE")[0].message.headers.get_all("WWW-Authenticate")
    assert len(challenge) == 2
    assert [len(bob.got(kind)) for kind in (InviteReceived, Ended)] == [2, 0]


def test_g5_a_stranger_leaves_no_state() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    guard(phone)
    for number in range(50):
        peer.ask(phone, call_id=f"scan{number}")
    wire.run(0.1)
    assert peer.statuses("INVITE") == [401] * 50
    assert phone.stack.transactions == 0
    assert phone.stack.sessions == []


@pytest.mark.parametrize(
    "credentials", [None, Credentials("alice", "wrong"), Credentials("bob", "wonderland")]
)
def test_wrong_or_no_credentials_fail(credentials: Credentials | None) -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    guard(bob)
    alice.call(bob, credentials=credentials)
    wire.run(1)
    assert alice.one(Failed).status == (403 if credentials else 401)


@pytest.mark.parametrize("status", [401, 407])
def test_g4_retry_keeps_call_and_tag_with_a_new_branch_and_cseq(status: int) -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer, credentials=CREDENTIALS, headers=(("X-Own", "1"),))
    wire.run(0.1)
    name, credential = (
        ("WWW-Authenticate", "Authorization")
        if status == 401
        else ("Proxy-Authenticate", "Proxy-Authorization")
    )
    first = peer.request()
    peer.reply(phone, first, status, headers=[(name, CHALLENGE.format("n1"))])
    wire.run(0.1)
    second = peer.request()
    assert call_id(second) == call_id(first)
    assert from_(second).tag == from_(first).tag
    assert cseq(second).number == cseq(first).number + 1
    assert vias(second)[0].branch != vias(first)[0].branch
    assert second.body == first.body
    assert second.headers.get_all("X-Own") == ["1"]
    assert len(second.headers.get_all(credential)) == 1


def test_g3_second_refusal_without_stale_is_final_and_with_stale_is_not() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer, credentials=CREDENTIALS)
    wire.run(0.1)
    for nonce in ("n1", 'n2", stale="true'):
        peer.reply(phone, peer.request(), 401, headers=[("WWW-Authenticate", CHALLENGE.format(nonce))])
        wire.run(0.1)
    assert len(peer.requests("INVITE")) == 3
    peer.reply(phone, peer.request(), 401, headers=[("WWW-Authenticate", CHALLENGE.format("n3"))])
    wire.run(0.1)
    assert len(peer.requests("INVITE")) == 3
    assert phone.one(Failed).status == 401


def challenged_call() -> tuple[Wire, Phone, Puppet]:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer, credentials=CREDENTIALS)
    wire.run(0.1)
    peer.reply(phone, peer.request(), 401, headers=[("WWW-Authenticate", CHALLENGE.format("n1"))])
    wire.run(0.1)
    peer.reply(phone, peer.request(), 200, body=ANSWER)
    wire.run(0.1)
    return wire, phone, peer


def test_g3_bye_of_a_challenged_call_counts_its_nonce_on() -> None:
    wire, phone, peer = challenged_call()
    phone.do(HangUp("call"))
    wire.run(0.1)
    assert "nc=00000001" in (peer.request("INVITE").headers.get("Authorization") or "")
    assert "nc=00000002" in (peer.request("BYE").headers.get("Authorization") or "")


def test_challenged_bye_is_sent_again() -> None:
    wire, phone, peer = challenged_call()
    phone.do(HangUp("call"))
    wire.run(0.1)
    first = peer.request("BYE")
    peer.reply(phone, first, 401, headers=[("WWW-Authenticate", CHALLENGE.format("n2"))])
    wire.run(0.1)
    second = peer.request("BYE")
    assert cseq(second).number == cseq(first).number + 1
    assert 'nonce="n2"' in (second.headers.get("Authorization") or "")
    peer.reply(phone, second, 200)
    wire.run(64)
    assert phone.stack.sessions == []


def inbound_call(credentials: Credentials | None) -> tuple[Wire, Phone, Puppet]:
    """A call that the peer has begun, answered and acknowledged."""
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda event: (
        [Answer(event.session, ANSWER, credentials=credentials)] if isinstance(event, InviteReceived) else []
    )
    peer.ask(phone)
    wire.run(0.1)
    peer.ask(phone, "ACK", to_tag=tag_of(peer.response("INVITE").headers, "To"))
    wire.run(0.1)
    return wire, phone, peer


@pytest.mark.parametrize(
    ("status", "challenge", "credential"),
    [
        (401, "WWW-Authenticate", "Authorization"),
        (407, "Proxy-Authenticate", "Proxy-Authorization"),
    ],
)
def test_requests_inside_a_call_that_the_peer_began_are_sent_again_with_credentials(
    status: int, challenge: str, credential: str
) -> None:
    wire, phone, peer = inbound_call(CREDENTIALS)
    session = phone.one(InviteReceived).session
    phone.do(Reoffer(session, ANSWER))
    wire.run(0.1)
    first = peer.request("INVITE")
    assert first.headers.get(credential) is None
    peer.reply(phone, first, status, tag=None, headers=[(challenge, CHALLENGE.format("n1"))])
    wire.run(0.1)
    second = peer.request("INVITE")
    assert cseq(second).number == cseq(first).number + 1
    assert f'username="{CREDENTIALS.username}"' in (second.headers.get(credential) or "")
    peer.reply(phone, second, 200, tag=None, body=ANSWER)
    wire.run(0.1)
    phone.do(HangUp(session))
    wire.run(0.1)
    assert "nc=00000002" in (peer.request("BYE").headers.get(credential) or "")
    peer.reply(phone, peer.request("BYE"), status, tag=None, headers=[(challenge, CHALLENGE.format("n2"))])
    wire.run(0.1)
    assert 'nonce="n2"' in (peer.request("BYE").headers.get(credential) or "")
    peer.reply(phone, peer.request("BYE"), 200, tag=None)
    wire.run(64)
    assert len(peer.requests("BYE")) == 2
    assert phone.stack.sessions == []


def test_a_challenge_inside_a_call_of_a_peer_without_credentials_ends_the_attempt() -> None:
    wire, phone, peer = inbound_call(None)
    phone.do(HangUp(phone.one(InviteReceived).session))
    wire.run(0.1)
    challenge = [("WWW-Authenticate", CHALLENGE.format("n1"))]
    peer.reply(phone, peer.request("BYE"), 401, tag=None, headers=challenge)
    wire.run(64)
    assert len(peer.requests("BYE")) == 1
    assert phone.stack.sessions == []


def test_options_out_of_a_dialog_tells_what_we_can_do() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    peer.ask(phone, "OPTIONS")
    wire.run(0.1)
    reply = peer.response("OPTIONS")
    assert reply.status == 200
    assert (reply.headers.get("Allow") or "").split(", ")[:4] == ["INVITE", "ACK", "CANCEL", "BYE"]
    assert reply.headers.get("Accept") == "application/sdp"
    assert "supported" in reply.headers


def test_options_says_what_an_invite_would_be_told() -> None:
    """§11.2: a proxy in front stops sending calls to a platform that takes none."""
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.stack.take_calls(False)
    peer.ask(phone, "OPTIONS")
    wire.run(0.1)
    refused = peer.response("OPTIONS")
    assert (refused.status, refused.headers.get("Retry-After")) == (503, "10")
    assert phone.stack.transactions == 0
    phone.stack.take_calls(True)
    peer.ask(phone, "OPTIONS", number=2)
    wire.run(0.1)
    assert peer.response("OPTIONS").status == 200


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("OPTIONS", b"", 200),
        ("INFO", b"", 200),
        ("INFO", b"Signal=1", 415),
        ("UPDATE", b"", 200),
        ("MESSAGE", b"hello", 405),
        ("NOTIFY", b"", 405),
        ("REFER", b"", 405),
        ("SUBSCRIBE", b"", 405),
        ("PRACK", b"", 405),
        ("FROBNICATE", b"", 501),
    ],
)
def test_other_methods_inside_a_dialog_have_a_defined_status(method: str, body: bytes, status: int) -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.react = lambda e: [Answer(e.session, ANSWER)] if isinstance(e, InviteReceived) else []
    invite = peer.ask(phone)
    wire.run(0.1)
    peer.acknowledge(phone, invite, peer.response("INVITE"))
    tag = tag_of(peer.response("INVITE").headers, "To")
    peer.ask(phone, method, to_tag=tag, number=2, body=body)
    wire.run(0.1)
    assert peer.statuses(method) == [status]
    if status in (405, 501):
        assert "INVITE" in (peer.response(method).headers.get("Allow") or "")
    assert phone.got(Ended) == []


@pytest.mark.parametrize(
    ("method", "status"),
    [("REGISTER", 405), ("MESSAGE", 405), ("FROBNICATE", 501), ("BYE", 481), ("INFO", 481)],
)
def test_other_methods_out_of_a_dialog_have_a_defined_status(method: str, status: int) -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    peer.ask(phone, method)
    wire.run(0.1)
    assert peer.statuses(method) == [status]
    assert phone.events == []


@pytest.mark.parametrize("header", ["Via", "To", "From", "Call-ID", "CSeq"])
@pytest.mark.parametrize("how", ["missing", "twice", "broken"])
def test_a10_request_without_what_it_needs_gets_a_stateless_400(header: str, how: str) -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    peer.ask(phone, "OPTIONS")
    lines = wire.log[-1].data.split(b"\r\n")
    (line,) = (each for each in lines if each.startswith(header.encode() + b":"))
    instead = {"missing": [], "twice": [line, line], "broken": [header.encode() + b": <, ,"]}[how]
    place = lines.index(line)
    lines[place : place + 1] = instead
    wire.run(0.1)
    peer.say(phone, b"\r\n".join(lines))
    wire.run(0.1)
    expected = "200" if header == "Via" and how == "twice" else "400"
    assert [each.message.status for each in wire.log if each.sender == "phone"][-1] == int(expected)  # type: ignore[union-attr]
    assert phone.stack.transactions == 0


def test_text_with_a_line_break_never_reaches_the_wire() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    bad = (("X-Name", "a\r\nEvil: 1"),)
    with pytest.raises(LocalStateError):
        phone.call(peer, headers=bad)
    assert phone.stack.sessions == []
    peer.ask(phone)
    wire.run(0.1)
    session = phone.one(InviteReceived).session
    for command in (
        Ring(session, headers=bad),
        Answer(session, ANSWER, bad),
        Reject(session, 486, "No\r\nWay"),
    ):
        with pytest.raises(LocalStateError):
            phone.do(command)
    phone.do(Answer(session, ANSWER))
    wire.run(0.1)
    assert 200 in peer.statuses("INVITE")
    assert b"Evil" not in b"".join(each.data for each in wire.log)


def test_full_store_answers_503_and_keeps_its_calls() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone", limit=3), wire.puppet()
    for number in range(5):
        peer.ask(phone, call_id=f"c{number}")
    wire.run(0.1)
    assert peer.statuses("INVITE") == [503, 503]
    assert peer.response("INVITE").headers.get("Retry-After")
    assert len(phone.got(InviteReceived)) == 3


def test_checkpoint_lets_another_process_hang_up() -> None:
    wire = Wire()
    alice, bob = wire.phone("alice"), wire.phone("bob")
    bob.react = lambda e: [Answer(e.session, ANSWER)] if isinstance(e, InviteReceived) else []
    alice.call(bob, credentials=CREDENTIALS)
    wire.run(0.1)
    for phone, session, other in ((alice, "call", bob), (bob, bob.one(InviteReceived).session, alice)):
        data = phone.stack.dump(session)
        assert data is not None
        assert b"wonderland" not in data
        heir = Phone(wire, "heir", phone.address, 99)
        heir.stack.load(session, data)
        before = len(wire.log)
        outputs = heir.stack.handle(wire.now, HangUp(session))
        heir.perform(outputs)
        bye = heir.messages("BYE")[0].message
        assert cseq(bye).number > 1000
        assert session in data.decode()
        wire.run(0.1)
        assert [each.line for each in wire.log[before:]] == ["BYE", "200 BYE"]
        assert other.one(Ended).by == "remote"
        assert heir.one(Ended).by == "local"
        alice.call(bob, "again")
        wire.run(0.1)
        break
    assert alice.stack.dump("unknown") is None


def test_checkpoint_of_a_ringing_call_is_cancelled() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer)
    wire.run(0.1)
    peer.reply(phone, peer.request(), 180)
    wire.run(0.1)
    data = phone.stack.dump("call")
    assert data is not None
    heir = wire.phone("heir")
    heir.stack.load("call", data)
    heir.do(HangUp("call"))
    assert heir.sent() == ["CANCEL"]
    heir.arrive(peer.reply(phone, peer.request(), 487), heir.flow(peer))
    assert heir.sent() == ["CANCEL", "ACK"]


def test_checkpoint_of_another_session_is_refused() -> None:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer)
    data = phone.stack.dump("call")
    assert data is not None
    with pytest.raises(ValueError, match="not that of session"):
        wire.phone("heir").stack.load("other", data)
