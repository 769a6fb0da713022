"""One call of a virtual phone: signalling, voice stream, script and report.

An outbound call begins with `dial`, an inbound one with `receive` and a behaviour. `done` resolves with the
report when the call is over, whatever ended it; it never fails.
"""

import asyncio
from collections.abc import Sequence

from offhook.core.clock import NS_PER_MS
from offhook.core.errors import MediaError, RemoteProtocolError
from offhook.core.tasks import Tasks
from offhook.sdp import negotiator
from offhook.simulator.agent import Agent
from offhook.simulator.behaviour import Answers, Behaviour, Refuses
from offhook.simulator.media import Media
from offhook.simulator.perform import Performance
from offhook.simulator.report import Ending, Report, Status
from offhook.simulator.script import Script
from offhook.simulator.speak import write_wav
from offhook.sip import commands
from offhook.sip.events import (
    Answered,
    Confirmed,
    Ended,
    Event,
    Failed,
    InviteReceived,
    ReofferReceived,
    Ringing,
)
from offhook.sip.flow import Address
from offhook.speech.base import TTS

JITTER_PACKETS = 3


class Call:
    """Made by a `Phone`."""

    def __init__(self, agent: Agent, report: Report, tts: TTS | None, codecs: Sequence[str]) -> None:
        self._agent = agent
        self._codecs = tuple(codecs)
        self._began = agent.clock.now()
        self._description = b""
        """The last SDP that we sent."""
        self._script: Script = ()
        self._session = ""
        self._tasks = Tasks()
        self.done: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self.media = Media(agent.wire, agent.clock, agent.ids, agent.host, JITTER_PACKETS)
        self.report = report
        report.media = self.media
        self._performance = Performance(self.media, report, tts, self.done)

    # ── what the phone asks ─────────────────────────────────────────────────────────────────────

    def dial(self, destination: Address, uri: str, from_user: str, script: Script, **extra: object) -> None:
        """Send the INVITE; `extra` are further fields of the `Dial` command."""
        self._session = self._agent.ids.uuid()
        self._script = script
        self._description = self._offer()
        self._agent.own(self._session, self)
        dial = commands.Dial(
            session=self._session,
            uri=uri,
            from_uri=self._agent.uri(from_user),
            offer=self._description,
            destination=self._agent.flow_to(destination),
            **extra,  # type: ignore[arg-type]
        )
        self._agent.command(dial)

    def receive(self, invite: InviteReceived, behaviour: Behaviour) -> None:
        """Treat an INVITE as `behaviour` says."""
        self._session = invite.session
        self._agent.own(self._session, self)
        self._tasks.start(self._behave(invite, behaviour), f"phone {self.report.number}")

    def hang_up(self, reason: str | None = None) -> None:
        """End the call, whatever its state."""
        self._agent.command(commands.HangUp(self._session, reason))

    def hold(self) -> None:
        """Offer to send only; the far end is asked to stop sending."""
        self._reoffer("sendonly")

    def resume(self) -> None:
        """Offer both directions again."""
        self._reoffer("sendrecv")

    # ── what the stack tells ────────────────────────────────────────────────────────────────────

    def on_sip(self, event: Event) -> None:
        match event:
            case Ringing():
                self._status(event.status, event.reason)
            case Answered():
                self._answered(event)
            case Confirmed():
                self._confirmed(event)
            case ReofferReceived():
                self._reoffered(event)
            case Failed():
                self._status(event.status, event.reason)
                by = "phone" if event.local and event.status == 487 else "far end"
                by = "failure" if event.local and event.status != 487 else by
                self._end(Ending(by, event.status, event.reason, self._elapsed()))
            case Ended():
                by = {"remote": "far end", "local": "phone"}.get(event.by, "failure")
                refused = self.report.statuses[-1].status if self._refused() else 0
                status = 487 if event.cancelled else refused
                self._end(Ending(by, status, event.reason, self._elapsed()))
            case _:
                pass

    def _answered(self, event: Answered) -> None:
        self._status(200, "OK")
        self.report.headers = event.headers
        self._begin(event.body, self._description)

    def _confirmed(self, event: Confirmed) -> None:
        """The ACK is there. It carries the answer where our 200 carried the offer."""
        if event.body and self.media.started_at is None:
            self._begin(event.body, self._description)
        else:
            self._perform()

    def _begin(self, answer: bytes, offer: bytes) -> None:
        try:
            self.media.start(negotiator.accept_answer(offer, answer))
        except RemoteProtocolError as error:
            self.report.problems.append(f"the SDP answer cannot be used: {error}")
            self.hang_up()
            return
        self._perform()

    def _reoffered(self, event: ReofferReceived) -> None:
        if not event.offer:
            self._agent.command(commands.AnswerReoffer(self._session, self._description))
            return
        try:
            answered = self._answer_to(event.offer, self._description)
        except RemoteProtocolError as error:
            self._agent.command(commands.RejectReoffer(self._session, error.status or 488))
            return
        self._description = answered.body
        self.media.start(answered.media)
        self._agent.command(commands.AnswerReoffer(self._session, answered.body))

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    async def _behave(self, invite: InviteReceived, behaviour: Behaviour) -> None:
        if not isinstance(behaviour, Refuses) or behaviour.after > 0:
            self._agent.command(commands.Ring(self._session))
            self._status(180, "Ringing")
        if isinstance(behaviour, Refuses):
            await asyncio.sleep(behaviour.after)
            self._refuse(behaviour.status)
        elif isinstance(behaviour, Answers):
            await asyncio.sleep(behaviour.after)
            self._answer(invite, behaviour.script)

    def _refuse(self, status: int) -> None:
        self._status(status, "")
        self._agent.command(commands.Reject(self._session, status))
        self._end(Ending("phone", status, "", self._elapsed()))

    def _answer(self, invite: InviteReceived, script: Script) -> None:
        self._script = script
        if invite.offer:
            try:
                answered = self._answer_to(invite.offer, None)
            except RemoteProtocolError as error:
                self.report.problems.append(f"the SDP offer cannot be used: {error}")
                self._refuse(error.status or 488)
                return
            self._description = answered.body
            self.media.start(answered.media)
        else:
            self._description = self._offer()
        self._status(200, "OK")
        self._agent.command(commands.Answer(self._session, self._description))

    def _offer(self) -> bytes:
        number = self._agent.ids.number(1 << 31)
        return negotiator.make_offer(self._agent.host, self.media.address[1], self._codecs, number)

    def _answer_to(self, offer: bytes, previous: bytes | None) -> negotiator.Answered:
        number = self._agent.ids.number(1 << 31)
        return negotiator.answer(
            offer, self._agent.host, self.media.address[1], self._codecs, number, previous=previous
        )

    def _reoffer(self, direction: str) -> None:
        fresh = negotiator.make_offer(
            self._agent.host, self.media.address[1], self._codecs, direction=direction
        )
        self._description = negotiator.revise(self._description, fresh)
        self._agent.command(commands.Reoffer(self._session, self._description))

    def _perform(self) -> None:
        if self.report.answered_ms is None:
            self.report.answered_ms = self._elapsed()
            self._tasks.start(self._follow_script(), f"script of {self.report.number}")

    async def _follow_script(self) -> None:
        if await self._performance.run(self._script, self._elapsed):
            self.hang_up()

    def _status(self, status: int, reason: str) -> None:
        self.report.statuses.append(Status(status, reason, self._elapsed()))

    def _refused(self) -> bool:
        return self.report.answered_ms is None and bool(self.report.statuses)

    def _elapsed(self) -> int:
        return (self._agent.clock.now() - self._began) // NS_PER_MS

    def _end(self, ending: Ending) -> None:
        if self.report.ending is not None:
            return
        self.report.ending = ending
        self.media.close()
        for recording in self._performance.recordings:
            try:
                write_wav(recording.path, self.media.heard.pcm[recording.from_sample :])
            except MediaError as error:
                self.report.problems.append(str(error))
        if not self.done.done():
            self.done.set_result(self.report)
        self._agent.forget(self._session)
        # A script that waits for the end sees it with `done`; one that waits for anything else is over.
        self._agent.tasks.start(self._tasks.close(), f"end of call {self.report.number}")
