"""H5: when no new call is let in, what it is told, and that calls which were let in never notice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.calls.bench import Bench, dial, say

from offhook.calls.overload import Gate, Refusal
from offhook.core.errors import Overloaded
from offhook.ipc import media
from offhook.sip import commands, events

Script = Callable[[Bench], Awaitable[None]]
SECOND = 1_000_000_000


async def refused_in(bench: Bench, session: str) -> commands.TurnAway:
    """A call that comes in is turned away, and the database was not asked."""
    await bench.settle()
    asked: list[Any] = []
    whole = bench.database.read

    async def read(fn: Any) -> Any:
        asked.append(fn)
        return await whole(fn)

    bench.database.read = read  # type: ignore[method-assign]
    await bench.sip(bench.invite(session=session))
    bench.database.read = whole  # type: ignore[method-assign]
    assert asked == []
    command: commands.TurnAway = bench.last(commands.TurnAway)
    assert (command.session, command.status) == (session, 503)
    return command


async def refused_out(bench: Bench) -> Overloaded:
    """A call asked for by REST is refused."""
    with pytest.raises(Overloaded) as caught:
        await bench.calls.create(bench.request())
    return caught.value


def test_h5_only_so_many_calls_begin_in_a_second_in_and_out_together(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        await bench.calls.create(bench.request())
        error = await refused_out(bench)
        assert (error.rate, error.retry_after) == (True, 1)
        assert "OFFHOOK_CALLS__PER_SECOND" in str(error)
        assert (await refused_in(bench, "in-2")).headers == (("Retry-After", "1"),)
        await bench.settle(0.5)
        await bench.calls.create(bench.request())
        await refused_out(bench)
        assert dict(bench.calls.refused) == {"rate": 3}

    world(script, per_second=2)


def test_an_account_places_only_so_many_calls_in_a_second_by_rest_and_connect(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request())
        await bench.call_in([dial(), say("Sorry")])
        invites = bench.sip_names.count("Dial")
        assert invites == 2, "one by REST and one by connect; who calls in is not counted"
        error = await refused_out(bench)
        assert (error.rate, error.retry_after) == (True, 1)
        assert "OFFHOOK_CALLS__PER_SECOND_PER_ACCOUNT" in str(error)
        await bench.settle(1.0)
        await bench.calls.create(bench.request())
        await bench.calls.create(bench.request())
        await refused_out(bench)
        assert dict(bench.calls.refused) == {"account": 2}

    world(script, per_account=2)


def test_a_connect_beyond_the_accounts_rate_is_an_error_event_and_the_program_goes_on(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.calls.create(bench.request())
        await bench.call_in([dial(), say("Sorry")])
        assert bench.sip_names.count("Dial") == 1
        reasons = [str(posted.body) for posted in bench.outbox.posted if posted.kind == "error"]
        assert len(reasons) == 1
        assert "OFFHOOK_CALLS__PER_SECOND_PER_ACCOUNT" in reasons[0]
        assert any(name.startswith("failed") for name in bench.webhook_names)
        assert "Play" in bench.media_names, "the next action runs"

    world(script, per_account=1)


def test_each_account_has_a_rate_of_its_own() -> None:
    gate = Gate(0, per_account=1)
    gate.began(0, "a")
    assert gate.of_account(0, "a") is not None
    assert gate.of_account(0, "b") is None
    gate.began(0)
    assert gate.of_account(0, "b") is None, "calls that come in are not counted"
    assert gate.of_account(SECOND, "a") is None


@pytest.mark.parametrize("settings", [{}, {"per_second": 0}])
def test_h5_without_a_rate_any_number_begins(world: Any, settings: dict[str, Any]) -> None:
    async def script(bench: Bench) -> None:
        for _ in range(50):
            await bench.calls.create(bench.request())
        assert dict(bench.calls.refused) == {}

    world(script, **settings)


def test_h5_media_that_wants_no_more_calls(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.media_port.busy = "media worker media-0 left out 40 % of its time"
        assert (await refused_in(bench, "in-2")).headers == (("Retry-After", "10"),)
        assert "left out 40 %" in str(await refused_out(bench))
        bench.media_port.busy = None
        await bench.calls.create(bench.request())

    world(script)


def test_h5_calls_that_were_let_in_go_on_while_new_ones_are_refused(world: Any) -> None:
    """The answer, a `connect` and the end of a call ask nobody."""

    async def script(bench: Bench) -> None:
        await bench.ring_in([say("Hello")])
        bench.calls.drain(True)
        bench.media_port.busy = "no port"
        await refused_in(bench, "in-2")
        await bench.sip(events.Confirmed("in-1", b""))
        assert bench.calls.live_legs == 1
        assert not bench.calls.idle

    world(script)


def test_h5_a_drain_refuses_and_its_end_takes_calls_again(world: Any) -> None:
    async def script(bench: Bench) -> None:
        bench.calls.drain(True)
        assert bench.calls.idle
        taken = [bench.sip_port.takes_calls]
        await refused_in(bench, "in-2")
        assert "drained" in str(await refused_out(bench))
        bench.calls.drain(False)
        taken.append(bench.sip_port.takes_calls)
        assert taken == [False, True]
        await bench.calls.create(bench.request())
        closing = asyncio.ensure_future(bench.calls.close(5))
        await asyncio.sleep(1)
        bench.calls.drain(False)
        assert not bench.sip_port.takes_calls
        await closing

    world(script)


def test_h5_a_silent_peer_is_hung_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("Hello")])
        leg = next(iter(bench.calls.exchange.live.legs))
        await bench.media(media.MediaIdle(leg, 10.0))
        assert bench.calls.live_legs == 1
        await bench.media(media.MediaIdle(leg, 20.0))
        assert bench.calls.live_legs == 0
        assert isinstance(bench.last(commands.HangUp), commands.HangUp)

    world(script, media_timeout=15.0)


def test_h5_silence_is_allowed_where_no_limit_is_set(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("Hello")])
        leg = next(iter(bench.calls.exchange.live.legs))
        await bench.media(media.MediaIdle(leg, 3600.0))
        assert bench.calls.live_legs == 1

    world(script)


def test_h5_no_call_is_longer_than_the_limit(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([say("Hello", loop=0)])
        await bench.settle(89)
        assert bench.calls.live_legs == 1
        await bench.settle(2)
        assert bench.calls.live_legs == 0

    world(script, max_duration=90.0)


def test_refusals_are_logged_once_a_second_and_all_counted() -> None:
    gate, refusal = Gate(0), Refusal("full", "no room")
    told = [gate.note(instant * SECOND // 4, refusal) for instant in range(9)]
    assert told == [True, False, False, False, True, False, False, False, True]
    assert gate.refused == {"full": 9}
