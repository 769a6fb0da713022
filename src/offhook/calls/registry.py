"""`Calls`: the face of the domain. It routes events to verbs, offers what REST asks for, and decides nothing.

Composition: build `CallsPorts` and `CallsSettings`, make one `Calls`, point the SIP driver's events at
`on_sip` and the media pool's at `on_media` and `on_worker_lost`, call `recover()` before the first INVITE is
let in, and `close(grace)` at the end.
"""

import logging
from asyncio import Future
from collections.abc import Mapping
from typing import Any

from offhook.calls import (
    checkpoints,
    control,
    create,
    digits,
    draining,
    inbound,
    lifecycle,
    losses,
    outbound,
    recover,
    reoffers,
    standing,
)
from offhook.calls import recordings as recording
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.orders import CreateCall
from offhook.calls.perform import perform
from offhook.calls.ports import CallsPorts, CallsSettings
from offhook.ipc import media
from offhook.ipc.audio import SpoolRefused
from offhook.sip import events as sip
from offhook.storage import records

Json = Any
log = logging.getLogger("offhook.calls")


class Calls:
    """All calls of one control process."""

    def __init__(self, ports: CallsPorts, settings: CallsSettings) -> None:
        self.exchange = Exchange(ports, settings, perform)

    # --- from the parts below

    def on_sip(self, event: sip.Event) -> None:
        """An event of the SIP stack."""
        exchange = self.exchange
        if isinstance(event, sip.InviteReceived):
            inbound.invite(exchange, event)
            return
        if isinstance(event, sip.Ended | sip.Failed):
            exchange.live.arriving.discard(event.session)
        leg = exchange.live.sessions.get(event.session)
        if leg is None:
            exchange.trace.bare("sip.event", event)
            return
        exchange.trace.leg(leg, "sip.event", event)
        self._to_leg(leg, event)

    def _to_leg(self, leg: Leg, event: sip.Event) -> None:
        exchange = self.exchange
        match event:
            case sip.Ringing():
                outbound.ringing(exchange, leg, event)
            case sip.Answered():
                outbound.answered(exchange, leg, event)
            case sip.Failed():
                outbound.failed(exchange, leg, event)
            case sip.Confirmed():
                inbound.confirmed(exchange, leg, event)
            case sip.ReofferAnswered():
                reoffers.answered(exchange, leg, event)
            case sip.ReofferFailed():
                reoffers.failed(leg)
            case sip.ReofferReceived():
                reoffers.received(exchange, leg, event)
            case sip.Ended():
                leg.signalling.quiet = True
                lifecycle.finish(exchange, leg, inbound.cause_of(leg, event))

    def on_marks(self, marks: Mapping[str, bool]) -> "Future[None] | None":
        """Sessions to be stored (True) before anything more is sent, or to be forgotten (False)."""
        return checkpoints.mark(self.exchange, marks)

    def on_media(self, event: media.Event) -> None:
        """An event of a media worker."""
        exchange = self.exchange
        match event:
            case media.PlaybackFinished():
                playback = exchange.live.playbacks.get(event.playback)
                if playback is not None:
                    playback.finished(event.reason)
            case media.RecordFinished():
                recording.finished(exchange, event)
            case media.DigitReceived() | media.MediaStarted() | media.MediaIdle() | media.LegStats():
                leg = exchange.live.legs.get(event.leg)
                if leg is not None:
                    exchange.trace.leg(leg, "media.event", event)
                    if isinstance(event, media.DigitReceived):
                        digits.received(exchange, leg, event)
                    elif isinstance(event, media.MediaIdle):
                        losses.silent(exchange, leg, event.seconds)
            case media.LegRefused():
                losses.refused(exchange, event)
            case _:
                pass

    def on_spool_refused(self, event: SpoolRefused) -> None:
        """The audio worker cannot write a recording."""
        recording.refused(self.exchange, event)

    def on_worker_lost(self, leg_ids: list[str]) -> None:
        """A media worker died with these legs on it."""
        losses.worker_lost(self.exchange, leg_ids)

    # --- what REST asks for

    async def create(self, request: CreateCall) -> records.Leg:
        """Raises Invalid, Conflict."""
        return await create.create(self.exchange, request)

    async def hang_up(self, leg_id: str) -> None:
        """End a call; one that is over already, or was never here, is left alone."""
        control.hang_up(self.exchange, leg_id)

    async def transfer(self, leg_id: str, *, ncco: Json | None = None, url: str | None = None) -> None:
        """Raises NotFound, Conflict, Invalid."""
        control.transfer(self.exchange, leg_id, ncco, url)

    async def set_audio(
        self, leg_id: str, *, muted: bool | None = None, earmuffed: bool | None = None
    ) -> None:
        """Raises NotFound, Conflict."""
        control.set_audio(self.exchange, leg_id, muted=muted, earmuffed=earmuffed)

    async def talk(
        self,
        leg_id: str,
        text: str,
        language: str = "en-US",
        style: int = 0,
        loop: int = 1,
        level: float = 0.0,
    ) -> None:
        """Raises NotFound, Conflict."""
        control.talk(self.exchange, leg_id, text, language, style, loop, level)

    async def stream(self, leg_id: str, url: str, loop: int = 1, level: float = 0.0) -> None:
        """Raises NotFound, Conflict."""
        control.stream(self.exchange, leg_id, url, loop, level)

    async def stop_playing(self, leg_id: str, kind: str) -> None:
        """`kind` is `talk` or `stream`. Raises NotFound, Conflict."""
        control.stop_playing(self.exchange, leg_id, kind)

    async def send_digits(self, leg_id: str, text: str) -> None:
        """Raises NotFound, Conflict, Invalid."""
        control.send_digits(self.exchange, leg_id, text)

    async def listen_digits(self, leg_id: str, url: str | None) -> None:
        """Raises NotFound, Conflict."""
        control.listen_digits(self.exchange, leg_id, url)

    # --- the process

    def drain(self, on: bool) -> None:
        """Take no new calls (True), or take them again; calls that are up go on as ever."""
        self.exchange.draining = on
        self.exchange.ports.sip.take_calls(not on and not self.exchange.closing)

    @property
    def draining(self) -> bool:
        return self.exchange.draining

    @property
    def idle(self) -> bool:
        """No call is up or arriving, and every recording has its file."""
        live = self.exchange.live
        return not (live.legs or live.arriving or live.recordings)

    @property
    def refused(self) -> Mapping[str, int]:
        """Calls refused for want of room since the start, by kind."""
        return self.exchange.gate.refused

    @property
    def live_legs(self) -> int:
        return len(self.exchange.live.legs)

    async def recover(self) -> int:
        """End what a crashed control process left behind; gives the number of calls."""
        return await recover.recover(self.exchange)

    async def check_accounts(self) -> int:
        """Hang up the calls of accounts that were suspended or deleted; gives the number of legs."""
        return await standing.check(self.exchange)

    async def settle(self) -> None:
        """Until all that calls wrote is committed. What the database does not take is logged and lost."""
        owed, database = self.exchange.owed, self.exchange.ports.database
        try:
            await database.submit(lambda connection: None)
        except Exception as error:
            log.error("the last transactions may be missing: %s", error)
        await owed.settle()
        if len(owed):
            log.error("%d transactions are lost: the database could not be written", len(owed))

    async def close(self, grace: float) -> None:
        """Refuse new calls, wait `grace` seconds for the others, hang up the rest."""
        await draining.close(self.exchange, grace)
