"""Outbound calls ordered over REST (S02, S36, S38)."""

import asyncio
from typing import Any

import pytest
from tests.unit.calls.bench import ANSWER, CALLEE, OTHER, OWN, Bench, say

from offhook.core.errors import Conflict, Invalid, LocalStateError
from offhook.ipc import media
from offhook.ncco.effects import PhoneEndpoint, SipEndpoint
from offhook.sip import commands, events

TO = CALLEE


def test_s02_call_with_inline_ncco(world: Any) -> None:
    async def script(bench: Bench) -> None:
        leg = await bench.calls.create(bench.request())
        assert (leg.status, leg.direction) == ("started", "outbound")
        assert leg.conversation_id.startswith("CON-")
        await bench.settle()
        call = bench.last(commands.Dial)
        assert call.uri == f"sip:{CALLEE}@127.0.0.1:5070"
        assert call.from_uri == f"sip:{OWN}@sip.offhook.localhost"
        assert bench.webhook_names == [f"started>{TO}"]
        await bench.pick_up()
        assert bench.webhook_names == [f"started>{TO}", f"ringing>{TO}", f"answered>{TO}"]
        assert bench.media_names == ["OpenLeg", "Join", "Play"]
        assert bench.webhooks.asked == []
        await bench.play_out()
        assert bench.webhook_names[-1] == f"completed>{TO}"
        assert bench.sip_names == ["Dial", "HangUp"]

    world(script)


def test_s02_call_with_answer_url(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/own"
        bench.webhooks.documents[url] = [say("from the url")]
        leg = await bench.calls.create(bench.request(ncco=None, answer_url=url))
        await bench.settle()
        assert bench.webhooks.asked == []
        await bench.pick_up()
        method, asked, params = bench.webhooks.asked[0]
        assert (method, asked) == ("GET", url)
        assert (params["to"], params["from"], params["uuid"]) == (CALLEE, OWN, leg.leg_id)
        assert bench.last(media.Play).prompt == "/say from the url"
        assert ANSWER not in [one for _, one, _ in bench.webhooks.asked]

    world(script)


def test_event_url_of_the_call_goes_before_the_applications(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(event_url="http://app.example/mine", event_method="GET"))
        assert [(posted.method, posted.url) for posted in bench.outbox.posted] == [
            ("GET", "http://app.example/mine")
        ]

    world(script)


@pytest.mark.parametrize(
    ("code", "name", "detail"),
    [(486, "busy", None), (480, "unanswered", "unavailable"), (503, "failed", "internal_error")],
)
def test_s02_call_that_is_not_answered(world: Any, code: int, name: str, detail: str | None) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request())
        await bench.settle()
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        await bench.sip(events.Failed(bench.dialled, code, "no", (), False))
        assert bench.webhook_names == [f"started>{TO}", f"ringing>{TO}", f"{name}>{TO}", f"completed>{TO}"]
        body = bench.body(f"{name}>{TO}")
        assert body.get("detail") == detail
        assert body["sip_code"] == code
        assert bench.body(f"completed>{TO}")["sip_code"] == code
        assert len(bench.media_port.released) == 1
        assert "HangUp" not in bench.sip_names

    world(script)


def test_no_completed_after_rejected(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request())
        await bench.settle()
        await bench.sip(events.Failed(bench.dialled, 603, "Decline", (), False))
        assert bench.webhook_names == [f"started>{TO}", f"rejected>{TO}"]
        assert bench.body(f"rejected>{TO}")["detail"] == "declined"
        row = bench.rows()[0]
        assert row.status == "rejected"
        assert row.ended_at is not None

    world(script)


def test_ringing_timer_counts_from_ringing(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(ringing_timer=5))
        await bench.settle(3)
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        await bench.settle(4)
        assert "HangUp" not in bench.sip_names
        await bench.settle(1.5)
        assert bench.sip_names == ["Dial", "HangUp"]
        assert bench.webhook_names[-2:] == [f"timeout>{TO}", f"completed>{TO}"]
        await bench.sip(events.Failed(bench.dialled, 487, "Request Terminated", (), False))
        assert bench.webhook_names[-2:] == [f"timeout>{TO}", f"completed>{TO}"]

    world(script)


def test_peer_that_says_nothing_is_given_up_too(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(ringing_timer=5))
        await bench.settle(6)
        assert bench.webhook_names == [f"started>{TO}", f"timeout>{TO}", f"completed>{TO}"]

    world(script)


def test_s38_length_timer_hangs_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(length_timer=10, ncco=[say("x", loop=0)]))
        await bench.settle()
        await bench.pick_up()
        await bench.settle(10.5)
        body = bench.body(f"completed>{TO}")
        assert (body["duration"], body["disconnected_by"]) == ("10", "platform")

    world(script)


def test_s36_dtmf_answer_is_sent_once_answered(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(endpoint=PhoneEndpoint(CALLEE, dtmf_answer="2p02p")))
        await bench.settle()
        await bench.pick_up()
        assert bench.last(media.SendDigits).digits == "2p02p"

    world(script)


def test_early_media_is_ignored_and_a_second_180_is_no_news(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.sdp import negotiator

        await bench.calls.create(bench.request())
        await bench.settle()
        early = negotiator.answer(bench.last(commands.Dial).offer, "127.0.0.1", 5000).body
        await bench.sip(events.Ringing(bench.dialled, 183, "Session Progress", early, "t"))
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        assert bench.media_names == []
        assert bench.webhook_names.count(f"ringing>{TO}") == 1

    world(script)


def test_hang_up_before_the_answer_is_cancelled(world: Any) -> None:
    async def script(bench: Bench) -> None:
        leg = await bench.calls.create(bench.request())
        await bench.settle()
        await bench.calls.hang_up(leg.leg_id)
        assert bench.webhook_names == [f"started>{TO}", f"cancelled>{TO}", f"completed>{TO}"]
        await bench.calls.hang_up(leg.leg_id)
        assert bench.sip_names == ["Dial", "HangUp"]

    world(script)


def test_hang_up_at_once_never_dials(world: Any) -> None:
    async def script(bench: Bench) -> None:
        leg = await bench.calls.create(bench.request())
        await bench.calls.hang_up(leg.leg_id)
        await bench.settle()
        assert bench.sip_names == []
        assert bench.webhook_names == [f"started>{TO}", f"cancelled>{TO}", f"completed>{TO}"]

    world(script)


def test_destination_without_a_trunk_fails_with_cannot_route(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request())
        await bench.settle()
        assert bench.webhook_names == [f"started>{TO}", "error", f"failed>{TO}", f"completed>{TO}"]
        assert bench.body(f"failed>{TO}")["detail"] == "cannot_route"
        assert "lists a prefix" in bench.body("error")["reason"]
        assert bench.sip_names == []

    world(script, simulator_active=False)


def test_no_port_fails_with_internal_error(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.media_port.ports = 0
        await bench.calls.create(bench.request())
        await bench.settle()
        assert bench.webhook_names == [f"started>{TO}", "error", f"failed>{TO}", f"completed>{TO}"]
        assert bench.body(f"failed>{TO}")["detail"] == "internal_error"

    world(script)


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"from_number": "441632960999"}, "from", "not a number of this account"),
        ({"from_number": None}, "from", "is missing"),
        ({"ncco": None}, "ncco", "exactly one"),
        ({"ncco": [{"action": "tlak"}]}, "ncco[0].action", "no action"),
        ({"endpoint": PhoneEndpoint("911")}, "to[0].number", "rule emergency"),
        ({"endpoint": PhoneEndpoint("19005551234")}, "to[0].number", "rule premium"),
    ],
)
def test_wrong_requests_name_the_field(world: Any, changed: dict[str, Any], field: str, words: str) -> None:
    async def script(bench: Bench) -> None:
        with pytest.raises(Invalid, match=words) as caught:
            await bench.calls.create(bench.request(**changed))
        assert caught.value.field == field
        assert bench.rows() == []
        assert bench.webhook_names == []

    world(script)


def test_unowned_from_may_be_shown_as_unknown(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(from_number="441632960999"))
        await bench.settle()
        assert bench.last(commands.Dial).from_uri == "sip:unknown@sip.offhook.localhost"

    world(script, unowned_from="unknown")


def test_random_number_is_one_of_the_applications(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(from_number=None, random_from=True))
        await bench.settle()
        assert bench.last(commands.Dial).from_uri in {
            f"sip:{number}@sip.offhook.localhost" for number in (OWN, OTHER)
        }

    world(script)


def test_sip_destination_gets_headers_and_its_uri(world: Any) -> None:
    async def script(bench: Bench) -> None:
        endpoint = SipEndpoint(
            "sip:bob@192.0.2.9:5090;transport=tcp", headers=(("context", "billing"),), user_to_user="ab;x=1"
        )
        leg = await bench.calls.create(bench.request(endpoint=endpoint, from_number="NexmoTest"))
        await bench.settle()
        call = bench.last(commands.Dial)
        assert call.uri == "sip:bob@192.0.2.9:5090;transport=tcp"
        assert (call.destination.transport, call.destination.remote) == ("tcp", ("192.0.2.9", 5090))
        assert call.headers == (("X-context", "billing"), ("User-to-User", "ab;x=1"))
        assert call.from_uri == "sip:NexmoTest@sip.offhook.localhost"
        assert leg.to == {"type": "sip", "uri": endpoint.uri}

    world(script)


@pytest.mark.parametrize(
    "endpoint",
    [
        SipEndpoint("mailto:bob@example.com"),
        SipEndpoint("sip:bob@nowhere.example"),
        SipEndpoint("sip:bob@192.0.2.9;transport=ws"),
        SipEndpoint("sip:bob@192.0.2.9:99999"),
        SipEndpoint("sip:bob@192.0.2.9;media=srtp"),
        SipEndpoint("sip:bob@192.0.2.9", headers=(("evil", "a\r\nVia: x"),)),
        SipEndpoint("sip:bob@192.0.2.9", headers=(("e vil", "a"),)),
        SipEndpoint("sip:bob@192.0.2.9", user_to_user="a\nb"),
    ],
)
def test_sip_destinations_that_cannot_be_dialled(world: Any, endpoint: SipEndpoint) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(endpoint=endpoint))
        await bench.settle()
        names = [name.partition(">")[0] for name in bench.webhook_names]
        assert names == ["started", "error", "failed", "completed"]
        assert bench.sip_names == []

    world(script)


def test_answer_without_usable_media_ends_the_call(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request())
        await bench.settle()
        await bench.sip(events.Answered(bench.dialled, b"rubbish", ()))
        assert bench.sip_names == ["Dial", "HangUp"]
        assert bench.webhook_names[-2:] == [f"failed>{TO}", f"completed>{TO}"]

    world(script)


def test_closing_platform_refuses(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.close(0)
        with pytest.raises(Conflict, match="shutting down"):
            await bench.calls.create(bench.request())
        await bench.sip(bench.invite())
        assert bench.last(commands.TurnAway).status == 503

    world(script)


def test_stack_that_reports_the_end_from_within_the_command(world: Any) -> None:
    async def script(bench: Bench) -> None:
        def react(command: commands.Command) -> None:
            if isinstance(command, commands.HangUp):
                bench.calls.on_sip(events.Failed(command.session, 487, "cancelled", (), True))

        bench.sip_port.react = react
        leg = await bench.calls.create(bench.request())
        await bench.settle()
        await bench.calls.hang_up(leg.leg_id)
        assert bench.webhook_names == [f"started>{TO}", f"cancelled>{TO}", f"completed>{TO}"]

    world(script)


def test_transport_that_fails_from_within_the_dial(world: Any) -> None:
    async def script(bench: Bench) -> None:
        def react(command: commands.Command) -> None:
            if isinstance(command, commands.Dial):
                bench.calls.on_sip(events.Failed(command.session, 503, "no transport", (), True))

        bench.sip_port.react = react
        await bench.calls.create(bench.request())
        await bench.settle(100)
        assert bench.webhook_names == [f"started>{TO}", f"failed>{TO}", f"completed>{TO}"]
        assert bench.sip_names == ["Dial"]

    world(script)


def test_invite_that_the_stack_will_not_send(world: Any) -> None:
    async def script(bench: Bench) -> None:
        def react(command: commands.Command) -> None:
            raise LocalStateError("a header holds a control character")

        bench.sip_port.react = react
        await bench.calls.create(bench.request())
        await bench.settle()
        assert "control character" in bench.body("error")["reason"]
        assert bench.webhook_names[-2:] == [f"failed>{TO}", f"completed>{TO}"]
        assert len(bench.media_port.released) == 1

    world(script)


def test_a_created_leg_is_stored_before_its_creator_is_answered(world: Any) -> None:
    async def script(bench: Bench) -> None:
        database: Any = bench.database
        submit, held = database.submit, []

        def slow(work: Any) -> Any:
            future = asyncio.get_running_loop().create_future()
            held.append((work, future))
            return future

        database.submit = slow
        creating = asyncio.ensure_future(bench.calls.create(bench.request()))
        await asyncio.sleep(1)
        assert held
        assert not creating.done()
        database.submit = submit
        for work, future in held:
            future.set_result(await submit(work))
        assert (await creating).leg_id == bench.rows()[0].leg_id

    world(script)
