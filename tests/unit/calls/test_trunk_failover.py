"""A trunk whose server cannot take a call: the next trunk that dials the number, for the same leg."""

import asyncio
from typing import Any

import pytest
from tests.unit.calls.bench import CALLEE, OWN, Bench, dial, say

from offhook.calls import states
from offhook.ipc import media
from offhook.sdp import negotiator
from offhook.sip import commands, events
from offhook.storage import trunks
from offhook.storage.records import Trunk

STARTED, RINGING, ANSWERED = f"started>{CALLEE}", f"ringing>{CALLEE}", f"answered>{CALLEE}"


def add(bench: Bench, name: str, priority: int, host: str = "", prefixes: tuple[str, ...] = ("44",)) -> None:
    """A real trunk. Those of the bench's simulated carrier come last."""
    address = host or f"{name}.example"
    row = Trunk(
        f"t-{name}",
        "acc",
        name,
        False,
        address,
        5060,
        "udp",
        name,
        b"secret",
        (),
        prefixes,
        priority,
        True,
        1,
    )
    bench.database.transact(lambda rows: trunks.insert(rows, row))


def ways(bench: Bench) -> list[str]:
    """The hosts that were dialled."""
    return [
        command.uri.partition("@")[2].partition(":")[0]
        for command in bench.sip_port.sent
        if isinstance(command, commands.Dial)
    ]


async def refused(bench: Bench, status: int, *, local: bool = False) -> None:
    await bench.sip(events.Failed(bench.dialled, status, "no", (), local))


async def begin(bench: Bench, **changed: Any) -> str:
    leg = await bench.calls.create(bench.request(**changed))
    await bench.settle()
    return leg.leg_id


@pytest.mark.parametrize(
    ("status", "local"), [(500, False), (502, False), (503, False), (580, False), (408, True), (503, True)]
)
def test_the_next_trunk_gets_a_new_invite_and_the_leg_stays(world: Any, status: int, local: bool) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await begin(bench)
        assert ways(bench) == ["first.example"]
        first = bench.last(commands.Dial)
        await refused(bench, status, local=local)
        second = bench.last(commands.Dial)
        assert ways(bench) == ["first.example", "second.example"]
        assert second.session != first.session
        assert second.destination != first.destination
        assert (first.credentials.username, second.credentials.username) == ("first", "second")
        assert (second.from_uri, second.max_forwards) == (first.from_uri, first.max_forwards)
        await bench.sip(events.Ringing(first.session, 180, "late", b"", "t"))  # nobody listens any more
        assert bench.webhook_names == [STARTED]
        await bench.pick_up()
        assert bench.webhook_names == [STARTED, RINGING, ANSWERED]
        await bench.remote_bye(second.session)
        assert bench.webhook_names[-1] == f"completed>{CALLEE}"
        assert len(bench.rows()) == 1
        assert bench.media_port.ports == 999  # the port of the first INVITE went with the leg

    world(script)


@pytest.mark.parametrize("status", [302, 400, 403, 404, 408, 480, 486, 487, 600, 603, 604, 607])
def test_what_the_callee_or_the_network_decided_holds(world: Any, status: int) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await begin(bench)
        await refused(bench, status)
        assert ways(bench) == ["first.example"]
        cause = states.of_failure(status, local=False)
        assert bench.webhook_names[1] == f"{cause.status}>{CALLEE}"

    world(script)


def test_when_every_trunk_refuses_the_last_refusal_counts(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await begin(bench)
        await refused(bench, 503)
        await refused(bench, 408, local=True)
        assert ways(bench) == ["first.example", "second.example", "127.0.0.1"]  # the simulated carrier
        await refused(bench, 500)
        assert bench.webhook_names == [STARTED, f"failed>{CALLEE}", f"completed>{CALLEE}"]
        assert bench.body(f"failed>{CALLEE}")["sip_code"] == 500
        assert len(bench.media_port.released) == 1
        assert not bench.calls.exchange.live.sessions

    world(script)


def test_trunks_that_do_not_list_the_prefix_are_not_tried(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "elsewhere", 2, prefixes=("31", "4420"))
        await begin(bench)
        await refused(bench, 503)
        assert bench.webhook_names == [STARTED, f"failed>{CALLEE}", f"completed>{CALLEE}"]
        assert ways(bench) == ["first.example"]

    world(script, simulator_active=False)


def test_a_trunk_without_an_address_is_passed_over(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1, host="nowhere.example")
        add(bench, "second", 2)
        add(bench, "third", 3, host="nowhere.example")
        await begin(bench)
        assert ways(bench) == ["second.example"]
        await refused(bench, 502)
        failed = bench.body(f"failed>{CALLEE}")
        assert (failed["detail"], failed["sip_code"]) == ("internal_error", 502)

    world(script, simulator_active=False)


def test_no_trunk_has_an_address(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1, host="nowhere.example")
        await begin(bench)
        assert ways(bench) == []
        assert bench.body(f"failed>{CALLEE}")["detail"] == "cannot_route"
        assert "nowhere.example" in next(p.body["reason"] for p in bench.outbox.posted if p.kind == "error")

    world(script, simulator_active=False)


def test_a_peer_that_is_lost_after_it_rang_is_not_followed_by_another(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await begin(bench)
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        await refused(bench, 503, local=True)
        assert ways(bench) == ["first.example"]
        assert bench.webhook_names == [STARTED, RINGING, f"failed>{CALLEE}", f"completed>{CALLEE}"]

    world(script)


def test_a_refusal_after_ringing_goes_on_within_the_same_ring_limit(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await begin(bench, ringing_timer=10)
        await bench.sip(events.Ringing(bench.dialled, 183, "Progress", b"", "t"))
        await bench.settle(6)
        await refused(bench, 503)
        assert ways(bench) == ["first.example", "second.example"]
        await bench.sip(events.Ringing(bench.dialled, 180, "Ringing", b"", "t"))
        assert bench.webhook_names == [STARTED, RINGING]
        await bench.settle(5)
        assert bench.webhook_names[2:] == [f"timeout>{CALLEE}", f"completed>{CALLEE}"]
        assert bench.last(commands.HangUp).session == bench.dialled

    world(script)


def test_hanging_up_between_two_trunks(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        leg_id = await begin(bench)
        locating = bench.loop.create_future()
        locate = bench.sip_port.locate

        async def slow(host: str, port: int, transport: str) -> Any:
            await locating
            return await locate(host, port, transport)

        bench.sip_port.locate = slow  # type: ignore[method-assign]
        await refused(bench, 503)
        await bench.calls.hang_up(leg_id)
        locating.set_result(None)
        await bench.settle()
        assert ways(bench) == ["first.example"]
        assert "HangUp" not in bench.sip_names
        assert bench.webhook_names == [STARTED, f"cancelled>{CALLEE}", f"completed>{CALLEE}"]

    world(script)


def test_a_connect_goes_on_too_and_its_early_media_is_the_second_trunks(world: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await bench.call_in([dial(), say("next")])
        caller = next(iter(bench.calls.exchange.live.legs))

        async def progress(port: int) -> None:
            call = bench.last(commands.Dial)
            body = negotiator.answer(call.offer, "127.0.0.1", port).body
            await bench.sip(events.Ringing(call.session, 183, "Progress", body, "t"))

        await progress(5000)
        (callee,) = set(bench.calls.exchange.live.legs) - {caller}
        mark = len(bench.media_port.sent)
        await refused(bench, 503)
        await progress(6000)
        first, second, third = bench.media_port.sent[mark:]
        assert first == media.Leave(callee)
        assert isinstance(second, media.UpdateLeg)
        assert (second.leg, second.remote, second.send) == (callee, ("127.0.0.1", 6000), False)
        assert isinstance(third, media.Join)
        await bench.pick_up()
        assert "Play" not in bench.media_names
        await bench.remote_bye(bench.dialled)
        assert bench.webhook_names[-2:] == [f"completed>{CALLEE}", f"completed>{OWN}"]
        assert [name for name in bench.webhook_names if name == STARTED] == [STARTED]

    world(script)


def test_a_failure_while_looking_up_the_next_trunk_ends_the_leg(world: Any, caplog: Any) -> None:
    async def script(bench: Bench) -> None:
        add(bench, "first", 1)
        add(bench, "second", 2)
        await begin(bench)

        async def broken(host: str, port: int, transport: str) -> Any:
            await asyncio.sleep(0)
            raise KeyError(host)

        bench.sip_port.locate = broken  # type: ignore[method-assign]
        await refused(bench, 503)
        assert bench.webhook_names == [STARTED, f"failed>{CALLEE}", f"completed>{CALLEE}"]
        assert bench.calls.live_legs == 0

    world(script)
    assert "next trunk" in caplog.text


@pytest.mark.parametrize("rang", [False, True])
def test_the_table_of_what_is_tried_elsewhere(rang: bool) -> None:
    peers = [code for code in range(300, 700) if states.tries_elsewhere(code, local=False, rang=rang)]
    ours = [code for code in range(300, 700) if states.tries_elsewhere(code, local=True, rang=rang)]
    assert peers == list(range(500, 600))
    assert ours == ([] if rang else [408, 503])
