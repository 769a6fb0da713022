"""Calls over streams in a world: what a peer says and a program asks for, for the tests of TCP."""

from collections.abc import Iterator
from typing import Any

from tests.sequences.sip.peer import HOST, OFFER, Line, Peer

from offhook.sip.headers import to
from offhook.sip.message import Request
from offhook.testing.world import World

TALK = {"/answer": [{"action": "talk", "text": "Hello"}, {"action": "wait", "timeout": 30}]}
LONG = "x" * 450


def stream_world() -> Iterator[World]:
    """A platform with an application; nothing is left of its calls and connections in the end."""
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
