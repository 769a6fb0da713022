"""A6, A7, B4, B9, B10, B11 and D3 on streams: what a peer over TCP sees, each test named by its code in
docs/specs/sip-transport.md. The wire cuts every message into pieces.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.sequences.sip.peer import HOST, OFFER, Line, Peer

from offhook.simulator.phone import Phone
from offhook.simulator.report import Report
from offhook.simulator.script import parse
from offhook.sip.build import size_of
from offhook.sip.headers import call_id, cseq, to, vias
from offhook.sip.message import Request
from offhook.storage import trunks
from offhook.storage.records import Trunk
from offhook.testing.world import PLATFORM, World

TALK = {"/answer": [{"action": "talk", "text": "Hello"}, {"action": "wait", "timeout": 30}]}
LONG = "x" * 450


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=7) as made:
        made.application(TALK)
        yield made
        assert made.leaks(0.2, sip=False) == {}
        assert made.network.streams.links == []


def invite(peer: Peer, line: Line, **more: Any) -> None:
    line.say(peer.request("INVITE", branch="z9hG4bKinvite", **more))


def acknowledge(peer: Peer, line: Line, tag: str) -> None:
    line.say(peer.request("ACK", to_tag=tag))


def leave(peer: Peer, line: Line, tag: str) -> None:
    """BYE, its 200, and no connection left behind."""
    line.say(peer.request("BYE", to_tag=tag, number=2))
    peer.world.wait(0.5)
    assert line.statuses("BYE") == [200]
    peer.world.network.streams.cut()


def answered(peer: Peer, line: Line) -> str:
    """A call of the peer's that stands; our tag in it."""
    invite(peer, line)
    peer.world.wait(1)
    tag = to(line.response("INVITE")).tag or ""
    acknowledge(peer, line, tag)
    peer.world.wait(0.1)
    return tag


def place(world: World, uri: str, **more: Any) -> str:
    """A call by REST to a SIP URI; its uuid."""
    body = {
        "to": [{"type": "sip", "uri": uri, **more}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [{"action": "wait", "timeout": 20}],
    }
    status, made = world.request("POST", "/v1/calls", body)
    assert status == 201, made
    world.wait(0.1)
    return str(made["uuid"])


def hang_up(world: World, uuid: str) -> None:
    assert world.request("PUT", f"/v1/calls/{uuid}", {"action": "hangup"})[0] == 204
    world.wait(0.1)


def uri_of(peer: Peer, parameters: str = ";transport=tcp") -> str:
    return f"sip:bob@{HOST}:{peer.address[1]}{parameters}"


def take(peer: Peer, line: Line) -> Request:
    """Answer the last INVITE on a line."""
    asked = line.requests("INVITE")[-1]
    line.say(peer.reply(asked, 200, body=OFFER))
    peer.world.wait(0.1)
    return asked


# ── A: where messages end ─────────────────────────────────────────────────────────────────────────


def test_a6_a_bad_content_length_closes_that_connection_and_no_other(world: World) -> None:
    bad, good = Peer(world, 5091), Peer(world, 5092)
    spoilt, line = bad.dial(), good.dial()
    spoilt.say(bad.request("OPTIONS"))
    world.wait(0.1)
    spoilt.say(bad.request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: -5"))
    world.wait(0.1)
    assert spoilt.statuses("OPTIONS") == [200]
    assert not spoilt.stands()
    line.say(good.request("OPTIONS"))
    world.wait(0.1)
    assert line.statuses("OPTIONS") == [200]
    assert line.stands()
    line.close()


def test_a7_a_ping_in_pieces_gets_one_pong(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    for byte in b"\r\n\r\n":
        line.say(bytes([byte]))
        world.wait(0.1)
    assert line.raw == b"\r\n"
    line.say(peer.request("OPTIONS") + b"\r\n\r\n")
    world.wait(0.1)
    assert line.statuses("OPTIONS") == [200]
    assert line.raw.count(b"\r\n\r\n\r\n") == 1 or line.raw.endswith(b"\r\n")
    line.close()


# ── B4: the answer is repeated here too ───────────────────────────────────────────────────────────


def test_b4_the_2xx_is_repeated_until_its_ack_and_a_failure_is_not(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    invite(peer, line)
    world.wait(3.0)
    assert line.statuses("INVITE").count(200) == 3  # at once, after 0.5 s and after 1.5 s
    tag = to(line.response("INVITE")).tag or ""
    acknowledge(peer, line, tag)
    world.wait(10)
    assert line.statuses("INVITE").count(200) == 3
    line.say(peer.request("INVITE", call_id="wrong", user="15559999999", branch="z9hG4bKwrong"))
    world.wait(20)
    assert line.statuses("INVITE").count(404) == 1
    refused = to(line.response("INVITE")).tag
    line.say(peer.request("ACK", call_id="wrong", branch="z9hG4bKwrong", to_tag=refused))
    world.wait(0.1)
    leave(peer, line, tag)


# ── B9: where responses go ────────────────────────────────────────────────────────────────────────


def test_b9_responses_go_on_the_connection_of_the_request(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    tag = answered(peer, line)
    assert line.statuses("INVITE")[-1] == 200
    assert world.network.streams.dialled == [PLATFORM]
    leave(peer, line, tag)


def test_b9_a_response_whose_connection_is_gone_opens_one_to_the_port_of_the_via(world: World) -> None:
    world.app.serve("/answer", [{"action": "talk", "text": "Hello"}, {"action": "wait", "timeout": 30}])
    peer = Peer(world)
    line = peer.dial()
    invite(peer, line)
    world.wait(0.01)
    line.close()
    world.wait(1)
    again = peer.lines[-1]
    assert again is not line
    assert again.statuses("INVITE")[-1] == 200
    assert world.network.streams.dialled == [PLATFORM, peer.address]
    tag = to(again.response("INVITE")).tag or ""
    acknowledge(peer, again, tag)
    leave(peer, again, tag)


def test_b9_a_response_that_nobody_takes_ends_the_call(world: World) -> None:
    peer = Peer(world, listens=False)
    line = peer.dial()
    invite(peer, line)
    world.wait(0.01)
    line.close()
    world.wait(70)
    assert world.service.calls.live_legs == 0
    assert peer.address in world.network.streams.dialled


# ── B10: requests too large for UDP ───────────────────────────────────────────────────────────────


def large(world: World, peer: Peer) -> str:
    return place(world, uri_of(peer, ""), headers={"One": LONG, "Two": LONG, "Three": LONG})


def test_b10_a_large_request_goes_over_tcp_and_the_whole_call_with_it(world: World) -> None:
    peer = Peer(world)
    uuid = large(world, peer)
    assert peer.datagrams == []
    asked = take(peer, peer.lines[0])
    assert size_of(asked) > 1300
    assert vias(asked)[0].transport == "TCP"
    hang_up(world, uuid)
    assert [m.method for m in peer.lines[0].heard if isinstance(m, Request)] == ["INVITE", "ACK", "BYE"]
    peer.lines[0].say(peer.reply(peer.lines[0].requests("BYE")[0], 200))
    world.wait(0.1)
    assert peer.datagrams == []
    world.network.streams.cut()


def test_b10_a_small_request_stays_on_udp(world: World) -> None:
    peer = Peer(world)
    uuid = place(world, uri_of(peer, ""))
    assert [m.method for m in peer.datagrams if isinstance(m, Request)] == ["INVITE"]
    assert world.network.streams.dialled == []
    hang_up(world, uuid)
    world.wait(40)


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_b10_a_large_request_that_no_connection_takes_goes_over_udp(world: World, how: str) -> None:
    peer = Peer(world, listens=False)
    if how == "silent":
        world.network.streams.silent.add(peer.address)
    uuid = large(world, peer)
    world.wait(5.1 if how == "silent" else 0.1)
    asked = next(m for m in peer.datagrams if isinstance(m, Request))
    assert (asked.method, vias(asked)[0].transport) == ("INVITE", "UDP")
    assert size_of(asked) > 1300
    world.network.send(peer.reply(asked, 200, body=OFFER, reach=""), peer.address, PLATFORM)
    world.wait(0.1)
    hang_up(world, uuid)
    assert {m.method for m in peer.datagrams if isinstance(m, Request)} == {"INVITE", "ACK", "BYE"}
    bye = [m for m in peer.datagrams if isinstance(m, Request)][-1]
    world.network.send(peer.reply(bye, 200), peer.address, PLATFORM)
    world.wait(0.1)
    statuses = [hook.json["status"] for hook in world.app.webhooks if hook.path == "/event"]
    assert statuses == ["started", "answered", "completed"]


# ── B11: one connection for all that belongs together ─────────────────────────────────────────────


def test_b11_one_dial_for_concurrent_requests(world: World) -> None:
    peer = Peer(world)
    body = {
        "to": [{"type": "sip", "uri": uri_of(peer)}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [{"action": "wait", "timeout": 20}],
    }
    for _ in range(5):
        assert world.request("POST", "/v1/calls", body)[0] == 201
    world.wait(0.1)
    assert world.network.streams.dialled == [peer.address]
    assert len({call_id(asked) for asked in peer.lines[0].requests("INVITE")}) == 5
    for asked in peer.lines[0].requests("INVITE"):
        peer.lines[0].say(peer.reply(asked, 486))
    world.wait(0.1)
    assert len(peer.lines[0].requests("ACK")) == 5
    world.network.streams.cut()


def test_b11_requests_of_a_call_go_on_the_connection_of_its_invite(world: World) -> None:
    """Ours, and those of a call that came in."""
    peer, caller = Peer(world), Peer(world, 5093)
    uuid = place(world, uri_of(peer))
    take(peer, peer.lines[0])
    hang_up(world, uuid)
    assert [m.method for m in peer.lines[0].heard if isinstance(m, Request)] == ["INVITE", "ACK", "BYE"]
    peer.lines[0].say(peer.reply(peer.lines[0].requests("BYE")[0], 200))
    line = caller.dial()
    answered(caller, line)
    leg = [hook.json["uuid"] for hook in world.app.webhooks if hook.path == "/event"][-1]
    hang_up(world, leg)
    line.say(caller.reply(line.requests("BYE")[0], 200))
    world.wait(0.1)
    assert world.network.streams.dialled == [peer.address, PLATFORM]
    world.network.streams.cut()


def test_b11_a_connection_with_an_alias_stands_for_the_address_in_the_via(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    line.say(peer.request("OPTIONS", via=";alias"))
    world.wait(0.1)
    uuid = place(world, uri_of(peer))
    assert len(line.requests("INVITE")) == 1
    take(peer, line)
    hang_up(world, uuid)
    line.say(peer.reply(line.requests("BYE")[0], 200))
    world.wait(0.1)
    assert world.network.streams.dialled == [PLATFORM]
    world.network.streams.cut()


def test_b11_an_alias_for_somebody_elses_address_is_not_believed(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    forged = peer.request("OPTIONS", via=";alias").replace(b"TCP 127.0.0.1:5090", b"TCP 127.0.0.9:5090")
    line.say(forged)
    world.wait(0.1)
    place(world, "sip:bob@127.0.0.9:5090;transport=tcp")
    assert line.requests("INVITE") == []
    assert world.network.streams.dialled[-1] == ("127.0.0.9", 5090)
    line.close()


def test_b11_without_an_alias_a_connection_stands_for_itself_only(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    line.say(peer.request("OPTIONS"))
    world.wait(0.1)
    uuid = place(world, uri_of(peer))
    assert line.requests("INVITE") == []
    peer.lines[-1].say(peer.reply(peer.lines[-1].requests("INVITE")[0], 486))
    world.wait(0.1)
    assert world.request("GET", f"/v1/calls/{uuid}")[1]["status"] == "busy"
    world.network.streams.cut()


def test_b11_a_close_of_the_peer_ends_no_call_and_touches_no_other(world: World) -> None:
    """Two calls stand; one loses its connection. Both go on; the BYE of that one takes a new connection."""
    one, two = Peer(world, 5094), Peer(world, 5095)
    first, second = one.dial(), two.dial()
    answered(one, first)
    tag = answered_as(two, second)
    first.close()
    world.wait(5)
    assert world.service.calls.live_legs == 2
    assert second.stands()
    uuid = next(h.json["uuid"] for h in world.app.webhooks if h.path == "/event")
    hang_up(world, uuid)
    again = one.lines[-1]
    assert again is not first
    assert len(again.requests("BYE")) == 1
    again.say(one.reply(again.requests("BYE")[0], 200))
    world.wait(0.1)
    assert world.service.calls.live_legs == 1
    leave_as(two, second, tag)


def answered_as(peer: Peer, line: Line) -> str:
    invite(peer, line, call_id="second-call")
    peer.world.wait(1)
    tag = to(line.response("INVITE")).tag or ""
    line.say(peer.request("ACK", to_tag=tag, call_id="second-call"))
    peer.world.wait(0.1)
    return tag


def leave_as(peer: Peer, line: Line, tag: str) -> None:
    line.say(peer.request("BYE", to_tag=tag, number=2, call_id="second-call"))
    peer.world.wait(0.5)
    assert line.statuses("BYE") == [200]
    peer.world.network.streams.cut()


def test_b11_the_2xx_is_repeated_over_a_new_connection(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    invite(peer, line)
    world.wait(0.4)
    assert line.statuses("INVITE")[-1] == 200
    line.close()
    world.wait(2)
    again = peer.lines[-1]
    assert again.statuses("INVITE")[0] == 200
    tag = to(again.response("INVITE")).tag or ""
    acknowledge(peer, again, tag)
    before = again.statuses("INVITE")
    world.wait(5)
    assert again.statuses("INVITE") == before
    leave(peer, again, tag)


def test_b11_an_invite_whose_connection_breaks_is_sent_once_more(world: World) -> None:
    peer = Peer(world)
    uuid = place(world, uri_of(peer))
    peer.lines[0].close()
    world.wait(0.2)
    first, second = peer.lines[0].requests("INVITE"), peer.lines[1].requests("INVITE")
    assert [vias(m)[0].branch for m in first] == [vias(m)[0].branch for m in second]
    peer.lines[1].close()
    world.wait(0.2)
    assert len(peer.lines) == 2
    assert world.request("GET", f"/v1/calls/{uuid}")[1]["status"] == "failed"


def test_b11_a_connection_that_is_refused_fails_the_call_at_once(world: World) -> None:
    uuid = place(world, f"sip:bob@{HOST}:5099;transport=tcp")
    assert world.request("GET", f"/v1/calls/{uuid}")[1]["status"] == "failed"


def test_b11_an_ended_connection_during_ringing_does_not_end_the_call(world: World) -> None:
    """The answer comes over a connection that the callee opens to the address in our Via."""
    peer = Peer(world)
    uuid = place(world, uri_of(peer))
    asked = peer.lines[0].requests("INVITE")[0]
    peer.lines[0].say(peer.reply(asked, 180))
    world.wait(0.1)
    peer.lines[0].close()
    world.wait(3)
    line = peer.dial()
    line.say(peer.reply(asked, 200, body=OFFER))
    world.wait(0.2)
    acks = [ack for each in peer.lines for ack in each.requests("ACK")]
    assert len(acks) == 1
    assert world.request("GET", f"/v1/calls/{uuid}")[1]["status"] == "answered"
    hang_up(world, uuid)
    bye = next(each for each in peer.lines if each.requests("BYE"))
    bye.say(peer.reply(bye.requests("BYE")[0], 200))
    world.wait(0.1)
    world.network.streams.cut()


def test_a_contact_with_a_transport_is_obeyed_in_a_dialog_over_udp(world: World) -> None:
    peer = Peer(world)
    uuid = place(world, uri_of(peer, ""))
    asked = next(m for m in peer.datagrams if isinstance(m, Request))
    world.network.send(peer.reply(asked, 200, body=OFFER), peer.address, PLATFORM)
    world.wait(0.1)
    hang_up(world, uuid)
    line = peer.lines[0]
    assert [m.method for m in line.heard if isinstance(m, Request)] == ["ACK", "BYE"]
    assert vias(line.requests("BYE")[0])[0].transport == "TCP"
    line.say(peer.reply(line.requests("BYE")[0], 200))
    world.wait(0.1)
    world.network.streams.cut()


# ── D3 and the timers ─────────────────────────────────────────────────────────────────────────────


def test_d3_cancel_goes_down_the_connection_of_its_invite(world: World) -> None:
    peer = Peer(world)
    uuid = place(world, uri_of(peer))
    line = peer.lines[0]
    asked = line.requests("INVITE")[0]
    line.say(peer.reply(asked, 180))
    world.wait(0.1)
    hang_up(world, uuid)
    cancel = line.requests("CANCEL")[0]
    assert vias(cancel) == vias(asked)
    assert (cancel.uri, cseq(cancel).number) == (asked.uri, cseq(asked).number)
    line.say(peer.reply(cancel, 200))
    line.say(peer.reply(asked, 487))
    world.wait(0.1)
    assert len(line.requests("ACK")) == 1
    assert world.network.streams.dialled == [peer.address]
    assert peer.datagrams == []
    world.network.streams.cut()


def test_nothing_is_retransmitted_on_a_stream_and_it_still_times_out(world: World) -> None:
    peer = Peer(world)
    uuid = place(world, uri_of(peer))
    world.wait(31)
    assert len(peer.lines[0].requests("INVITE")) == 1
    world.wait(2)
    assert world.request("GET", f"/v1/calls/{uuid}")[1]["status"] in ("timeout", "failed", "unanswered")
    assert len(peer.lines[0].requests("INVITE")) == 1
    world.network.streams.cut()


def test_via_and_contact_name_the_transport(world: World) -> None:
    peer = Peer(world)
    place(world, uri_of(peer))
    asked = peer.lines[0].requests("INVITE")[0]
    assert (asked.headers.get("Via") or "").startswith("SIP/2.0/TCP 127.0.0.1:5060;")
    assert asked.headers.get("Contact") == "<sip:127.0.0.1:5060;transport=tcp>"
    peer.lines[0].say(peer.reply(asked, 603))
    world.wait(0.1)
    world.network.streams.cut()


def test_the_journal_shows_the_transport(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    tag = answered(peer, line)
    leave(peer, line, tag)
    shown = [line.data for line in world.journal.lines if line.kind in ("sip.in", "sip.out")]
    flows = {data["flow"].partition(":")[0] for data in shown}
    assert flows == {"tcp"}


# ── a process that starts anew ────────────────────────────────────────────────────────────────────


def test_a_call_over_a_stream_gets_its_bye_from_the_next_process() -> None:
    with World(seed=8, durable=True) as world:
        world.application(TALK)
        peer = Peer(world)
        line = peer.dial()
        answered(peer, line)
        world.kill_control()
        world.wait(1)
        again = peer.lines[-1]
        assert not line.stands()
        assert len(again.requests("BYE")) == 1
        again.say(peer.reply(again.requests("BYE")[0], 200))
        world.wait(1)
        assert world.service.calls.live_legs == 0


# ── limits in a world ─────────────────────────────────────────────────────────────────────────────


def test_a_connection_that_says_nothing_is_closed(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    world.wait(9)
    assert line.stands()
    line.say(b"\r\n\r\n")
    world.wait(2)
    assert not line.stands()


def test_a_slow_body_is_closed_and_its_call_goes_on(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    tag = answered(peer, line)
    line.say(peer.request("INFO", to_tag=tag, number=2)[:30])
    world.wait(14)
    assert line.stands()
    world.wait(2)
    assert not line.stands()
    assert world.service.calls.live_legs == 1
    another = peer.dial()
    leave(peer, another, tag)


def test_a_peer_that_takes_nothing_is_given_up(world: World) -> None:
    peer = Peer(world)
    line = peer.dial()
    world.network.streams.stalled.add((HOST, 50_001))
    for number in range(3000):
        line.say(peer.request("OPTIONS", number=number + 1))
    world.wait(1)
    assert not line.stands()


# ── phones and trunks ─────────────────────────────────────────────────────────────────────────────


def test_a_virtual_phone_calls_over_tcp(world: World) -> None:
    world.application({"/answer": [{"action": "talk", "text": "Hello"}]})

    async def call() -> Report:
        phone = Phone.on(
            world.network, world.clock, world.ids, HOST, "15550100777", transport="tcp", tts=world.tones
        )
        report = await phone.call(world.number, PLATFORM, parse("wait-hangup")).done
        await phone.agent.close()
        return report

    report = world.run(call())
    assert world.heard(report) == ["Hello"]
    assert world.network.streams.dialled == [PLATFORM]
    world.wait(0.1)


def test_a_trunk_with_transport_tcp_is_called_on_a_connection(world: World) -> None:
    peer = Peer(world)
    trunk = Trunk(
        trunk_id=world.ids.uuid(),
        account_id=world.provisioned.application.account_id,
        name="tcp",
        simulated=False,
        host=HOST,
        port=peer.address[1],
        transport="tcp",
        username=None,
        password=None,
        sources=(),
        prefixes=("3120",),
        priority=1,
        enabled=True,
        created_at=world.clock.wall(),
    )
    world.database.transact(lambda rows: trunks.insert(rows, trunk))
    body = {
        "to": [{"type": "phone", "number": "31201234567"}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [{"action": "wait", "timeout": 5}],
    }
    assert world.request("POST", "/v1/calls", body)[0] == 201
    world.wait(0.1)
    asked = peer.lines[0].requests("INVITE")[0]
    assert asked.uri == f"sip:31201234567@{HOST}:5090;transport=tcp"
    peer.lines[0].say(peer.reply(asked, 486))
    world.wait(0.1)
    world.network.streams.cut()
