"""A6, A7, B4, B9, B10, B11 and D3 on streams: what a peer over TCP sees, each test named by its code in
docs/specs/sip-transport.md. The wire cuts every message into pieces.
"""

from collections.abc import Iterator

import pytest
from tests.sequences.sip.peer import HOST, OFFER, Peer
from tests.sequences.sip.streams import (
    LONG,
    TALK,
    acknowledge,
    answered,
    hang_up,
    invite,
    leave,
    place,
    stream_world,
    take,
    uri_of,
)

from offhook.simulator.phone import Phone
from offhook.simulator.report import Report
from offhook.simulator.script import parse
from offhook.sip.build import size_of
from offhook.sip.headers import cseq, to, vias
from offhook.sip.message import Request
from offhook.storage import trunks
from offhook.storage.records import Trunk
from offhook.testing.world import PLATFORM, World


@pytest.fixture
def world() -> Iterator[World]:
    yield from stream_world()


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
