"""The worker processes of a world, each behind a connection in memory, and how to kill and replace them.

A worker that is killed says nothing: its connections break, its ports are gone, and what it held is lost.
The one that replaces it has a new epoch and the same name, as the supervisor would give it.
"""

from offhook.audio.service import AudioService
from offhook.config import Settings
from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.ipc.memory import MemoryListener
from offhook.ipc.pipes import Connector
from offhook.ipc.shm import Prompts
from offhook.media.client import WorkerAddress
from offhook.media.inline import InlineWorker, LinkHub, MemoryWires
from offhook.speech.base import TTS
from offhook.speech.worker import SpeechWorker
from offhook.testing.wire import Network

FIRST_RTP_PORT = 20_000
PORTS_PER_WORKER = 1_000
SPEECH = "speech-0"


class Workers:
    """Media, audio and speech workers, running from the start."""

    def __init__(
        self,
        settings: Settings,
        host: str,
        clock: Clock,
        ids: Ids,
        network: Network,
        prompts: Prompts,
        tts: TTS,
    ) -> None:
        self._clock = clock
        self._host = host
        self._hub = LinkHub()
        self._ids = ids
        self._network = network
        self._prompts = prompts
        self._settings = settings
        self._tts = tts
        self.audio = self._new_audio()
        self._audio_listener = MemoryListener(self.audio.accept)
        self.speech = self._new_speech()
        self._speech_listener = MemoryListener(self.speech.accept)
        names = [f"media-{number}" for number in range(settings.media.workers)]
        self.media = {name: self._new_media(name) for name in names}
        self._media_listeners = {name: MemoryListener(worker.accept) for name, worker in self.media.items()}

    # ── how control reaches them ────────────────────────────────────────────────────────────────

    @property
    def media_addresses(self) -> list[WorkerAddress]:
        listeners = self._media_listeners.items()
        return [WorkerAddress(name, self._host, listener.connect) for name, listener in listeners]

    @property
    def audio_address(self) -> Connector:
        return self._audio_listener.connect

    @property
    def speech_addresses(self) -> list[tuple[str, Connector]]:
        return [(SPEECH, self._speech_listener.connect)]

    # ── crashes ─────────────────────────────────────────────────────────────────────────────────

    async def kill_media(self, name: str) -> None:
        """One media worker dies with its ports and legs."""
        self._media_listeners[name].cut()
        await self.media[name].close()

    async def replace_media(self, name: str) -> None:
        """Kill it if it lives, and start another."""
        await self.kill_media(name)
        self.media[name] = self._new_media(name)
        self._media_listeners[name].restore(self.media[name].accept)

    async def kill_audio(self) -> None:
        """The audio worker dies; what it had written stays in the spool."""
        self._audio_listener.cut()
        await self.audio.close()

    async def replace_audio(self) -> None:
        """Kill it if it lives, and start another over the same spool."""
        await self.kill_audio()
        self.audio = self._new_audio()
        self._audio_listener.restore(self.audio.accept)

    async def kill_speech(self) -> None:
        """The speech worker dies in the middle of what it does."""
        self._speech_listener.cut()
        await self.speech.close()

    async def replace_speech(self) -> None:
        """Kill it if it lives, and start another."""
        await self.kill_speech()
        self.speech = self._new_speech()
        self._speech_listener.restore(self.speech.accept)

    async def close(self) -> None:
        for worker in self.media.values():
            await worker.close()
        await self.speech.close()
        await self.audio.close()

    # ── making ──────────────────────────────────────────────────────────────────────────────────

    def _new_audio(self) -> AudioService:
        return AudioService(self._ids.uuid(), self._clock, self._settings.spool_dir, self._prompts)

    def _new_speech(self) -> SpeechWorker:
        return SpeechWorker(self._tts, self._prompts, self._clock, self._ids.uuid(), SPEECH)

    def _new_media(self, name: str) -> InlineWorker:
        first = FIRST_RTP_PORT + int(name.removeprefix("media-")) * PORTS_PER_WORKER
        ports = range(first, first + PORTS_PER_WORKER, 2)
        media = self._settings.media
        worker = InlineWorker(
            name,
            self._ids.uuid(),
            self._clock,
            MemoryWires(self._host, ports, self._network, self._hub),
            self._prompts,
            self._ids.number,
            audio=self._audio_listener.connect,
            capacity=media.capacity,
            warm_ports=media.warm_ports,
        )
        worker.start()
        return worker
