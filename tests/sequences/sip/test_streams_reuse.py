"""B11 on streams: one connection for all that belongs together, and what its end does."""

from collections.abc import Iterator

import pytest
from tests.sequences.sip.peer import HOST, OFFER, Line, Peer
from tests.sequences.sip.streams import (
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

from offhook.sip.headers import call_id, to, vias
from offhook.sip.message import Request
from offhook.testing.world import PLATFORM, World


@pytest.fixture
def world() -> Iterator[World]:
    yield from stream_world()


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
