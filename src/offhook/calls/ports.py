"""What the calls stand on: every part they use, as a protocol, and their settings.

The composition root fills `CallsPorts` with the concrete parts; unit tests fill it with fakes. Nothing here
does anything. The contracts behind the protocols are those of the modules named in each docstring.
"""

from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from offhook.calls.destinations import Destinations
from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.ipc import media
from offhook.ncco.settings import DEFAULT_SETTINGS
from offhook.ncco.settings import Settings as NccoSettings
from offhook.sip.commands import Command, Credentials
from offhook.sip.flow import Flow
from offhook.webhooks.replies import Reply

T = TypeVar("T")
Json = Any


class SipPort(Protocol):
    """The SIP stack as the calls see it (`sip/stack.py` behind `transport/driver.py`)."""

    def command(self, command: Command) -> None:
        """Hand a command to the stack; its events come back through `Calls.on_sip`."""
        ...

    def dump(self, session: str) -> bytes | None:
        """`session` as it is, for a checkpoint; None when it is over."""
        ...

    def load(self, session: str, dialog: bytes, credentials: Credentials | None = None) -> None:
        """Take a dumped session back, to hang it up. Raises ValueError when it is none of `session`."""
        ...

    def unanswered(self) -> int:
        """How many of our messages (a BYE, a CANCEL, a refusal) still wait for their peer's answer."""
        ...

    def take_calls(self, on: bool) -> None:
        """Tell those who ask with OPTIONS whether calls are taken."""
        ...

    async def locate(self, host: str, port: int, transport: str) -> Flow:
        """The flow on which a new request to this peer goes. Raises OSError when the name has no address."""
        ...


class Reservation(Protocol):
    """A warm RTP port on a media worker."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class MediaPort(Protocol):
    """The media workers (`media/client.py`)."""

    def reserve(self, conversation: str | None = None) -> Any:
        """A `Reservation`. Raises MediaError when no worker has a warm port."""
        ...

    def release(self, reservation: Any) -> None:
        """Give back a port that no leg was opened on."""
        ...

    def open_leg(self, reservation: Any, command: media.OpenLeg) -> None: ...

    def command(self, cmd: media.Command) -> None: ...

    def overload(self, most_skipped: float) -> str | None:
        """Why no call should begin: no warm port, or workers that left out more than this percent of time."""
        ...


class Prompt(Protocol):
    """Audio in shared memory (`ipc/shm.py`)."""

    @property
    def name(self) -> str: ...

    @property
    def samples(self) -> int: ...


class FinalisedFile(Protocol):
    """What finalising a recording gave (`ipc/audio.py`)."""

    @property
    def size(self) -> int: ...

    @property
    def duration_ms(self) -> int: ...


class AudioPort(Protocol):
    """The audio worker (`audio/client.py`). Failures are MediaError."""

    async def decode(self, path: str) -> Any:
        """The file as a `Prompt`."""
        ...

    async def finalise(self, recording: str, format: str, path: str) -> Any:
        """Write the recording's spool to `path`; a `FinalisedFile`."""
        ...

    def drop(self, prompt: Any) -> None: ...


class SpeechPort(Protocol):
    """The speech workers (`speech/client.py`). Failures are SpeechError."""

    async def synthesise(self, text: str, language: str, style: int = 0) -> Any:
        """The text as a `Prompt`, which the client keeps in its cache."""
        ...


class FetchPort(Protocol):
    """Downloads of audio files, under the fetch policy. Failures are DeliveryError."""

    async def download(self, url: str) -> str:
        """The path of a local copy."""
        ...

    def discard(self, path: str) -> None:
        """The copy is not needed any more."""
        ...


class DatabasePort(Protocol):
    """`storage/database.py`."""

    async def read(self, fn: Callable[[Connection], T]) -> T: ...

    def submit(self, fn: Callable[[Connection], T]) -> "Future[T]": ...

    def submit_along(self, fn: Callable[[Connection], T]) -> "Future[T]": ...

    def ready(self) -> str | None:
        """None when rows can be written, else what is wrong."""
        ...


class OutboxPort(Protocol):
    """`webhooks/outbox.py`."""

    def add(
        self,
        connection: Connection,
        *,
        account_id: str,
        application_id: str,
        order_key: str,
        kind: str,
        hook: Any,
        body: dict[str, Json],
        expects_ncco: bool = False,
    ) -> Any:
        """A delivery row inside the caller's transaction; it starts after the commit."""
        ...

    def reply_of(self, delivery_id: str) -> "Future[Reply]":
        """The reply to a delivery that expects an NCCO; DeliveryError when there was none."""
        ...


class NccoPort(Protocol):
    """`webhooks/client.py`."""

    async def fetch_ncco(self, hook: Any, params: dict[str, Json]) -> Json:
        """The decoded document of one address. Raises DeliveryError when it gave none."""
        ...


class JournalPort(Protocol):
    """`core/journal.py`."""

    def write(self, t: int, leg: str | None, conversation: str | None, kind: str, data: Json) -> None: ...

    def hide_digits(self, leg: str) -> None: ...

    def leg_over(self, leg: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CallsPorts:
    """Every part the calls use."""

    clock: Clock
    ids: Ids
    sip: SipPort
    media: MediaPort
    audio: AudioPort
    speech: SpeechPort
    fetch: FetchPort
    database: DatabasePort
    outbox: OutboxPort
    webhooks: NccoPort
    journal: JournalPort
    unseal: Callable[[bytes], bytes]
    """Opens what `security/secrets.py` sealed: the passwords of trunks."""
    lag: Callable[[], float] = lambda: 0.0
    """How late control's loop has been of late, in milliseconds."""


@dataclass(frozen=True, slots=True)
class CallsSettings:
    """What an operator can set, as far as calls care."""

    data_dir: Path
    """Recordings go to `recordings/` below it; paths in rows are relative to it."""
    sip_domain: str = "sip.offhook.localhost"
    public_url: str = "http://127.0.0.1:8080"
    recording_url_template: str = "{public_url}/v1/files/compat.nexmo.com/{id}"
    answer: str = "on_ncco"
    """`on_ncco`: the 200 follows a usable NCCO. `at_once`: the 200 does not wait for it."""
    answer_details: bool = False
    """The answer webhook has `endpoint_type` and `region_url` too."""
    max_legs: int = 2000
    per_second: int = 0
    """Calls that may begin in a second, in and out; 0: any number."""
    per_account: int = 0
    """Calls that one account may place in a second; 0: any number."""
    dials_per_second: int = 0
    """Calls of REST that are dialled in a second; 0: all at once."""
    max_lag_ms: float = 0.0
    """How late control may be before new calls are refused; 0: any."""
    max_skipped: float = 100.0
    """Percent of its time that every media worker may have left out before new calls are refused."""
    max_duration: float = 86_400.0
    """Seconds that an answered leg may last, whatever its own limit says."""
    media_timeout: float = 0.0
    """Seconds without a packet after which an answered leg is hung up; 0: never."""
    conversation_size: int = 200
    """Legs in one named conversation."""
    unowned_from: str = "refuse"
    """`refuse` or `unknown`: what a `from` that is not an own number does."""
    ncco: NccoSettings = DEFAULT_SETTINGS
    """How NCCOs are read where they can be read in two ways."""
    simulator_active: bool = False
    """Whether the simulated carrier's trunk may be used (SIP binds loopback only)."""
    destinations: Destinations = Destinations()  # noqa: RUF009 — frozen
    """Who may be dialled over real trunks."""
    codecs: tuple[str, ...] = ("PCMU", "PCMA")
    """In order of preference."""
    node: int = 0
    mask_digits: bool = False
    """Keep pressed keys out of the journal."""

    def recording_url(self, file_id: str) -> str:
        """The address that the `record` webhook shows."""
        return self.recording_url_template.format(public_url=self.public_url, id=file_id)
