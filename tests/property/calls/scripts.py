"""Random lives of calls on the bench of the unit tests: what is done next, and how long everything takes."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.exc import OperationalError
from tests.unit.calls.bench import Bench, dial, say

from offhook.calls.leg import Leg
from offhook.core.errors import OffhookError
from offhook.ipc import media
from offhook.sdp import negotiator
from offhook.sip import commands, events

WHISPER, MOVED = "http://app.example/whisper", "http://app.example/moved"
SLOW = (0.0, 0.001, 0.3, 2.0, 9.0)
MOST_LEGS = 8


def document(r: random.Random) -> list[dict[str, Any]]:
    """An NCCO of one to three actions."""
    return [_action(r) for _ in range(r.randint(1, 3))]


def _action(r: random.Random) -> dict[str, Any]:
    url = r.choice(["http://app.example/f.mp3", "http://app.example/missing"])
    room: dict[str, Any] = {"action": "conversation", "name": r.choice("AB"), "musicOnHoldUrl": [url]}
    for option in ("startOnEnter", "endOnExit", "record", "mute"):
        room[option] = r.random() < 0.4
    return r.choice(
        [
            room,
            room,
            say("x", loop=r.choice([0, 1])),
            {"action": "stream", "streamUrl": [url]},
            {"action": "record", "eventUrl": ["http://app.example/recorded"]},
            {"action": "record", "endOnKey": "#", "timeOut": 5},
            {"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 2}},
            {"action": "input", "type": ["dtmf"], "mode": "asynchronous"},
            {"action": "wait", "timeout": 2},
            dial(eventType=r.choice(["default", "synchronous"]), ringbackTone=url),
            dial(endpoint={"onAnswer": {"url": WHISPER}}),
        ]
    )


def slow_down(bench: Bench, r: random.Random) -> None:
    """Whatever calls wait for takes its time; while `bench.down` no row can be written."""

    def late(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def asked(*given: Any) -> Any:
            await asyncio.sleep(r.choice(SLOW))
            found = await ask(*given)
            await asyncio.sleep(r.choice(SLOW[:3]))
            return found

        return asked

    for part, name in (
        (bench.database, "read"),
        (bench.fetch, "download"),
        (bench.audio, "decode"),
        (bench.audio, "finalise"),
        (bench.speech, "synthesise"),
        (bench.webhooks, "fetch_ncco"),
        (bench.sip_port, "locate"),
    ):
        setattr(part, name, late(getattr(part, name)))


class Life:
    """One random step after the other."""

    def __init__(self, bench: Bench, r: random.Random) -> None:
        self._bench, self._r, self._count = bench, r, 0
        self._submit, self._down = bench.database.submit, False
        setattr(bench.database, "submit", self._write)  # noqa: B010 — a method of a fake

    def _write(self, fn: Any) -> "asyncio.Future[Any]":
        if not self._down:
            return self._submit(fn)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(OperationalError("x", {}, Exception("database or disk is full")))
        future.exception()
        return future

    async def step(self) -> None:
        bench, r, live = self._bench, self._r, self._bench.calls.exchange.live
        bench.webhooks.documents |= {WHISPER: document(r), MOVED: document(r)}
        self._down = (self._down and r.random() < 0.7) or r.random() < 0.03
        try:
            if len(live.legs) < MOST_LEGS and r.random() < 0.2:
                await self._begin()
            elif live.legs:
                await self._with(r.choice(list(live.legs.values())))
        except OffhookError:
            pass  # REST says that it does not go
        await bench.settle(r.choice(SLOW[:4]) if r.random() < 0.5 else 0.0)

    async def end(self) -> None:
        """Hang up everything, and let all that was begun come to its end."""
        self._down = False
        calls = self._bench.calls
        for _ in range(4):
            await self._bench.settle(20)
            for leg_id in list(calls.exchange.live.legs):
                await calls.hang_up(leg_id)
        await self._bench.settle(40)
        for playback in list(calls.exchange.live.playbacks):
            await self._bench.media(media.PlaybackFinished(playback, "closed", 0))

    async def _begin(self) -> None:
        self._count += 1
        if self._r.random() < 0.3:
            await self._bench.calls.create(self._bench.request(ncco=document(self._r)))
        else:
            await self._bench.ring_in(document(self._r), session=f"in-{self._count}")

    async def _with(self, leg: Leg) -> None:
        bench, r, calls = self._bench, self._r, self._bench.calls
        inbound, session = leg.party.direction == "inbound", leg.signalling.session
        if not leg.answered and r.random() < 0.7:
            await (self._confirm(leg) if inbound else self._far_end(session))
            return
        todo: list[Callable[[], Awaitable[Any]]] = [
            lambda: calls.hang_up(leg.leg_id),
            lambda: calls.transfer(leg.leg_id, ncco=document(r)),
            lambda: calls.transfer(leg.leg_id, url=MOVED),
            lambda: calls.talk(leg.leg_id, "y"),
            lambda: calls.stream(leg.leg_id, "http://app.example/missing"),
            lambda: calls.stop_playing(leg.leg_id, "talk"),
            lambda: calls.set_audio(leg.leg_id, muted=r.random() < 0.5),
            lambda: calls.listen_digits(leg.leg_id, "http://app.example/keys"),
            lambda: calls.check_accounts(),
            lambda: bench.media(media.DigitReceived(leg.leg_id, r.choice("1#"), 100, 0)),
            lambda: self._lose([leg.leg_id] if leg.media.opened else []),
            self._prompt_ends,
        ]
        if not leg.signalling.quiet and (inbound or leg.answered):
            todo += [lambda: bench.sip(events.Ended(session, "remote", not leg.answered, "", ()))] * 2
        await r.choice(todo)()

    async def _confirm(self, leg: Leg) -> None:
        if leg.signalling.accepted:
            await self._bench.sip(events.Confirmed(leg.signalling.session, b""))

    async def _far_end(self, session: str) -> None:
        dials = [each for each in self._bench.sip_port.sent if isinstance(each, commands.Dial)]
        sent = next((each for each in dials if each.session == session), None)
        if sent is None:
            return
        if self._r.random() < 0.3:
            status = self._r.choice([486, 503, 404, 603, 480])
            await self._bench.sip(events.Failed(session, status, "", (), local=False))
            return
        answer = negotiator.answer(sent.offer, "127.0.0.1", 5000).body
        early = answer if self._r.random() < 0.5 else b""
        await self._bench.sip(events.Ringing(session, 183, "", early, "t"))
        if session in self._bench.calls.exchange.live.sessions:
            await self._bench.sip(events.Answered(session, answer, ()))

    async def _lose(self, legs: list[str]) -> None:
        self._bench.calls.on_worker_lost(legs)

    async def _prompt_ends(self) -> None:
        playing = sorted(self._bench.calls.exchange.live.playbacks)
        if playing:
            await self._bench.media(media.PlaybackFinished(self._r.choice(playing), "done", 10))
