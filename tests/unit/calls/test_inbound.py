"""Inbound calls, from the INVITE to the end (S01, S34, S35; D5)."""

import asyncio
from typing import Any

import pytest
from tests.unit.calls.bench import ANSWER, CALLER, EVENT, FALLBACK, OWN, Bench, say

from offhook.core.errors import DeliveryError, NccoError
from offhook.ipc import media
from offhook.sip import commands, events
from offhook.sip.flow import Flow
from offhook.webhooks.attempts import BrokenDocument

STATUSES = [f"started>{OWN}", f"ringing>{OWN}"]
CARRIER = Flow("udp", ("192.0.2.1", 5060), ("198.51.100.7", 5060))


def test_s01_receive_a_call_speak_hang_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        assert bench.sip_names == ["Ring", "Answer"]
        assert bench.webhook_names == STATUSES
        assert bench.media_names == ["OpenLeg"]
        await bench.sip(events.Confirmed("in-1", b""))
        assert bench.webhook_names == [*STATUSES, f"answered>{OWN}"]
        assert bench.media_names == ["OpenLeg", "Join", "Play"]
        play = bench.last(media.Play)
        leg = bench.rows()[0]
        assert (play.prompt, play.target) == ("/say Hello", f"conversation:{leg.conversation_id}")
        await bench.settle(7)
        await bench.play_out()
        assert bench.sip_names == ["Ring", "Answer", "HangUp"]
        assert bench.webhook_names == [*STATUSES, f"answered>{OWN}", f"completed>{OWN}"]
        assert bench.media_names[-1] == "CloseLeg"
        body = bench.body(f"completed>{OWN}")
        assert body["duration"] == "7"
        assert (body["disconnected_by"], body["sip_code"]) == ("platform", 200)
        assert (body["price"], body["rate"]) == ("0.00000000", "0.00000000")
        row = bench.rows()[0]
        assert (row.status, row.disconnected_by) == ("completed", "platform")
        assert row.ended_at is not None
        assert bench.calls.live_legs == 0
        assert not bench.calls.exchange.live.conversations

    world(script)


def test_answer_webhook_tells_who_calls_whom(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        method, url, params = bench.webhooks.asked[0]
        leg = bench.rows()[0]
        assert (method, url) == ("GET", ANSWER)
        assert params["to"] == OWN
        assert params["from"] == CALLER
        assert params["uuid"] == leg.leg_id
        assert params["conversation_uuid"] == leg.conversation_id

    world(script)


def test_s35_sip_headers_reach_the_answer_webhook(world: Any) -> None:
    async def script(bench: Bench) -> None:
        headers = (
            ("X-UserId", "1938ND9"),
            ("x-lower", "1"),
            ("X-NexmoFoo", "no"),
            ("user-to-user", "abc;encoding=hex"),
            ("Subject", "no"),
        )
        await bench.ring_in([say("Hello")], headers=headers)
        params = bench.webhooks.asked[0][2]
        assert {name: value for name, value in params.items() if name.startswith("SipHeader_")} == {
            "SipHeader_X-UserId": "1938ND9",
            "SipHeader_x-lower": "1",
            "SipHeader_User-to-User": "abc;encoding=hex",
        }

    world(script)


def test_at_once_answers_before_the_ncco_and_sends_the_same_events(world: Any) -> None:
    async def script(bench: Bench) -> None:
        document: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await bench.ring_in(document)
        assert bench.sip_names == ["Ring", "Answer"]
        await bench.sip(events.Confirmed("in-1", b""))
        assert bench.webhook_names == [*STATUSES, f"answered>{OWN}"]
        document.set_result([say("Hello")])
        await bench.settle()
        assert bench.last(media.Play).prompt == "/say Hello"
        assert bench.sip_names == ["Ring", "Answer"]

    world(script, answer="at_once")


def test_d5_caller_gives_up_while_the_answer_webhook_runs(world: Any) -> None:
    async def script(bench: Bench) -> None:
        document: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await bench.ring_in(document)
        await bench.sip(events.Ended("in-1", "remote", True, "", ()))
        assert bench.webhook_names == [*STATUSES, f"cancelled>{OWN}", f"completed>{OWN}"]
        assert bench.body(f"completed>{OWN}")["duration"] == "0"
        document.set_result([say("too late")])
        await bench.settle(5)
        assert bench.sip_names == ["Ring"]
        assert bench.media_names == []
        assert bench.calls.live_legs == 0

    world(script)


def test_caller_hangs_up_during_a_prompt(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("a long story")])
        await bench.settle(2)
        await bench.remote_bye("in-1")
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        body = bench.body(f"completed>{OWN}")
        assert (body["disconnected_by"], body["duration"]) == ("user", "2")
        assert bench.media_names[-2:] == ["StopPlay", "CloseLeg"]
        assert "HangUp" not in bench.sip_names

    world(script)


def test_prompt_that_is_ready_after_the_caller_left_is_not_played(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.speech.delay = 3.0
        await bench.call_in([say("slow")])
        await bench.remote_bye("in-1")
        await bench.settle(5)
        assert "Play" not in bench.media_names

    world(script)


def test_s34_invalid_ncco_asks_the_fallback(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.webhooks.documents[FALLBACK] = [say("sorry")]
        await bench.ring_in([{"action": "tlak"}])
        assert "Syntax error in NCCO" in bench.body("error")["reason"]
        assert [url for _, url, _ in bench.webhooks.asked] == [ANSWER, FALLBACK]
        assert "Syntax error in NCCO" in bench.webhooks.asked[1][2]["reason"]
        assert bench.sip_names == ["Ring", "Answer"]
        await bench.sip(events.Confirmed("in-1", b""))
        assert bench.last(media.Play).prompt == "/say sorry"

    world(script)


@pytest.mark.parametrize(
    "answer",
    [
        DeliveryError("connection closed"),
        BrokenDocument("not JSON", NccoError("", "not JSON"), 200),
        [{"action": "tlak"}],
    ],
)
def test_after_a_caller_gave_up_nobody_is_asked_or_told_any_more(world: Any, answer: Any) -> None:
    """`completed` is the last that an application hears of a call."""

    async def script(bench: Bench) -> None:
        document: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await bench.ring_in(document)
        await bench.sip(events.Ended("in-1", "remote", True, "", ()))
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        document.set_result(answer)
        await bench.settle(5)
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        assert [url for _, url, _ in bench.webhooks.asked] == [ANSWER]

    world(script)


def test_s34_invalid_ncco_and_fallback_end_the_call_unanswered(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.webhooks.documents[FALLBACK] = "no"
        await bench.ring_in([{"action": "tlak"}])
        assert bench.webhook_names == [*STATUSES, "error", "error", f"completed>{OWN}"]
        assert bench.sip_names == ["Ring", "HangUp"]
        assert bench.last(commands.HangUp).status == 480
        assert bench.body(f"completed>{OWN}")["disconnected_by"] == "platform"

    world(script)


def test_no_application_answers_and_the_caller_is_never_charged(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in(DeliveryError("connection closed"))
        assert bench.sip_names == ["Ring", "HangUp"]
        assert bench.webhook_names == [*STATUSES, "error", f"completed>{OWN}"]
        assert bench.body("error")["reason"].startswith("No NCCO: ")
        assert bench.media_names == []

    world(script)


def test_unspeakable_text_is_reported_and_skipped(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.core.errors import SpeechError

        bench.speech.failures = [SpeechError("xx-XX is not a language; use one of …")]
        await bench.call_in([say("?", language="xx-XX"), say("second")])
        assert "not a language" in bench.body("error")["reason"]
        assert bench.last(media.Play).prompt == "/say second"

    world(script)


def test_speech_worker_that_died_is_asked_once_more(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.core.errors import SpeechError

        bench.speech.failures = [SpeechError("worker died", retryable=True)]
        await bench.call_in([say("hello")])
        assert bench.last(media.Play).prompt == "/say hello"
        assert "error" not in bench.webhook_names

    world(script)


def test_caller_that_cannot_be_reached_is_no_caller_who_gave_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        await bench.sip(events.Ended("in-1", "failure", True, "unreachable", ()))
        assert bench.webhook_names == [*STATUSES, f"failed>{OWN}", f"completed>{OWN}"]
        assert bench.body(f"completed>{OWN}")["disconnected_by"] == "platform"

    world(script)


def test_hold_and_resume_reach_the_media_worker(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("Hello", loop=0)])
        held = bench.invite().offer.replace(b"sendrecv", b"sendonly").replace(b" 77 1 ", b" 77 2 ")
        await bench.sip(events.ReofferReceived("in-1", held))
        assert b"recvonly" in bench.last(commands.AnswerReoffer).body
        update = bench.last(media.UpdateLeg)
        assert (update.send, update.receive) == (False, True)
        await bench.sip(events.ReofferReceived("in-1", b"rubbish"))
        assert bench.sip_names[-1] == "RejectReoffer"
        assert bench.calls.live_legs == 1

    world(script)


def test_reinvite_without_offer_gets_ours_and_its_answer_is_applied(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.sdp import negotiator

        await bench.call_in([say("Hello", loop=0)])
        await bench.sip(events.ReofferReceived("in-1", b""))
        ours = bench.last(commands.AnswerReoffer).body
        answer = negotiator.answer(ours, "127.0.0.1", 4998).body
        await bench.sip(events.ReofferAnswered("in-1", answer))
        assert bench.last(media.UpdateLeg).remote == ("127.0.0.1", 4998)
        await bench.sip(events.Confirmed("in-1", b""))
        assert bench.webhook_names.count(f"answered>{OWN}") == 1

    world(script)


def test_answered_leg_has_a_checkpoint_until_it_is_over(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.storage import checkpoints

        await bench.call_in([say("Hello")])
        stored = bench.database.look(checkpoints.list)
        assert [(row.session, row.dialog) for row in stored] == [("in-1", b"dialog of in-1")]
        await bench.remote_bye("in-1")
        assert bench.database.look(checkpoints.list) == ()

    world(script)


def test_events_go_to_the_applications_event_url(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        assert {posted.url for posted in bench.outbox.posted} == {EVENT}
        leg = bench.rows()[0]
        assert {posted.order_key for posted in bench.outbox.posted} == {f"leg:{leg.leg_id}"}

    world(script)


def test_journal_has_every_input_and_output_of_the_leg(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("Hello")])
        kinds = bench.journal.kinds(bench.rows()[0].leg_id)
        assert {
            "sip.command",
            "sip.event",
            "webhook.out",
            "ncco.event",
            "ncco.effect",
            "media.command",
        } <= set(kinds)

    world(script)
