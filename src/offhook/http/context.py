"""What the HTTP surface stands on: filled by the composition root, read by the routes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request

from offhook.calls.registry import Calls
from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.http.limits import Limits
from offhook.http.metrics import Metrics
from offhook.http.regions import Region
from offhook.security.passwords import SecretChecker
from offhook.security.secrets import Sealer
from offhook.storage.database import Database

_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}", re.ASCII)
_UUID = re.compile(r"((?:[A-Z]{3}-)?)([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """How calls are shown, and to whom."""

    region: Region = Region()  # noqa: RUF009 — frozen
    """Whose calls these are."""
    app_legs: str = "app"
    """`app`, or `sip` for clients that know no endpoint of type `app`."""
    sip_domain: str = "sip.offhook.localhost"


@dataclass(frozen=True, slots=True)
class HttpContext:
    """The parts that requests need."""

    calls: Calls
    database: Database
    clock: Clock
    ids: Ids
    public_url: str
    """Base of absolute links."""
    data_dir: Path
    metrics: Metrics
    metrics_token: str
    sealer: Sealer
    """Seals what has to be read again: channels of users hold passwords."""
    missing: Callable[[], list[str]]
    """What keeps the platform from being ready, in words; empty when all works."""
    max_body: int = 1_000_000
    voice: VoiceOptions = VoiceOptions()
    secrets: SecretChecker = field(default_factory=SecretChecker)
    limits: Limits = field(default_factory=Limits)


def context(request: Request) -> HttpContext:
    """The context of the application that serves this request."""
    found = request.app.state.context
    assert isinstance(found, HttpContext)
    return found


def is_id(text: str) -> bool:
    """Whether `text` may be asked of the database as an id: some databases fail on other characters."""
    return _ID.fullmatch(text) is not None


def as_stored(text: str) -> str:
    """An id as the database has it: a UUID is small however it was written (RFC 9562 §4), and what stands
    before it (`CON-`) is in capitals. Any other text is left as it is.
    """
    found = _UUID.fullmatch(text)
    return text if found is None else found[1].upper() + found[2].lower()
