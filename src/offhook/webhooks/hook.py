"""Where a webhook goes and how long it may take.

An application's hooks come from its voice capability; an NCCO or a REST request may name another URL, which
keeps the application's timeouts and signing. Times outside the permitted range are moved into it.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from offhook.storage.records import Application

Name = Literal["answer_url", "event_url", "fallback_answer_url"]
Method = Literal["GET", "POST"]

CONNECT_MS = (300, 1000)
SOCKET_MS = {"answer_url": (1000, 5000), "fallback_answer_url": (1000, 5000), "event_url": (1000, 10_000)}
"""Shortest and longest wait for a reply; the longest is the default."""
DEFAULT_METHOD = {"answer_url": "GET", "fallback_answer_url": "GET", "event_url": "POST"}


@dataclass(frozen=True, slots=True)
class Hook:
    """One address of an application's web server."""

    url: str
    method: str
    connect_timeout_ms: int = CONNECT_MS[1]
    socket_timeout_ms: int = SOCKET_MS["event_url"][1]
    signed: bool = True
    account_id: str = ""
    application_id: str = ""
    """Whose secret signs requests; without them a request goes out unsigned."""

    @classmethod
    def of(cls, application: Application, name: Name) -> "Hook | None":
        """The hook an application has set under this name; None when it has none."""
        entry = _webhooks(application).get(name)
        if isinstance(entry, str):
            entry = {"address": entry}
        if not isinstance(entry, dict) or not entry.get("address"):
            return None
        connect = entry.get("connect_timeout", entry.get("connection_timeout"))
        return replace(
            _base(application, name),
            url=str(entry["address"]),
            method=_method(entry.get("http_method"), name),
            connect_timeout_ms=_within(connect, CONNECT_MS),
            socket_timeout_ms=_within(entry.get("socket_timeout"), SOCKET_MS[name]),
        )

    @classmethod
    def to(cls, application: Application, url: str, method: str = "", name: Name = "event_url") -> "Hook":
        """A hook at a URL that an NCCO or a request named, with the application's times and signing."""
        base = cls.of(application, name) or _base(application, name)
        return replace(base, url=url, method=_method(method, name))


def _base(application: Application, name: Name) -> Hook:
    voice = application.capabilities.get("voice")
    signed = voice.get("signed_callbacks", True) if isinstance(voice, dict) else True
    return Hook(
        url="",
        method=DEFAULT_METHOD[name],
        socket_timeout_ms=SOCKET_MS[name][1],
        signed=signed is not False,
        account_id=application.account_id,
        application_id=application.application_id,
    )


def _webhooks(application: Application) -> dict[str, Any]:
    voice = application.capabilities.get("voice")
    hooks = voice.get("webhooks") if isinstance(voice, dict) else None
    return hooks if isinstance(hooks, dict) else {}


def _method(value: Any, name: Name) -> str:
    text = str(value or "").upper()
    return text if text in ("GET", "POST") else DEFAULT_METHOD[name]


def _within(value: Any, limits: tuple[int, int]) -> int:
    low, high = limits
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return high
    try:
        return min(max(int(value), low), high)
    except (ValueError, OverflowError):
        return high
