"""A trunk that challenges what the platform sends inside a call that the trunk has begun."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection
from tests.sequences.sip.peer import Line, Peer

from offhook.sip import build
from offhook.sip.headers import cseq, to
from offhook.sip.message import Request
from offhook.storage import checkpoints, trunks
from offhook.testing.world import World

CHALLENGE = 'Digest realm="trunk", nonce="n1", algorithm=MD5, qop="auth"'
PASSWORD = "wonderland"


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=7, durable=True) as made:
        made.application({"/answer": [{"action": "talk", "text": "Hello"}]})
        yield made
        made.network.streams.cut()
        assert made.leaks(40) == {}


def give_password(world: World, password: bytes) -> None:
    """The trunk that calls of loopback come over gets a user name and this sealed password."""

    def write(rows: Connection) -> None:
        (trunk,) = trunks.list(rows)
        trunks.update(rows, replace(trunk, username="offhook", password=password))

    world.database.transact(write)


def answered(peer: Peer) -> tuple[Line, str]:
    """A call of the peer's that stands; its connection and our tag."""
    line = peer.dial()
    line.say(peer.request("INVITE", branch="z9hG4bKinvite"))
    peer.world.wait(1)
    tag = to(line.response("INVITE")).tag or ""
    line.say(peer.request("ACK", to_tag=tag))
    peer.world.wait(0.1)
    return line, tag


def challenge(request: Request, status: int, name: str) -> bytes:
    return build.serialise(build.response(request, status, headers=[(name, CHALLENGE)]))


@pytest.mark.parametrize(
    ("status", "asked", "given"),
    [
        (401, "WWW-Authenticate", "Authorization"),
        (407, "Proxy-Authenticate", "Proxy-Authorization"),
    ],
)
def test_our_bye_gets_the_password_of_the_trunk(world: World, status: int, asked: str, given: str) -> None:
    give_password(world, world.sealer.seal(PASSWORD.encode()))
    peer = Peer(world)
    line, _ = answered(peer)
    world.wait(5)
    (first,) = line.requests("BYE")
    assert first.headers.get(given) is None
    line.say(challenge(first, status, asked))
    world.wait(0.1)
    _, second = line.requests("BYE")
    assert cseq(second).number == cseq(first).number + 1
    assert 'username="offhook", realm="trunk", nonce="n1"' in (second.headers.get(given) or "")
    line.say(peer.reply(second, 200))
    world.wait(1)
    assert world.run(world.database.read(checkpoints.list)) == ()


def test_after_a_crash_too(world: World) -> None:
    world.application({"/answer": [{"action": "wait", "timeout": 600}]})
    give_password(world, world.sealer.seal(PASSWORD.encode()))
    peer = Peer(world)
    answered(peer)
    world.kill_control()
    world.wait(3)
    line = peer.lines[-1]
    (first,) = line.requests("BYE")
    line.say(challenge(first, 401, "WWW-Authenticate"))
    world.wait(0.1)
    second = line.requests("BYE")[-1]
    assert second.headers.get("Authorization") is not None
    line.say(peer.reply(second, 200))
    world.wait(1)
    assert world.run(world.database.read(checkpoints.list)) == ()


def test_a_password_that_cannot_be_read_costs_no_call(world: World, caplog: pytest.LogCaptureFixture) -> None:
    give_password(world, b"sealed with another key")
    peer = Peer(world)
    line, _ = answered(peer)
    assert "the password of trunk" in caplog.text
    world.wait(5)
    (first,) = line.requests("BYE")
    line.say(challenge(first, 401, "WWW-Authenticate"))
    world.wait(0.1)
    assert line.requests("BYE") == [first]


def test_no_password_in_the_journal(world: World) -> None:
    give_password(world, world.sealer.seal(PASSWORD.encode()))
    peer = Peer(world)
    line, _ = answered(peer)
    world.wait(5)
    line.say(peer.reply(line.requests("BYE")[0], 200))
    world.wait(0.1)
    assert b'"username":"offhook"' in world.journal.dump()
    assert PASSWORD.encode() not in world.journal.dump()
