"""What happens when a process below, or this one, dies."""

from typing import Any

from tests.unit.calls.bench import CALLEE, OWN, Bench, dial, say

from offhook.ipc import media
from offhook.sip import commands
from offhook.storage import checkpoints, recordings


def test_legs_of_a_dead_media_worker_get_bye_and_completed(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record"}, dial()])
        await bench.pick_up()
        legs = [row.leg_id for row in bench.rows()]
        before = len(bench.media_port.sent)
        bench.calls.on_worker_lost([*legs, "unknown"])
        await bench.settle()
        ended = [one.session for one in bench.sip_port.sent if isinstance(one, commands.HangUp)]
        assert sorted(ended) == sorted(["in-1", bench.dialled])
        names = set(bench.webhook_names[-3:])
        assert names == {f"completed>{OWN}", f"completed>{CALLEE}", "record"}
        for leg in (OWN, CALLEE):
            body = bench.body(f"completed>{leg}")
            assert (body["disconnected_by"], body["sip_code"]) == ("platform", 500)
        closing = [type(one).__name__ for one in bench.media_port.sent[before:]]
        assert "CloseLeg" not in closing
        assert bench.calls.live_legs == 0
        assert not bench.calls.exchange.live.recordings

    world(script)


def test_leg_that_a_worker_refuses_is_hung_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("x", loop=0)])
        await bench.media(media.LegRefused(bench.rows()[0].leg_id, "full"))
        assert bench.sip_names[-1] == "HangUp"
        assert "full" in bench.body("error")["reason"]
        assert bench.webhook_names[-1] == f"completed>{OWN}"

    world(script)


def test_new_process_ends_the_calls_of_the_old_one(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record"}, dial()])
        await bench.pick_up()
        session = bench.dialled
        told = len(bench.outbox.posted)
        bench.sip_port.sent.clear()
        calls = bench.fresh()
        assert await calls.recover() == 2
        await bench.settle()
        assert sorted(bench.sip_port.loaded) == sorted(
            [("in-1", b"dialog of in-1"), (session, f"dialog of {session}".encode())]
        )
        assert {one.session for one in bench.sip_port.sent} == {"in-1", session}
        assert bench.sip_names == ["HangUp", "HangUp"]
        names = [str(posted) for posted in bench.outbox.posted[told:]]
        assert sorted(names) == sorted([f"completed>{OWN}", f"completed>{CALLEE}", "record"])
        assert bench.body(f"completed>{OWN}")["disconnected_by"] == "platform"
        assert {row.status for row in bench.rows()} == {"completed"}
        assert bench.database._read(checkpoints.list) == ()
        assert bench.database._read(recordings.unfinished) == ()
        assert await calls.recover() == 0

    world(script)


def test_calls_of_another_node_are_left_alone(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("x", loop=0)])
        assert await bench.fresh().recover() == 0
        assert bench.rows()[0].status == "answered"

    world(script, node=7)


def test_late_and_unknown_events_are_harmless(world: Any) -> None:
    async def script(bench: Bench) -> None:
        from offhook.sip import events

        await bench.call_in([say("x")])
        await bench.remote_bye("in-1")
        told = len(bench.outbox.posted)
        for event in (
            events.Ended("in-1", "remote", False, "", ()),
            events.Confirmed("in-1", b""),
            events.Ringing("never", 180, "Ringing", b"", ""),
            events.ReofferReceived("in-1", b""),
        ):
            await bench.sip(event)
        await bench.media(media.PlaybackFinished("never", "done", 1))
        await bench.media(media.RecordFinished("never", "stopped", 1))
        await bench.media(media.DigitReceived("never", "1", 1, 1))
        await bench.media(media.LegRefused("never", "full"))
        await bench.media(media.WarmPorts([1]))
        assert len(bench.outbox.posted) == told

    world(script)


def test_worker_that_never_reports_a_recording_is_not_waited_for(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([{"action": "record", "endOnSilence": 3}])
        await bench.remote_bye("in-1")
        await bench.settle(6)
        assert bench.webhook_names[-1] == "record"
        assert not bench.calls.exchange.live.recordings

    world(script)
