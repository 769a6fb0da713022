"""Who gets in: calls that are refused, challenged or let in by their source; offers that come late."""

from typing import Any

import pytest
from tests.unit.calls.bench import OTHER, OWN, Bench, say

from offhook.ipc import media
from offhook.sip import commands, events
from offhook.sip.events import DigestOffered
from offhook.sip.flow import Flow
from offhook.storage import trunks
from offhook.storage.records import Trunk

STATUSES = [f"started>{OWN}", f"ringing>{OWN}"]
CARRIER = Flow("udp", ("192.0.2.1", 5060), ("198.51.100.7", 5060))


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"user": "442079469999"}, 404),
        ({"user": ""}, 404),
        ({"user": "0"}, 404),
        ({"flow": CARRIER}, 403),
        ({"offer": b"v=0\r\nrubbish"}, 400),
    ],
)
def test_calls_that_belong_nowhere_are_refused(world: Any, changed: dict[str, Any], status: int) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")], **changed)
        assert bench.sip_names == ["Reject"]
        assert bench.last(commands.Reject).status == status
        assert "refused" in bench.journal.kinds()
        assert bench.webhook_names == []
        assert bench.rows() == []

    world(script)


def test_offer_without_a_common_codec_is_488(world: Any) -> None:
    async def script(bench: Bench) -> None:
        offer = (
            b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            b"m=audio 4000 RTP/AVP 18\r\n"
        )
        await bench.ring_in([say("Hello")], offer=offer)
        assert bench.last(commands.Reject).status == 488

    world(script)


def test_number_without_application_is_declined(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.storage import numbers

        bench.database.transact(lambda rows: numbers.change(rows, OTHER, application_id=None))
        await bench.ring_in([say("Hello")], user=OTHER)
        assert bench.last(commands.Reject).status == 603

    world(script)


def test_no_free_port_is_503(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.media_port.ports = 0
        await bench.ring_in([say("Hello")])
        assert bench.last(commands.HangUp).status == 503
        assert bench.webhook_names == [*STATUSES, f"failed>{OWN}", f"completed>{OWN}"]
        assert bench.body(f"failed>{OWN}")["detail"] == "internal_error"

    world(script)


def test_full_house_is_503(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("Hello")])
        await bench.sip(bench.invite(session="in-2"))
        refusal = bench.last(commands.TurnAway)
        assert (refusal.session, refusal.status) == ("in-2", 503)

    world(script, max_legs=1)


def test_calls_that_are_being_looked_up_count_towards_a_full_house(world: Any) -> None:
    async def script(bench: Bench) -> None:
        for session in ("in-1", "in-2"):
            bench.calls.on_sip(bench.invite(session=session))
        refusal = bench.last(commands.TurnAway)
        assert (refusal.session, refusal.status) == ("in-2", 503)

    world(script, max_legs=1)


def test_late_offer_is_answered_with_ours(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.sdp import negotiator

        await bench.ring_in([say("Hello")], offer=b"")
        answer = bench.last(commands.Answer)
        assert b"m=audio" in answer.body
        assert bench.media_names == []
        body = negotiator.answer(answer.body, "127.0.0.1", 4444).body
        await bench.sip(events.Confirmed("in-1", body))
        assert bench.media_names == ["OpenLeg", "Join", "Play"]
        assert bench.last(media.OpenLeg).remote == ("127.0.0.1", 4444)

    world(script)


def test_late_offer_without_an_answer_in_the_ack_ends_the_call(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")], offer=b"")
        await bench.sip(events.Confirmed("in-1", b""))
        assert bench.sip_names[-1] == "HangUp"
        assert bench.webhook_names[-2:] == [f"failed>{OWN}", f"completed>{OWN}"]

    world(script)


def test_ack_that_never_comes(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        await bench.sip(events.Ended("in-1", "failure", False, "no ACK", ()))
        assert bench.webhook_names == [*STATUSES, f"failed>{OWN}", f"completed>{OWN}"]
        assert bench.media_names == ["OpenLeg", "CloseLeg"]

    world(script)


def _digest_trunk(bench: Bench, sources: tuple[str, ...] = ()) -> None:
    trunk = Trunk(
        "t-pbx", "acc", "pbx", False, "198.51.100.7", 5060, "udp", "pbx", b"s3cret", sources, (), 1, True, 1
    )
    bench.database.transact(lambda rows: trunks.insert(rows, trunk))


def test_digest_trunk_is_challenged_then_let_in(world: Any) -> None:
    async def script(bench: Bench) -> None:
        _digest_trunk(bench)
        await bench.ring_in([say("Hello")], flow=CARRIER)
        challenge = bench.last(commands.Challenge)
        assert challenge.realm == "sip.offhook.localhost"
        right = DigestOffered("pbx", challenge.realm, False, lambda password: password == "s3cret")
        await bench.sip(bench.invite(session="in-2", flow=CARRIER, digest=right))
        assert bench.sip_names[-2:] == ["Ring", "Answer"]

    world(script)


def test_stale_nonce_is_challenged_again_and_a_wrong_password_refused(world: Any) -> None:
    async def script(bench: Bench) -> None:
        _digest_trunk(bench)
        stale = DigestOffered("pbx", "r", True, lambda password: True)
        await bench.ring_in([say("Hello")], flow=CARRIER, digest=stale)
        assert bench.sip_names == ["Challenge"]
        wrong = DigestOffered("pbx", "r", False, lambda password: False)
        await bench.sip(bench.invite(session="in-2", flow=CARRIER, digest=wrong))
        assert bench.last(commands.Reject).status == 403
        assert "s3cret" not in bench.journal.dump().decode()

    world(script)


def test_trunk_is_known_by_its_source(world: Any) -> None:
    async def script(bench: Bench) -> None:
        _digest_trunk(bench, sources=("not a network", "198.51.100.0/24"))
        await bench.ring_in([say("Hello")], flow=CARRIER, user="+44 20 7946 0000".replace(" ", ""))
        assert bench.sip_names == ["Ring", "Answer"]

    world(script)


def test_simulated_carrier_is_off_when_sip_is_not_on_loopback(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        assert bench.last(commands.Reject).status == 403

    world(script, simulator_active=False)
