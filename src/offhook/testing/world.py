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

from offhook.audio.service import AudioService
from offhook.config import Fetch, Http, Media, Settings, Sip
from offhook.core.clock import Clock
from offhook.core.ids import SeededIds
from offhook.core.journal import MemoryJournal
from offhook.ipc.memory import MemoryListener
from offhook.ipc.shm import MemoryPrompts
from offhook.media.client import WorkerAddress
from offhook.media.inline import InlineWorker, LinkHub, MemoryWires
from offhook.security.secrets import Sealer
from offhook.service import Drivers, Service
from offhook.simulator.app_server import Answer, AppServer
from offhook.simulator.carrier import Carrier
from offhook.simulator.report import Report
from offhook.simulator.scenario import Scenario
from offhook.simulator.script import Script
from offhook.sip.flow import Flow
from offhook.speech.tonecode import ToneCodeTTS, spoken
from offhook.speech.worker import SpeechWorker
from offhook.storage.database import Database
from offhook.testing.loop import VirtualLoop
from offhook.testing.provision import NUMBER, Provisioned, provision
from offhook.testing.web import AsgiWeb
from offhook.testing.wire import Network

HOST = "127.0.0.1"
PLATFORM = (HOST, 5060)
CARRIER = (HOST, 5070)
APP = "http://app.test"
FIRST_RTP_PORT = 20_000
PORTS_PER_WORKER = 1_000
INSTANCE_KEY = bytes(range(32))
T = TypeVar("T")


class World:
    """Everything, until the `with` block ends. `workers` is the number of media workers."""

    number = NUMBER
    """The phone number that the application answers."""

    def __init__(self, seed: int = 1, *, workers: int = 1, settings: Mapping[str, Any] | None = None) -> None:
        self.loop = VirtualLoop()
        self.ids = SeededIds(seed)
        self.network = Network(self.loop, seed)
        self.journal = MemoryJournal()
        self.prompts = MemoryPrompts()
        self.web = AsgiWeb()
        self.tones = ToneCodeTTS()
        self._folder = tempfile.TemporaryDirectory(prefix="offhook-world-")
        self.settings = _settings(Path(self._folder.name), workers, settings or {})
        self.run(self._open())

    @property
    def clock(self) -> Clock:
        return self.loop.clock

    async def _open(self) -> None:
        self.settings.make_directories()
        self.database = Database("sqlite://", inline=True)
        self.database.migrate()
        self.sealer = Sealer(INSTANCE_KEY)
        self.provisioned: Provisioned = provision(self.database, self.sealer, self.ids, self.clock, APP)
        self.app = AppServer(self.clock)
        self.web.mount("app.test", self.app)
        self._start_workers()
        self.service = Service(self.settings, self._drivers())
        self.network.bind(PLATFORM, self._sip_arrived)
        self.service.sip_bound = True
        await self.service.start()
        self.web.mount("platform.test", self.service.http)
        self.carrier = Carrier(self.network, self.clock, self.ids, *CARRIER, tts=self.tones, loop=self.loop)
        self.scenario = Scenario(self.carrier, self.app, PLATFORM, event_path="/event")
        while self.service.missing():  # noqa: ASYNC110 — four parts come up, each in its own way
            await asyncio.sleep(0.01)

    def _start_workers(self) -> None:
        self.audio = AudioService(self.ids.uuid(), self.clock, self.settings.spool_dir, self.prompts)
        self.audio_listener = MemoryListener(self.audio.accept)
        speech = SpeechWorker(self.tones, self.prompts, self.clock, self.ids.uuid(), "speech-0")
        self.speech_listener = MemoryListener(speech.accept)
        hub = LinkHub()
        self.media: dict[str, InlineWorker] = {}
        self.media_listeners: dict[str, MemoryListener] = {}
        for number in range(self.settings.media.workers):
            name = f"media-{number}"
            first = FIRST_RTP_PORT + number * PORTS_PER_WORKER
            wires = MemoryWires(HOST, range(first, first + PORTS_PER_WORKER, 2), self.network, hub)
            worker = InlineWorker(
                name,
                self.ids.uuid(),
                self.clock,
                wires,
                self.prompts,
                self.ids.number,
                audio=self.audio_listener.connect,
                capacity=self.settings.media.capacity,
                warm_ports=self.settings.media.warm_ports,
            )
            worker.start()
            self.media[name] = worker
            self.media_listeners[name] = MemoryListener(worker.accept)
        self._speech = speech

    def _drivers(self) -> Drivers:
        return Drivers(
            clock=self.clock,
            ids=self.ids,
            database=self.database,
            journal=self.journal,
            prompts=self.prompts,
            sealer=self.sealer,
            media=[
                WorkerAddress(name, HOST, listener.connect) for name, listener in self.media_listeners.items()
            ],
            audio=self.audio_listener.connect,
            speech=[("speech-0", self.speech_listener.connect)],
            web=self.web,
            sip_send=lambda data, flow: self.network.send(data, flow.local, flow.remote),
            locate=_locate,
        )

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

    def heard(self, report: Report) -> list[str]:
        """The words that a phone heard, prompt by prompt, read back from the audio it received."""
        return spoken(report.pcm)

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request of the application to the REST API: status and decoded body."""
        return self.run(self.provisioned.request(self.web, method, path, body, self.clock, self.ids))

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
        await self.service.close(0.0)
        await self.carrier.close()
        for worker in self.media.values():
            await worker.close()
        await self._speech.close()
        await self.audio.close()


def _settings(folder: Path, workers: int, changes: Mapping[str, Any]) -> Settings:
    return Settings(
        data_dir=folder,
        http=Http(public_url="http://platform.test"),
        sip=Sip(host=HOST),
        media=Media(workers=workers, warm_ports=16, capacity=64, realtime=False),
        fetch=Fetch(private="allow"),
        **changes,
    )


async def _locate(host: str, port: int, transport: str) -> Flow:
    """Names lead to the carrier; addresses are themselves."""
    if transport != "udp":
        raise OSError(f"SIP over {transport} is not served; use a peer that speaks UDP")
    if host.replace(".", "").isdigit():
        return Flow("udp", PLATFORM, (host, port))
    if host.endswith(".localhost"):
        return Flow("udp", PLATFORM, CARRIER)
    raise OSError(f"{host} has no address")
