"""A forwarded call whose callee is taken out of it (the whole of forwarding: sequences/calls)."""

from dataclasses import replace
from typing import Any

from tests.unit.calls.bench import CALLEE, OWN, Bench, say

from offhook.sip import events
from offhook.storage import numbers


def test_a_callee_who_is_transferred_stays_and_the_caller_goes(world: Any) -> None:
    async def script(bench: Bench) -> None:
        def forward(rows: Any) -> None:
            number = numbers.get(rows, OWN)
            assert number is not None
            numbers.update(rows, replace(number, forward_type="tel", forward_to=CALLEE))

        bench.database.transact(forward)
        await bench.ring_in([])
        await bench.pick_up()
        await bench.sip(events.Confirmed("in-1", b""))
        live = bench.calls.exchange.live
        callee = next(leg for leg in live.legs.values() if leg.party.direction == "outbound")
        await bench.calls.transfer(callee.leg_id, ncco=[say("Hello", loop=0)])
        assert list(live.legs) == [callee.leg_id]
        assert list(live.conversations) == [callee.conversation.conversation_id]
        await bench.remote_bye(callee.signalling.session)
        assert not live.legs
        assert not live.conversations

    world(script)
