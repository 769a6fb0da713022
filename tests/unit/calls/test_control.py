"""What REST does to live legs."""

from typing import Any

import pytest
from tests.unit.calls.bench import CALLEE, OWN, Bench, dial, say

from offhook.core.errors import Conflict, Invalid, NotFound, SpeechError
from offhook.ipc import media
from offhook.sip import commands


def caller_of(bench: Bench) -> str:
    return next(row.leg_id for row in bench.rows() if row.direction == "inbound")


def callee_of(bench: Bench) -> str:
    return next(row.leg_id for row in bench.rows() if row.direction == "outbound")


def test_hang_up_ends_the_call(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("x", loop=0)])
        await bench.calls.hang_up(caller_of(bench))
        assert bench.sip_names[-1] == "HangUp"
        assert bench.body(f"completed>{OWN}")["disconnected_by"] == "platform"

    world(script)


def test_transfer_moves_the_leg_and_replaces_its_program(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("old", loop=0)])
        before = bench.rows()[0].conversation_id
        await bench.calls.transfer(caller_of(bench), ncco=[say("new")])
        await bench.settle()
        body = bench.body("transfer")
        assert body["conversation_uuid_from"] == before
        assert body["conversation_uuid_to"] == bench.rows()[0].conversation_id != before
        assert "StopPlay" in bench.media_names
        play = bench.last(media.Play)
        assert (play.prompt, play.target) == ("/say new", f"conversation:{body['conversation_uuid_to']}")
        await bench.play_out()
        assert bench.webhook_names[-1] == f"completed>{OWN}"

    world(script)


def test_transfer_of_the_caller_ends_the_leg_it_had_connected(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/transfer"
        bench.webhooks.documents[url] = [say("new")]
        await bench.call_in([dial()])
        await bench.pick_up()
        await bench.calls.transfer(caller_of(bench), url=url)
        await bench.settle()
        assert bench.webhook_names[-2:] == ["transfer", f"completed>{CALLEE}"]
        assert bench.webhooks.asked[-1][:2] == ("GET", url)
        assert bench.last(media.Play).prompt == "/say new"
        assert bench.calls.live_legs == 1

    world(script)


def test_transfer_of_the_callee_leaves_the_caller_to_its_end(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial()])
        await bench.pick_up()
        await bench.calls.transfer(callee_of(bench), ncco=[say("survey")])
        await bench.settle()
        assert bench.webhook_names[-2:] == ["transfer", f"completed>{OWN}"]
        assert bench.last(media.Play).prompt == "/say survey"
        await bench.play_out()
        assert bench.webhook_names[-1] == f"completed>{CALLEE}"

    world(script)


def test_wrong_transfers(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("x", loop=0)])
        with pytest.raises(Conflict, match="not answered"):
            await bench.calls.transfer(caller_of(bench), ncco=[say("new")])
        with pytest.raises(NotFound):
            await bench.calls.transfer("nobody", ncco=[])
        from offhook.sip.events import Confirmed

        await bench.sip(Confirmed("in-1", b""))
        with pytest.raises(Invalid, match="exactly one"):
            await bench.calls.transfer(caller_of(bench))
        with pytest.raises(Invalid) as caught:
            await bench.calls.transfer(caller_of(bench), ncco=[{"action": "tlak"}])
        assert caught.value.field == "destination.ncco[0].action"
        assert "transfer" not in bench.webhook_names

    world(script)


def test_mute_and_earmuff_add_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("x", loop=0)])
        leg = caller_of(bench)
        await bench.calls.set_audio(leg, muted=True)
        await bench.calls.set_audio(leg, earmuffed=True)
        assert bench.last(media.SetAudio) == media.SetAudio(leg, True, True)
        await bench.calls.set_audio(leg, muted=False)
        assert bench.last(media.SetAudio) == media.SetAudio(leg, False, True)

    world(script)


def test_talk_and_stream_have_one_slot_each_and_are_for_the_leg(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "wait", "timeout": 100}])
        leg = caller_of(bench)
        await bench.calls.talk(leg, "one")
        await bench.settle()
        first = bench.last(media.Play)
        assert first.target == f"leg:{leg}"
        await bench.calls.talk(leg, "two")
        await bench.calls.stream(leg, "http://app.example/a.mp3", loop=0)
        await bench.settle()
        assert bench.last(media.StopPlay).playback == first.playback
        await bench.media(media.PlaybackFinished(first.playback, "stopped", 1))
        assert bench.last(media.Play).prompt == "/decoded-a.mp3"
        await bench.calls.stop_playing(leg, "stream")
        assert bench.last(media.StopPlay).playback == bench.last(media.Play).playback
        await bench.calls.stop_playing(leg, "nothing")

    world(script)


def test_digits_are_checked_and_sent(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "wait", "timeout": 100}])
        leg = caller_of(bench)
        await bench.calls.send_digits(leg, "332393")
        assert bench.last(media.SendDigits).digits == "332393"
        for wrong in ("", "12a"):
            with pytest.raises(Invalid, match="digits"):
                await bench.calls.send_digits(leg, wrong)

    world(script)


def test_keys_can_be_listened_to_from_outside(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "wait", "timeout": 100}])
        leg = caller_of(bench)
        await bench.calls.listen_digits(leg, "http://app.example/keys")
        await bench.media(media.DigitReceived(leg, "5", 100, 0))
        assert bench.body("input")["dtmf"]["digits"] == "5"
        assert bench.outbox.posted[-1].url == "http://app.example/keys"
        await bench.calls.listen_digits(leg, None)
        await bench.media(media.DigitReceived(leg, "6", 100, 0))
        assert bench.body("input")["dtmf"]["digits"] == "5"

    world(script)


def test_closing_waits_then_hangs_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("x", loop=0)])
        begun = bench.loop.time()
        bench.sip_port.unanswered = lambda: int(bench.loop.time() - begun < 5.3)  # type: ignore[method-assign]
        await bench.calls.close(5)
        assert bench.loop.time() - begun == pytest.approx(5.3, abs=0.1)
        assert isinstance(bench.sip_port.sent[-1], commands.HangUp)
        assert bench.webhook_names[-1] == f"completed>{OWN}"

    world(script)


def test_closing_is_quick_when_nothing_is_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        begun = bench.loop.time()
        await bench.calls.close(5)
        assert bench.loop.time() - begun < 0.1

    world(script)


@pytest.mark.parametrize("error", [SpeechError("no such voice"), ValueError("nobody foresaw this")])
def test_a_prompt_that_fails_after_the_call_tells_nobody(world: Any, error: Exception) -> None:
    """`completed` is the last that an application hears of a call."""

    async def script(bench: Bench) -> None:
        await bench.call_in([say("x", loop=0)])
        bench.speech.delay, bench.speech.failures = 1.0, [error]
        await bench.calls.talk(caller_of(bench), "y")
        await bench.remote_bye("in-1")
        await bench.settle(2)
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        assert not bench.calls.exchange.live.slots

    world(script)
