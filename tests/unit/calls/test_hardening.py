"""What must hold when something goes wrong that nobody foresaw, and limits under load."""

import asyncio
from typing import Any

import pytest
from tests.unit.calls.bench import ANSWER, CALLEE, FALLBACK, OWN, Bench, FakeAudio, dial, say

from offhook.core.errors import Conflict
from offhook.ipc import media
from offhook.sip import commands
from offhook.storage import recordings


def test_whisper_from_the_fallback_url_joins_the_parties(world: Any) -> None:
    async def script(bench: Bench) -> None:
        url = "http://app.example/whisper"
        bench.webhooks.documents[url] = {"not": "an NCCO"}
        bench.webhooks.documents[FALLBACK] = [say("an order for you")]
        await bench.call_in([dial(endpoint={"onAnswer": {"url": url}})])
        await bench.pick_up()
        await bench.play_out()
        assert "HangUp" not in bench.sip_names
        assert [one for one in bench.media_port.sent if isinstance(one, media.Join)][-1].leg != ""
        assert bench.calls.live_legs == 2

    world(script)


def test_prompt_that_fails_in_an_unforeseen_way_is_skipped(world: Any) -> None:
    async def script(bench: Bench) -> None:
        async def full(url: str) -> str:
            raise OSError(28, "No space left on device")

        bench.fetch.download = full  # type: ignore[method-assign]
        await bench.call_in([{"action": "stream", "streamUrl": ["http://app.example/x.mp3"]}, say("after")])
        assert bench.last(media.Play).prompt == "/say after"
        assert "error" in bench.webhook_names

    world(script)


def test_answer_that_fails_in_an_unforeseen_way_ends_the_call(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in(ValueError("nobody thought of this"))
        assert bench.sip_names[-1] == "HangUp"
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        assert bench.calls.live_legs == 0

    world(script)


def test_file_that_fails_in_an_unforeseen_way_does_not_hold_the_program_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        async def broken(recording: str, format: str, path: str) -> Any:
            raise RuntimeError("nobody thought of this")

        bench.audio.finalise = broken  # type: ignore[method-assign]
        await bench.call_in([{"action": "record", "endOnKey": "#"}, say("thank you")])
        started = bench.last(media.StartRecord)
        await bench.media(media.RecordFinished(started.recording, "key", 1000))
        assert bench.last(media.Play).prompt == "/say thank you"
        assert not bench.calls.exchange.live.recordings
        row = await bench.database.read(lambda rows: recordings.get(rows, started.recording))
        assert row is not None
        assert row.status == "failed"

    world(script)


def test_connect_keeps_to_the_limit_of_legs(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([dial(), say("nobody was free")])
        assert "Dial" not in bench.sip_names
        assert "OFFHOOK_CALLS__MAX_LEGS" in bench.body("error")["reason"]
        assert bench.webhook_names[-2:] == [f"failed>{CALLEE}", f"completed>{CALLEE}"]
        assert bench.last(media.Play).prompt == "/say nobody was free"

    world(script, max_legs=1)


def test_calls_asked_for_at_once_keep_to_the_limit_of_legs(world: Any) -> None:
    async def script(bench: Bench) -> None:
        async def later(fn: Any) -> Any:
            await asyncio.sleep(0.01)
            return bench.database._read(fn)

        bench.database.read = later  # type: ignore[method-assign]
        asked = [bench.calls.create(bench.request()) for _ in range(3)]
        made = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one).__name__ for one in made].count("Overloaded") == 2
        assert bench.calls.live_legs == 1

    world(script, max_legs=1)


def test_recovery_does_not_wait_for_the_audio_worker(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record"}, say("x", loop=0)])
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        whole = FakeAudio.finalise

        async def slow(recording: str, format: str, path: str) -> Any:
            await gate
            return await whole(bench.audio, recording, format, path)

        bench.audio.finalise = slow  # type: ignore[method-assign]
        calls = bench.fresh()
        assert await asyncio.wait_for(calls.recover(), 60) == 1
        gate.set_result(None)
        await bench.settle()
        assert "record" in bench.webhook_names

    world(script)


def test_call_that_is_looked_up_when_the_stop_comes_is_refused(world: Any) -> None:
    async def script(bench: Bench) -> None:
        found: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def later(fn: Any) -> Any:
            await found
            return bench.database._read(fn)

        bench.database.read = later  # type: ignore[method-assign]
        bench.webhooks.documents[ANSWER] = [say("x")]
        bench.calls.on_sip(bench.invite())
        await bench.settle()
        closing = asyncio.ensure_future(bench.calls.close(0.0))
        await bench.settle()
        if not found.done():
            found.set_result(None)
        await closing
        refused = bench.last(commands.Reject)
        assert (refused.session, refused.status) == ("in-1", 503)
        assert bench.calls.live_legs == 0
        with pytest.raises(Conflict):
            await bench.calls.create(bench.request())

    world(script)


def test_text_of_a_peer_that_is_not_utf8_is_made_readable(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in(
            [say("hello")],
            from_user="m\udcfcller",
            from_uri="sip:m\udcfcller@phone",
            headers=(("X-Name", "M\udcfcller"),),
        )
        (row,) = bench.rows()
        assert row.from_ == {"type": "sip", "uri": "sip:m\ufffdller@phone"}
        assert "M\ufffdller" in bench.webhooks.asked[0][2].values()

    world(script)
