"""A whole platform in virtual time: control, workers, carrier, phones and applications in one thread.

    with World(seed=1) as world:
        world.application({"/answer": [{"action": "talk", "text": "Hello"}]})
        report = world.call("15550100777", world.number, "wait-speech; wait-hangup")
        assert world.heard(report) == ["Hello"]

It composes the same `Service` as the control process does, over drivers without sockets: time jumps, storage
runs inline, the wire is memory, every message between processes is encoded and decoded, media is ticked by a
timer, speech is the tone code. One seed gives one journal, byte for byte. See docs/specs/world.md.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from offhook.audio.tables import Pcm
from offhook.config import Fetch, Http, Media, Settings, Sip
from offhook.core.clock import Clock
from offhook.core.ids import SeededIds
from offhook.core.journal import MemoryJournal
from offhook.ipc.shm import MemoryPrompts
from offhook.security.secrets import Sealer
from offhook.service import Drivers, Service
from offhook.simulator.app_server import Answer, AppServer
from offhook.simulator.behaviour import Answers
from offhook.simulator.call import Call
from offhook.simulator.carrier import Carrier
from offhook.simulator.phone import Phone
from offhook.simulator.report import Report
from offhook.simulator.scenario import Scenario
from offhook.simulator.script import Script, parse
from offhook.sip.flow import Flow
from offhook.speech.tonecode import ToneCodeTTS, Utterance, read, spoken
from offhook.storage.database import Database, sqlite_url
from offhook.testing.crash import abandon
from offhook.testing.files import Files, wav
from offhook.testing.leaks import SETTLING, leaks
from offhook.testing.loop import VirtualLoop
from offhook.testing.provision import NUMBER, Provisioned, add_number, configure, provision
from offhook.testing.schema import in_memory
from offhook.testing.web import AsgiWeb
from offhook.testing.wire import Network
from offhook.testing.workers import Workers
from offhook.transport.pool import StreamPool

HOST = "127.0.0.1"
PLATFORM = (HOST, 5060)
CARRIER = (HOST, 5070)
PUBLIC_URL = "http://platform.test"
APP = "http://app.test"
FILES = "http://files.test"
INSTANCE_KEY = bytes(range(32))
T = TypeVar("T")


class World:
    """Everything, until the `with` block ends. `workers` is the number of media workers."""

    number = NUMBER
    """The phone number that the application answers."""

    def __init__(
        self,
        seed: int = 1,
        *,
        workers: int = 1,
        settings: Mapping[str, Any] | None = None,
        durable: bool = False,
    ) -> None:
        self.loop = VirtualLoop()
        self.ids = SeededIds(seed)
        self.network = Network(self.loop, seed)
        self.journal = MemoryJournal()
        self.prompts = MemoryPrompts()
        self.web = AsgiWeb()
        self.files = Files()
        self.tones = ToneCodeTTS()
        self._durable = durable
        self._folder = tempfile.TemporaryDirectory(prefix="offhook-world-")
        self.settings = _settings(Path(self._folder.name), workers, settings or {})
        self.run(self._open())

    @property
    def clock(self) -> Clock:
        return self.loop.clock

    async def _open(self) -> None:
        self.settings.make_directories()
        self.database = self._new_database()
        self.sealer = Sealer(INSTANCE_KEY)
        self.provisioned: Provisioned = provision(self.database, self.sealer, self.ids, self.clock, APP)
        self.app = AppServer(self.clock)
        self.web.mount("app.test", self.app)
        self.web.mount("files.test", self.files)
        self.workers = Workers(
            self.settings, HOST, self.clock, self.ids, self.network, self.prompts, self.tones
        )
        self.carrier = Carrier(self.network, self.clock, self.ids, *CARRIER, tts=self.tones, loop=self.loop)
        self.scenario = Scenario(self.carrier, self.app, PLATFORM, event_path="/event")
        await self._start_service()

    async def _start_service(self) -> None:
        self.streams = StreamPool("tcp", self.network.streams, self.clock, self.loop)
        self.service = Service(self.settings, self._drivers())
        self.network.bind(PLATFORM, self._sip_arrived)
        self.streams.deliver_to(self.service.driver)
        self.streams.listen(PLATFORM)
        self.service.sip_bound = True
        await self.service.start()
        self.web.mount("platform.test", self.service.http)
        while self.service.missing():  # noqa: ASYNC110 — four parts come up, each in its own way
            await asyncio.sleep(0.01)

    def _new_database(self) -> Database:
        if not self._durable:
            return in_memory()
        database = Database(sqlite_url(self.settings.data_dir / "offhook.db"), inline=True)
        database.migrate()
        return database

    def _drivers(self) -> Drivers:
        return Drivers(
            clock=self.clock,
            ids=self.ids,
            database=self.database,
            journal=self.journal,
            prompts=self.prompts,
            sealer=self.sealer,
            media=self.workers.media_addresses,
            audio=self.workers.audio_address,
            speech=self.workers.speech_addresses,
            web=self.web,
            sip_send=self._sip_send,
            sip_alias=self.streams.alias,
            locate=_locate,
        )

    def _sip_send(self, data: bytes, flow: Flow) -> None:
        if flow.transport == "udp":
            self.network.send(data, flow.local, flow.remote)
        else:
            self.streams.send(data, flow)

    def _sip_arrived(self, data: bytes, source: tuple[str, int]) -> None:
        self.service.driver.feed(data, Flow("udp", PLATFORM, source))

    # ── what tests do ───────────────────────────────────────────────────────────────────────────

    def run(self, work: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        """Run `work` to its end in virtual time."""
        return self.loop.run_until_complete(work)

    def wait(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        self.run(asyncio.sleep(seconds))

    def application(self, routes: Mapping[str, Answer]) -> None:
        """What the application at `http://app.test` answers, by path."""
        for path, answer in routes.items():
            self.app.serve(path, answer)

    def call(self, caller: str, number: str, script: Script | str = "") -> Report:
        """A phone calls a number of the platform and follows its script; the report once all is over."""
        report = self.run(self.scenario.call(caller, number, script))
        self.wait(1.0)
        return report

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin `work` beside what the test does next."""
        return self.loop.create_task(work)

    def dial(self, caller: str, number: str, script: Script | str = "") -> Call:
        """A phone begins a call; go on with `wait`, and with `run(call.done)` to its end."""

        async def begin() -> Call:
            return self.scenario.dial(caller, number, script)

        return self.run(begin())

    def phone(self, number: str, script: Script | str = "", *, after: float = 1.0) -> Phone:
        """A phone that has `number` at the carrier, answers after some seconds and follows a script."""
        steps = parse(script) if isinstance(script, str) else script
        return self.scenario.phone(number, Answers(after, steps))

    def audio_file(self, path: str, pcm: Pcm) -> str:
        """Serve audio as a WAV file; its URL."""
        self.files.put(path, wav(pcm))
        return FILES + path

    def webhooks(self, **changes: str) -> None:
        """Change addresses of the application: `fallback_answer_url="/fallback"`, `answer_method="POST"`…"""
        configure(self.database, self.provisioned.application, APP, changes)

    def own(self, number: str) -> None:
        """The application answers one more number."""
        add_number(self.database, self.provisioned.application, number, self.clock.wall())

    def heard(self, report: Report) -> list[str]:
        """The words that a phone heard, prompt by prompt, read back from the audio it received."""
        return spoken(report.pcm)

    def utterances(self, report: Report) -> list[Utterance]:
        """The same with position and length, those that were cut off included."""
        return read(report.pcm)

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request of the application to the REST API: status and decoded body."""
        return self.run(self.provisioned.request(self.web, method, path, body, self.clock, self.ids))

    def kill_control(self) -> None:
        """The control process dies without a word and another starts over the same rows (`durable`)."""
        self.run(self._kill_control())

    async def _kill_control(self) -> None:
        dead = self.service
        self.network.unbind(PLATFORM)
        self.streams.close()
        self.web.unmount("platform.test")
        await self.database.close()  # first: the dead write nothing
        await abandon(dead, self.loop)
        self.database = self._new_database()
        await self._start_service()

    def leaks(self, settle: float = SETTLING, *, sip: bool = True) -> dict[str, int]:
        """What the platform still holds `settle` seconds from now, when everything should be over."""
        self.wait(settle)
        return leaks(self, sip=sip)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.run(self._close())
        finally:
            self.loop.close()
            self._folder.cleanup()

    async def _close(self) -> None:
        await self.service.drain(0.0)
        await self.service.close()
        self.streams.close()
        await self.carrier.close()
        await self.workers.close()


def _settings(folder: Path, workers: int, changes: Mapping[str, Any]) -> Settings:
    usual: dict[str, Any] = {
        "http": Http(public_url=PUBLIC_URL),
        "sip": Sip(host=HOST),
        "media": Media(workers=workers, warm_ports=16, capacity=64, realtime=False),
        "fetch": Fetch(private="allow"),
    }
    return Settings(data_dir=folder, **{**usual, **changes})


async def _locate(host: str, port: int, transport: str) -> Flow:
    """Names lead to the carrier; addresses are themselves."""
    if transport not in ("udp", "tcp"):
        raise OSError(f"SIP over {transport} is not served; use a peer that speaks UDP or TCP")
    if host.replace(".", "").isdigit():
        return Flow(transport, PLATFORM, (host, port))
    if host.endswith(".localhost"):
        return Flow(transport, PLATFORM, CARRIER)
    raise OSError(f"{host} has no address")
