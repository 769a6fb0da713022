"""Programs that listen, play files and record (S04, S05, S20, S21, S31, S39, S40)."""

from typing import Any

import pytest
from tests.unit.calls.bench import CALLER, EVENT, OWN, Bench, dial, say

from offhook.calls.playbacks import gain_of
from offhook.ipc import media


async def press(bench: Bench, keys: str) -> None:
    caller = next(row for row in bench.rows() if row.direction == "inbound")
    for key in keys:
        await bench.media(media.DigitReceived(caller.leg_id, key, 100, bench.loop.clock.now()))


async def end_recording(bench: Bench, reason: str) -> None:
    await bench.media(media.RecordFinished(bench.last(media.StartRecord).recording, reason, 5000))


def test_s04_ivr_a_key_cuts_the_menu_and_leads_on(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/dtmf"
        bench.outbox.replies["input"] = [say("you chose one")]
        menu = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}, "eventUrl": [url]}
        await bench.call_in([say("menu", bargeIn=True), menu])
        play = bench.last(media.Play)
        leg = bench.rows()[0]
        assert play.stop_on_digit == leg.leg_id
        await press(bench, "1")
        await bench.media(media.PlaybackFinished(play.playback, "digit", 300))
        body = bench.body("input")
        assert body["dtmf"] == {"digits": "1", "timed_out": False}
        assert (body["from"], body["to"], body["uuid"]) == (CALLER, OWN, leg.leg_id)
        assert bench.last(media.Play).prompt == "/say you chose one"

    world(script)


def test_s05_silence_times_out_after_the_prompt(world: Any) -> None:
    async def script(bench: Bench) -> None:
        listen = {"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": "5", "submitOnHash": True}}
        await bench.call_in([say("enter"), listen, say("after")])
        await bench.settle(20)
        assert "input" not in bench.webhook_names
        await bench.play_out()
        await bench.settle(4.5)
        assert "input" not in bench.webhook_names
        await bench.settle(1)
        assert bench.body("input")["dtmf"] == {"digits": "", "timed_out": True}
        assert bench.last(media.Play).prompt == "/say after"

    world(script)


def test_keys_of_the_other_leg_do_not_reach_the_program(world: Any) -> None:
    async def script(bench: Bench) -> None:
        listen = {"action": "input", "type": ["dtmf"], "mode": "asynchronous"}
        await bench.call_in([listen, dial()])
        await bench.pick_up()
        callee = next(row for row in bench.rows() if row.direction == "outbound")
        await bench.media(media.DigitReceived(callee.leg_id, "5", 100, 0))
        assert "input" not in bench.webhook_names
        await press(bench, "7")
        assert bench.body("input")["dtmf"]["digits"] == "7"

    world(script)


def test_s31_notify_waits_for_the_reply(world: Any) -> None:
    async def script(bench: Bench) -> None:
        notify = {"action": "notify", "payload": {"step": 1}, "eventUrl": ["http://app.example/n"]}
        bench.outbox.replies["notify"] = [say("replaced")]
        await bench.call_in([notify, say("not this")])
        assert bench.body("notify")["payload"] == {"step": 1}
        assert bench.last(media.Play).prompt == "/say replaced"

    world(script)


def test_s40_wait(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "wait", "timeout": 0.5}, say("then")])
        await bench.settle(0.4)
        assert "Play" not in bench.media_names
        await bench.settle(0.2)
        assert bench.last(media.Play).prompt == "/say then"

    world(script)


def test_s39_stream_with_loop_and_level(world: Any) -> None:
    async def script(bench: Bench) -> None:
        stream = {"action": "stream", "streamUrl": ["http://app.example/a.mp3"], "loop": 2, "level": "-1"}
        await bench.call_in([stream, say("after")])
        play = bench.last(media.Play)
        assert (play.prompt, play.loop) == ("/decoded-a.mp3", 2)
        assert play.gain < 0.5
        assert bench.fetch.discarded == ["a.mp3"]
        await bench.play_out()
        assert bench.audio.dropped == ["/decoded-a.mp3"]
        assert bench.last(media.Play).prompt == "/say after"

    world(script)


@pytest.mark.parametrize("broken", [True, False])
def test_stream_that_cannot_be_had_or_read_is_skipped_with_an_error(world: Any, broken: bool) -> None:
    async def script(bench: Bench) -> None:
        bench.audio.broken = broken
        name = "broken.mp3" if broken else "missing.mp3"
        stream = {"action": "stream", "streamUrl": [f"http://app.example/{name}"]}
        await bench.call_in([stream, say("after")])
        assert ("not audio" if broken else "404") in bench.body("error")["reason"]
        assert bench.last(media.Play).prompt == "/say after"

    world(script)


def test_level_is_a_factor_around_one() -> None:
    assert gain_of(0) == 1.0
    assert gain_of(1) == pytest.approx(3.162, abs=0.001)
    assert gain_of(-1) == pytest.approx(0.316, abs=0.001)
    assert gain_of(7) == gain_of(1)


def test_s20_voicemail_event_precedes_the_next_action(world: Any) -> None:
    async def script(bench: Bench) -> None:
        record = {
            "action": "record", "endOnSilence": "3", "beepStart": "true", "endOnKey": "#",
            "eventUrl": ["http://app.example/rec"],
        }  # fmt: skip
        await bench.call_in([say("leave a message"), record, say("thanks")])
        await bench.play_out()
        start = bench.last(media.StartRecord)
        leg = bench.rows()[0]
        assert start.target == f"conversation:{leg.conversation_id}"
        assert (start.end_on_silence_ms, start.end_on_key, start.beep) == (3000, "#", True)
        assert (start.owner, start.layout) == (leg.leg_id, "mixed")
        await end_recording(bench, "silence")
        body = bench.body("record")
        assert body["recording_uuid"] == start.recording
        assert body["recording_uuid"] not in body["recording_url"]
        assert body["recording_url"].startswith("http://127.0.0.1:8080/v1/files/compat.nexmo.com/")
        assert body["size"] == 18990
        posted = bench.outbox.posted[-1]
        assert (posted.kind, posted.url) == ("record", "http://app.example/rec")
        assert bench.last(media.Play).prompt == "/say thanks"

    world(script)


def test_s20_caller_hangs_up_while_recording(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record", "endOnSilence": 3}, say("thanks")])
        await bench.remote_bye("in-1")
        assert bench.media_names[-2:] == ["StopRecord", "CloseLeg"]
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        await end_recording(bench, "stopped")
        assert bench.webhook_names[-1] == "record"
        assert bench.outbox.posted[-1].url == EVENT
        assert "Play" not in bench.media_names
        assert not bench.calls.exchange.live.recordings

    world(script)


def test_s21_passive_recording_of_a_connected_call_ends_with_it(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record"}, dial()])
        await bench.pick_up()
        await bench.remote_bye(bench.dialled)
        assert bench.media_names.count("StopRecord") == 1
        await end_recording(bench, "stopped")
        assert bench.webhook_names[-1] == "record"
        recording, kind, path = bench.audio.finalised[0]
        assert recording == bench.last(media.StartRecord).recording
        assert kind == "mp3"
        assert path.startswith(str(bench.path / "recordings"))

    world(script)


@pytest.mark.parametrize(
    ("options", "layout", "channels"),
    [
        ({}, "mixed", 1),
        ({"split": "conversation"}, "split", 2),
        ({"split": "conversation", "channels": 2}, "split", 2),
        ({"split": "conversation", "channels": 3}, "channels", 3),
    ],
)
def test_layouts(world: Any, options: dict[str, Any], layout: str, channels: int) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record", **options}, say("x")])
        start = bench.last(media.StartRecord)
        assert (start.layout, start.channels) == (layout, channels)

    world(script)


def test_recording_that_cannot_be_saved_is_an_error_and_the_program_goes_on(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record", "endOnKey": "#"}, say("thanks")])
        bench.audio.broken = True
        await end_recording(bench, "key")
        assert "disk is full" in bench.body("error")["reason"]
        assert "record" not in bench.webhook_names
        assert bench.last(media.Play).prompt == "/say thanks"

    world(script)
