"""The bench on which calls are tested: every part below is a fake that remembers what it was asked.

SIP and media commands and webhooks are lists in the order in which they were made; the test plays the stack,
the media worker and the application by calling `sip`, `media` and `answer_with`.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from offhook.calls.orders import CreateCall
from offhook.calls.ports import CallsPorts, CallsSettings
from offhook.calls.registry import Calls
from offhook.core.errors import DeliveryError, MediaError
from offhook.core.ids import SeededIds
from offhook.core.journal import MemoryJournal
from offhook.ipc import media
from offhook.ncco.effects import PhoneEndpoint
from offhook.sdp import negotiator
from offhook.sip import commands, events
from offhook.sip.flow import Flow
from offhook.storage import accounts, applications, legs, numbers, trunks
from offhook.storage.database import Database
from offhook.storage.records import Account, Application, Leg, Number, Trunk
from offhook.testing.loop import VirtualLoop
from offhook.webhooks.replies import Reply

OWN = "442079460000"
OTHER = "442079460001"
CALLER = "447700900000"
CALLEE = "447700900123"
FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 5070))
OFFER = negotiator.make_offer("127.0.0.1", 4000, ("PCMA", "PCMU"), 77)


@dataclass(frozen=True)
class FakePrompt:
    name: str
    samples: int = 8000


@dataclass(frozen=True)
class FakeFile:
    size: int = 18990
    duration_ms: int = 5000


@dataclass(frozen=True)
class FakeReservation:
    worker: str
    host: str
    port: int


@dataclass
class FakeSip:
    sent: list[commands.Command] = field(default_factory=list)
    loaded: list[tuple[str, bytes]] = field(default_factory=list)
    react: Callable[[commands.Command], None] = lambda command: None
    """What the stack does from within a command, before it returns."""

    takes_calls: bool = True
    marks: Callable[[dict[str, bool]], object] = lambda marks: None
    """Where it says what has to be stored."""

    def command(self, command: commands.Command) -> None:
        self.sent.append(command)
        if isinstance(command, commands.Ring | commands.Answer | commands.Dial):
            self.marks({command.session: True})
        self.react(command)
        if isinstance(command, commands.HangUp):
            self.marks({command.session: False})

    def unanswered(self) -> int:
        return 0

    def take_calls(self, on: bool) -> None:
        self.takes_calls = on

    def dump(self, session: str) -> bytes | None:
        return f"dialog of {session}".encode()

    def load(self, session: str, dialog: bytes, credentials: commands.Credentials | None = None) -> None:
        self.loaded.append((session, dialog))

    async def locate(self, host: str, port: int, transport: str) -> Flow:
        if host == "nowhere.example":
            raise OSError("no such name")
        return Flow(transport, ("127.0.0.1", 5060), (host, port))


@dataclass
class FakeMedia:
    sent: list[media.Command] = field(default_factory=list)
    released: list[FakeReservation] = field(default_factory=list)
    ports: int = 1000
    next_port: int = 20000
    busy: str | None = None
    """Why it wants no more calls."""

    def reserve(self, conversation: str | None = None) -> FakeReservation:
        if self.ports == 0:
            raise MediaError("no media worker has a warm port; raise OFFHOOK_MEDIA__WARM_PORTS")
        self.ports -= 1
        self.next_port += 2
        return FakeReservation("w0", "127.0.0.1", self.next_port)

    def release(self, reservation: FakeReservation) -> None:
        self.released.append(reservation)

    def open_leg(self, reservation: FakeReservation, command: media.OpenLeg) -> None:
        self.sent.append(command)

    def command(self, cmd: media.Command) -> None:
        self.sent.append(cmd)

    def overload(self, most_skipped: float) -> str | None:
        return self.busy


@dataclass
class FakeAudio:
    dropped: list[str] = field(default_factory=list)
    broken: bool = False
    finalised: list[tuple[str, str, str]] = field(default_factory=list)

    async def decode(self, path: str) -> FakePrompt:
        if self.broken:
            raise MediaError(f"{path} is not audio")
        return FakePrompt("/decoded-" + path)

    async def finalise(self, recording: str, format: str, path: str) -> FakeFile:
        if self.broken:
            raise MediaError("the disk is full")
        self.finalised.append((recording, format, path))
        return FakeFile()

    def drop(self, prompt: FakePrompt) -> None:
        self.dropped.append(prompt.name)


@dataclass
class FakeSpeech:
    delay: float = 0.0
    failures: list[Exception] = field(default_factory=list)

    async def synthesise(self, text: str, language: str, style: int = 0) -> FakePrompt:
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.failures:
            raise self.failures.pop(0)
        return FakePrompt(f"/say {text}")


@dataclass
class FakeFetch:
    discarded: list[str] = field(default_factory=list)

    async def download(self, url: str) -> str:
        if "missing" in url:
            raise DeliveryError(f"{url} answered 404")
        return url.rpartition("/")[2]

    def discard(self, path: str) -> None:
        self.discarded.append(path)


@dataclass
class Posted:
    delivery_id: str
    kind: str
    url: str
    method: str
    order_key: str
    body: dict[str, Any]
    expects_ncco: bool = False

    def __str__(self) -> str:
        """`ringing>447700900123`: the status, or the kind, and whom it is about."""
        what = self.body.get("status", self.kind)
        return f"{what}>{self.body['to']}" if self.kind == "status" else str(what)


@dataclass
class FakeOutbox:
    posted: list[Posted] = field(default_factory=list)
    replies: dict[str, Any] = field(default_factory=dict)
    """Replies by what `str(posted)` says; a missing one is empty, an exception is raised."""

    def add(self, connection: Any, **given: Any) -> Posted:
        hook = given.pop("hook")
        given.pop("account_id")
        given.pop("application_id")
        delivery = Posted(f"d{len(self.posted)}", url=hook.url, method=hook.method, **given)
        assert "timestamp" in delivery.body
        self.posted.append(delivery)
        return delivery

    def reply_of(self, delivery_id: str) -> "Future[Any]":
        delivery = next(one for one in self.posted if one.delivery_id == delivery_id)
        assert delivery.expects_ncco
        future: Future[Any] = asyncio.get_running_loop().create_future()
        reply = self.replies.get(str(delivery))
        if isinstance(reply, Exception):
            future.set_exception(reply)
        else:
            future.set_result(reply if isinstance(reply, Reply) else Reply(reply))
        return future


@dataclass
class FakeWebhooks:
    documents: dict[str, Any] = field(default_factory=dict)
    """By URL; a Future is waited for, an exception raised."""
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    async def fetch_ncco(self, hook: Any, params: dict[str, Any]) -> Any:
        self.asked.append((hook.method, hook.url, params))
        document = self.documents.get(hook.url, DeliveryError(f"{hook.url} answered 503"))
        if isinstance(document, Future):
            document = await document
        if isinstance(document, Exception):
            raise document
        return document


ANSWER = "http://app.example/answer"
EVENT = "http://app.example/event"
FALLBACK = "http://app.example/fallback"


class Bench:
    """One calls domain and everything around it."""

    def __init__(self, loop: VirtualLoop, path: Path, settings: dict[str, Any]) -> None:
        self.loop = loop
        self.path = path
        self.sip_port, self.media_port, self.audio = FakeSip(), FakeMedia(), FakeAudio()
        self.speech, self.fetch = FakeSpeech(), FakeFetch()
        self.outbox, self.webhooks = FakeOutbox(), FakeWebhooks()
        self.journal = MemoryJournal()
        self.database = Database("sqlite://", inline=True)
        self.database.migrate()
        self.ids = SeededIds(1)
        self.application = self._fill()
        self.settings = CallsSettings(**{"data_dir": path, "simulator_active": True, **settings})
        self.calls = self.fresh()

    def fresh(self) -> Calls:
        """A new calls domain over the same rows and fakes, as after a restart."""
        ports = CallsPorts(
            clock=self.loop.clock,
            ids=self.ids,
            sip=self.sip_port,
            media=self.media_port,
            audio=self.audio,
            speech=self.speech,
            fetch=self.fetch,
            database=self.database,
            outbox=self.outbox,
            webhooks=self.webhooks,
            journal=self.journal,
            unseal=lambda sealed: sealed,
        )
        calls = Calls(ports, self.settings)
        self.sip_port.marks = calls.on_marks
        return calls

    def _fill(self) -> Application:
        webhooks = {
            "answer_url": {"address": ANSWER, "http_method": "GET"},
            "event_url": {"address": EVENT, "http_method": "POST"},
            "fallback_answer_url": {"address": FALLBACK, "http_method": "GET"},
        }
        application = Application("app-1", "acc", "test", "PEM", {"voice": {"webhooks": webhooks}}, {}, 1, 1)
        account = Account("acc", "key", "test", b"", 1)
        carrier = Trunk(
            "t-sim", "acc", "simulated", True, "127.0.0.1", 5070, "udp", None, None, (), (), 1000, True, 1
        )

        def fill(rows: Any) -> None:
            accounts.insert(rows, account)
            applications.insert(rows, application)
            trunks.insert(rows, carrier)
            for msisdn in (OWN, OTHER):
                numbers.insert(rows, Number(msisdn, "acc", "app-1", "GB", "landline", ("VOICE",), 1))

        self.database.transact(fill)
        return application

    async def close(self) -> None:
        await self.calls.exchange.tasks.close()
        await self.database.close()

    # --- what came out

    @property
    def webhook_names(self) -> list[str]:
        return [str(posted) for posted in self.outbox.posted]

    @property
    def sip_names(self) -> list[str]:
        return [type(command).__name__ for command in self.sip_port.sent]

    @property
    def media_names(self) -> list[str]:
        return [type(command).__name__ for command in self.media_port.sent]

    def body(self, name: str) -> dict[str, Any]:
        """The body of the last webhook that `str` shows as `name`."""
        return next(posted.body for posted in reversed(self.outbox.posted) if str(posted) == name)

    def last(self, kind: type[Any]) -> Any:
        """The last SIP or media command of a type."""
        sent = [*self.sip_port.sent, *self.media_port.sent]
        found = [command for command in sent if isinstance(command, kind)]
        assert found, f"no {kind.__name__} among {self.sip_names} {self.media_names}"
        return found[-1]

    def rows(self) -> list[Leg]:
        with_all: Any = self.database._read(lambda rows: legs.list(rows, page_size=100))
        return list(with_all.rows)

    # --- what goes in

    async def settle(self, seconds: float = 0.0) -> None:
        """Let everything that is ready run, and `seconds` pass."""
        for _ in range(20):
            await asyncio.sleep(0)
        if seconds:
            await asyncio.sleep(seconds)
            await self.settle()

    async def sip(self, event: events.Event) -> None:
        if isinstance(event, events.Answered):
            self.calls.on_marks({event.session: True})
        self.calls.on_sip(event)
        if isinstance(event, events.Ended | events.Failed):
            self.calls.on_marks({event.session: False})
        await self.settle()

    async def media(self, event: media.Event) -> None:
        self.calls.on_media(event)
        await self.settle()

    def invite(self, **changed: Any) -> events.InviteReceived:
        plain = events.InviteReceived(
            session="in-1",
            call_id="c1@phone",
            request_uri=f"sip:{OWN}@127.0.0.1",
            user=OWN,
            from_uri=f"sip:{CALLER}@127.0.0.1",
            from_user=CALLER,
            from_display="",
            to_uri=f"sip:{OWN}@127.0.0.1",
            headers=(),
            offer=OFFER,
            flow=FLOW,
            digest=None,
            max_forwards=70,
        )
        return replace(plain, **changed)

    async def ring_in(self, ncco: Any, **changed: Any) -> None:
        """An inbound call whose answer webhook gives `ncco`."""
        self.webhooks.documents[ANSWER] = ncco
        await self.sip(self.invite(**changed))

    async def call_in(self, ncco: Any, **changed: Any) -> None:
        """An inbound call, answered and acknowledged."""
        await self.ring_in(ncco, **changed)
        await self.sip(events.Confirmed("in-1", b""))

    async def play_out(self, reason: str = "done") -> None:
        """The media worker has played the last prompt to its end."""
        play = self.last(media.Play)
        await self.media(media.PlaybackFinished(play.playback, reason, 1000))

    @property
    def dialled(self) -> str:
        """The session of the last Dial."""
        return str(self.last(commands.Dial).session)

    async def pick_up(self, session: str | None = None) -> None:
        """The callee rings and answers the last Dial."""
        dial = self.last(commands.Dial)
        await self.sip(events.Ringing(session or dial.session, 180, "Ringing", b"", "t"))
        answer = negotiator.answer(dial.offer, "127.0.0.1", 5000).body
        await self.sip(events.Answered(session or dial.session, answer, ()))

    async def remote_bye(self, session: str) -> None:
        await self.sip(events.Ended(session, "remote", False, "", ()))

    def request(self, **changed: Any) -> CreateCall:
        plain = CreateCall(
            self.application, PhoneEndpoint(CALLEE), from_number=OWN, ncco=[{"action": "talk", "text": "hi"}]
        )
        return replace(plain, **changed)


def say(text: str, **more: Any) -> dict[str, Any]:
    return {"action": "talk", "text": text, **more}


def dial(number: str = CALLEE, **more: Any) -> dict[str, Any]:
    endpoint = {"type": "phone", "number": number, **more.pop("endpoint", {})}
    return {"action": "connect", "from": OWN, "endpoint": [endpoint], **more}
