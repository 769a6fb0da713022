"""`connect`: a second leg in the caller's conversation (S09, S11–S14; C18)."""

import asyncio
from typing import Any

import pytest
from tests.unit.calls.bench import (
    ANSWER,
    CALLEE,
    CALLER,
    EVENT,
    OTHER,
    OWN,
    Bench,
    dial,
    say,
)

from offhook.core.errors import DeliveryError
from offhook.ipc import media
from offhook.sdp import negotiator
from offhook.sip import commands, events

A_UP = [f"started>{OWN}", f"ringing>{OWN}", f"answered>{OWN}"]
B = CALLEE
THIRD = "447700900456"


async def fails(bench: Bench, code: int) -> None:
    await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
    await bench.sip(events.Failed(bench.dialled, code, "no", (), False))


def test_s09_both_talk_and_the_call_ends_with_either(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(), say("never heard")])
        call = bench.last(commands.Dial)
        assert call.from_uri == f"sip:{OWN}@sip.offhook.localhost"
        assert CALLER not in call.from_uri
        assert call.max_forwards == 69
        await bench.pick_up()
        assert bench.webhook_names == [*A_UP, f"started>{B}", f"ringing>{B}", f"answered>{B}"]
        rows = bench.rows()
        assert {row.conversation_id for row in rows} == {rows[0].conversation_id}
        joins = [one for one in bench.media_port.sent if isinstance(one, media.Join)]
        assert len({join.conversation for join in joins}) == 1
        assert len({join.leg for join in joins}) == 2
        await bench.remote_bye(call.session)
        assert bench.webhook_names[-2:] == [f"completed>{B}", f"completed>{OWN}"]
        assert bench.body(f"completed>{B}")["disconnected_by"] == "user"
        assert bench.body(f"completed>{OWN}")["disconnected_by"] == "platform"
        assert "Play" not in bench.media_names
        assert bench.calls.live_legs == 0

    world(script)


def test_caller_hangs_up_while_talking(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial()])
        await bench.pick_up()
        session = bench.dialled
        await bench.remote_bye("in-1")
        assert bench.webhook_names[-2:] == [f"completed>{B}", f"completed>{OWN}"]
        assert bench.last(commands.HangUp).session == session
        assert not bench.calls.exchange.live.conversations

    world(script)


def test_e6_caller_hangs_up_while_b_rings(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial()])
        session = bench.dialled
        await bench.sip(events.Ringing(session, 180, "Ringing", b"", "t"))
        await bench.remote_bye("in-1")
        assert bench.webhook_names[-3:] == [f"cancelled>{B}", f"completed>{B}", f"completed>{OWN}"]
        assert bench.last(commands.HangUp).session == session
        await bench.sip(events.Failed(session, 487, "Request Terminated", (), False))
        assert bench.webhook_names[-1] == f"completed>{OWN}"

    world(script)


def test_s14_sequential_hunting(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(timeout=10), dial(THIRD, timeout=10), say("nobody")])
        await fails(bench, 486)
        assert bench.webhook_names[-3:] == [f"busy>{B}", f"completed>{B}", f"started>{THIRD}"]
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        await bench.settle(10.5)
        assert bench.webhook_names[-2:] == [f"timeout>{THIRD}", f"completed>{THIRD}"]
        assert bench.last(media.Play).prompt == "/say nobody"
        await bench.play_out()
        assert bench.webhook_names[-1] == f"completed>{OWN}"

    world(script)


@pytest.mark.parametrize(
    ("code", "events_of_b"),
    [
        (480, [f"unanswered>{B}", f"completed>{B}"]),
        (603, [f"rejected>{B}"]),
        (404, [f"failed>{B}", f"completed>{B}"]),
    ],
)
def test_e5_b_does_not_answer_and_the_program_goes_on(world: Any, code: int, events_of_b: list[str]) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(), say("sorry")])
        await fails(bench, code)
        assert bench.webhook_names == [*A_UP, f"started>{B}", f"ringing>{B}", *events_of_b]
        assert bench.last(media.Play).prompt == "/say sorry"

    world(script)


def test_s13_reply_to_the_timeout_replaces_the_program(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.outbox.replies[f"timeout>{B}"] = [say("fallback"), dial(THIRD)]
        url = "http://app.example/event-fallback"
        await bench.call_in([dial(timeout=5, eventType="synchronous", eventUrl=[url]), say("not this")])
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        await bench.settle(5.5)
        posted = next(one for one in bench.outbox.posted if str(one) == f"timeout>{B}")
        assert (posted.url, posted.expects_ncco) == (url, True)
        assert bench.last(media.Play).prompt == "/say fallback"
        assert f"completed>{OWN}" not in bench.webhook_names
        await bench.play_out()
        assert bench.last(commands.Dial).uri.startswith(f"sip:{THIRD}@")
        await bench.pick_up()
        await bench.remote_bye(bench.dialled)
        assert bench.webhook_names[-1] == f"completed>{OWN}"

    world(script)


@pytest.mark.parametrize("reply", [None, [], DeliveryError("no answer")])
def test_s13_without_an_ncco_in_the_reply_the_next_action_runs(world: Any, reply: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.outbox.replies[f"busy>{B}"] = reply
        await bench.call_in([dial(eventType="synchronous"), say("next")])
        await fails(bench, 486)
        assert bench.last(media.Play).prompt == "/say next"

    world(script)


def test_only_failures_expect_a_reply(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(eventType="synchronous")])
        await bench.pick_up()
        await bench.remote_bye(bench.dialled)
        assert not any(posted.expects_ncco for posted in bench.outbox.posted)

    world(script)


def test_child_events_go_to_the_connects_event_url_only(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(eventUrl=["http://app.example/child"], eventMethod="GET")])
        await bench.pick_up()
        by_name = {str(posted): (posted.method, posted.url) for posted in bench.outbox.posted}
        assert by_name[f"answered>{B}"] == ("GET", "http://app.example/child")
        assert by_name[f"answered>{OWN}"] == ("POST", EVENT)

    world(script)


def test_machine_detection_is_said_to_be_missing_and_the_call_goes_on(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(machineDetection="continue")])
        await bench.pick_up()
        assert "Machine detection is not supported" in bench.body("error")["reason"]
        assert f"answered>{B}" in bench.webhook_names

    world(script)


def test_foreign_caller_id_cannot_be_routed(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{**dial(), "from": "441632960999"}, say("next")])
        assert bench.webhook_names == [*A_UP, f"started>{B}", "error", f"failed>{B}", f"completed>{B}"]
        assert bench.body(f"failed>{B}")["detail"] == "cannot_route"
        assert "not a number of this account" in bench.body("error")["reason"]
        assert "Dial" not in bench.sip_names
        assert bench.last(media.Play).prompt == "/say next"

    world(script)


def test_premium_destination_is_refused_with_the_rule(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial("19005551234"), say("next")])
        assert "rule premium:NANP-900" in bench.body("error")["reason"]
        assert bench.body("failed>19005551234")["detail"] == "cannot_route"
        assert "Dial" not in bench.sip_names

    world(script)


def test_call_that_has_gone_round_too_often_is_not_dialled(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(), say("next")], max_forwards=1)
        assert "looping" in bench.body("error")["reason"]
        assert "Dial" not in bench.sip_names

    world(script)


def test_missing_from_shows_the_number_that_was_called(world: Any) -> None:
    async def script(bench: Bench) -> None:
        plain = dial()
        del plain["from"]
        await bench.call_in([plain], user=OTHER)
        assert bench.last(commands.Dial).from_uri == f"sip:{OTHER}@sip.offhook.localhost"

    world(script)


def test_limit_ends_the_connected_call(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(limit=30)])
        await bench.pick_up()
        await bench.settle(30.5)
        assert bench.webhook_names[-2:] == [f"completed>{B}", f"completed>{OWN}"]
        assert bench.body(f"completed>{B}")["disconnected_by"] == "platform"
        assert bench.body(f"completed>{B}")["duration"] == "30"

    world(script)


def test_s12_ringback_tone_is_for_the_caller_until_the_answer(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(ringbackTone="http://app.example/ring.wav")])
        play = bench.last(media.Play)
        assert (play.prompt, play.loop) == ("/decoded-ring.wav", 0)
        caller = next(row for row in bench.rows() if row.direction == "inbound")
        assert play.target == f"leg:{caller.leg_id}"
        early = negotiator.answer(bench.last(commands.Dial).offer, "127.0.0.1", 5000).body
        await bench.sip(events.Ringing(bench.dialled, 183, "Progress", early, "t"))
        assert bench.media_names.count("OpenLeg") == 1
        await bench.pick_up()
        stop = bench.last(media.StopPlay)
        assert stop.playback == play.playback
        await bench.media(media.PlaybackFinished(play.playback, "stopped", 100))
        assert bench.audio.dropped == ["/decoded-ring.wav"]
        assert bench.media_names[-1] == "Join"

    world(script)


def test_ringback_that_cannot_be_had_does_not_stop_the_connect(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(ringbackTone="http://app.example/missing.wav")])
        assert "404" in bench.body("error")["reason"]
        await bench.pick_up()
        assert bench.webhook_names[-1] == f"answered>{B}"

    world(script)


def test_early_media_of_a_phone_is_heard_but_nothing_is_sent(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial()])
        early = negotiator.answer(bench.last(commands.Dial).offer, "127.0.0.1", 5000).body
        await bench.sip(events.Ringing(bench.dialled, 183, "Progress", early, "t"))
        opened = bench.last(media.OpenLeg)
        assert (opened.send, opened.receive) == (False, True)
        assert bench.media_names[-1] == "Join"
        await bench.sip(events.Answered(bench.dialled, early, ()))
        assert bench.last(media.UpdateLeg).send is True
        assert bench.webhook_names[-1] == f"answered>{B}"

    world(script)


def test_s36_dtmf_answer(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(endpoint={"dtmfAnswer": "2p02p"})])
        await bench.pick_up()
        sent = bench.last(media.SendDigits)
        callee = next(row for row in bench.rows() if row.direction == "outbound")
        assert (sent.leg, sent.digits) == (callee.leg_id, "2p02p")

    world(script)


def test_s11_whisper_is_for_the_callee_alone_then_both_are_joined(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/whisper"
        bench.webhooks.documents[url] = [say("call about product X")]
        await bench.call_in([dial(endpoint={"onAnswer": {"url": url}})])
        await bench.pick_up()
        method, asked, params = bench.webhooks.asked[-1]
        callee = next(row for row in bench.rows() if row.direction == "outbound")
        assert (method, asked, params["uuid"], params["from"]) == ("GET", url, callee.leg_id, OWN)
        play = bench.last(media.Play)
        assert (play.prompt, play.target) == ("/say call about product X", f"leg:{callee.leg_id}")
        joined = [one.leg for one in bench.media_port.sent if isinstance(one, media.Join)]
        assert callee.leg_id not in joined
        await bench.play_out()
        assert bench.last(media.Join).leg == callee.leg_id
        await bench.remote_bye(bench.dialled)
        assert bench.webhook_names[-2:] == [f"completed>{B}", f"completed>{OWN}"]

    world(script)


def test_s11_callee_hangs_up_in_the_whisper_and_the_program_goes_on(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/whisper"
        bench.webhooks.documents[url] = [say("call about product X")]
        await bench.call_in([dial(endpoint={"onAnswer": {"url": url}}), say("not there")])
        await bench.pick_up()
        await bench.remote_bye(bench.dialled)
        assert bench.webhook_names[-1] == f"completed>{B}"
        assert bench.last(media.Play).prompt == "/say not there"

    world(script)


def test_whisper_without_a_usable_ncco_hangs_the_callee_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/whisper"
        await bench.call_in([dial(endpoint={"onAnswer": {"url": url}}), say("next")])
        await bench.pick_up()
        assert bench.webhook_names[-1] == f"completed>{B}"
        assert bench.last(media.Play).prompt == "/say next"

    world(script)


def test_caller_leaves_while_the_whisper_plays(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/whisper"
        document: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        bench.webhooks.documents[url] = document
        await bench.call_in([dial(endpoint={"onAnswer": {"url": url}})])
        await bench.pick_up()
        await bench.remote_bye("in-1")
        assert bench.webhook_names[-2:] == [f"completed>{B}", f"completed>{OWN}"]
        document.set_result([say("too late")])
        await bench.settle()
        assert "Play" not in bench.media_names
        assert bench.calls.live_legs == 0

    world(script)


def test_sip_endpoint_with_headers(world: Any) -> None:
    async def script(bench: Bench) -> None:
        endpoint = {
            "type": "sip",
            "uri": "sip:bot@192.0.2.9",
            "headers": {"context": "billing"},
            "standardHeaders": {"User-to-User": "abc;encoding=hex"},
        }
        await bench.call_in([{"action": "connect", "from": OWN, "endpoint": [endpoint]}])
        call = bench.last(commands.Dial)
        assert call.headers == (("X-context", "billing"), ("User-to-User", "abc;encoding=hex"))
        assert call.destination.remote == ("192.0.2.9", 5060)

    world(script)


def test_prompt_before_the_connect_is_not_heard_by_b(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("please wait"), dial()])
        assert "Dial" not in bench.sip_names
        await bench.play_out()
        assert bench.sip_names[-1] == "Dial"

    world(script)


def test_outbound_call_can_connect_too(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request(ncco=[dial(THIRD)]))
        await bench.settle()
        await bench.pick_up()
        await bench.pick_up()
        assert bench.webhook_names[-1] == f"answered>{THIRD}"
        assert ANSWER not in [url for _, url, _ in bench.webhooks.asked]

    world(script)
