"""When media fails: a worker died with its legs, or refused one, or a peer has gone silent."""

import logging

from offhook.calls import lifecycle, notices, recordings, states
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.ipc import media

log = logging.getLogger("offhook.calls")


def worker_lost(exchange: Exchange, leg_ids: list[str]) -> None:
    """The legs of a dead worker get BYE and `completed`; what was spooled of recordings is finished."""
    log.error("a media worker died with %d legs; they are hung up", len(leg_ids))
    legs = [exchange.live.legs[leg_id] for leg_id in leg_ids if leg_id in exchange.live.legs]
    for leg in legs:
        leg.media.lost = True  # of all before the first ends: it may take others along
        leg.media.opened = leg.media.joined = False
        leg.media.reservation = None
        recordings.lost(exchange, leg)
    for leg in legs:
        lifecycle.hang_up(exchange, leg, states.WORKER_LOST, status=503)
    for playback in list(exchange.live.playbacks.values()):
        if playback.leg_id in leg_ids:
            playback.finished("closed")


def refused(exchange: Exchange, event: media.LegRefused) -> None:
    """A worker would not take a leg: the call cannot go on without sound."""
    leg = exchange.live.legs.get(event.leg)
    if leg is None:
        return
    exchange.trace.leg(leg, "media.event", event)
    log.error("leg %s has no media: %s", event.leg, event.reason)
    leg.media.opened = leg.media.joined = False
    leg.media.reservation = None
    notices.error(exchange, leg, f"the call has no media: {event.reason}")
    lifecycle.hang_up(exchange, leg, states.WORKER_LOST if leg.answered else states.NO_RESOURCES, status=503)


def silent(exchange: Exchange, leg: Leg, seconds: float) -> None:
    """Nothing has come from the peer for so long, hold not counted: it may be gone without a BYE."""
    limit = exchange.settings.media_timeout
    if leg.answered and 0 < limit <= seconds:
        log.info("leg %s ended: no media for %.0f s", leg.leg_id, seconds)
        exchange.trace.leg(leg, "limit", {"type": "media", "seconds": limit})
        lifecycle.hang_up(exchange, leg, states.HUNG_UP_BY_US)
