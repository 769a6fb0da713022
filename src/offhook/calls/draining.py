"""The end of the process: no new calls, a grace for those that are up, then BYE to the rest."""

import asyncio
from collections.abc import Callable

from offhook.calls import checkpoints, inbound, lifecycle, states
from offhook.calls.exchange import Exchange
from offhook.core.clock import NS_PER_SECOND

STEP = 0.05
FAREWELL = 2.0
"""Seconds that peers get to answer our BYE, which is repeated after 0.5 and 1.5 (RFC 3261 §17.1.2.2)."""


async def close(exchange: Exchange, grace: float) -> None:
    """Returns once every leg is over and every recording has its file, or time is up."""
    exchange.closing = True
    exchange.ports.sip.take_calls(False)
    await _wait_for(exchange, lambda: not exchange.live.legs and not exchange.live.arriving, grace)
    inbound.refuse_arriving(exchange)
    for leg in list(exchange.live.legs.values()):
        lifecycle.hang_up(exchange, leg, states.HUNG_UP_BY_US if leg.answered else states.GIVEN_UP, 503)
    sip, recordings = exchange.ports.sip, exchange.live.recordings
    await _wait_for(exchange, lambda: not sip.unanswered() and not recordings, FAREWELL)
    if not sip.unanswered():
        checkpoints.forget_all(exchange)  # else the next start asks those peers once more
    await exchange.tasks.close()


async def _wait_for(exchange: Exchange, done: Callable[[], bool], seconds: float) -> None:
    """Look now and then, so that nothing has to announce itself to a closing that rarely happens."""
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    end = exchange.now() + round(seconds * NS_PER_SECOND)

    def look() -> None:
        if reached.done():
            return
        if done() or exchange.now() >= end:
            reached.set_result(None)
        else:
            exchange.timers.after(STEP, look)

    look()
    await reached
