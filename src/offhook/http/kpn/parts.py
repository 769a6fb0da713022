"""What the KPN wrapper needs beside the HTTP context, filled by the composition root."""

from dataclasses import dataclass

from fastapi import Request

from offhook.core.clock import Clock
from offhook.security.secrets import Sealer
from offhook.storage.quotas import Rule

BASE = "/communication/nexmo"
TOKEN = "/oauth/client_credential/accesstoken"
VERSION = "v1"


@dataclass(frozen=True, slots=True)
class KpnParts:
    """Settings, and the key that private keys are kept under."""

    sealer: Sealer
    clock: Clock
    token_life_s: int = 3600
    rule: Rule = Rule()  # noqa: RUF009 — frozen
    """The quota that is shown to whoever has not said who it is."""
    arrays: bool = False
    """Whether `to` and `from` of a call are shown as arrays of one."""
    origins: tuple[str, ...] = ("*",)
    """Web pages that may read answers; `*` is all, without credentials."""
    sunset: str = "n/a"


def parts(request: Request) -> KpnParts:
    """The parts of the application that serves this request."""
    found = request.app.state.kpn
    assert isinstance(found, KpnParts)
    return found


def within(path: str) -> bool:
    """Whether a path is the wrapper's."""
    return path == BASE or path.startswith((BASE + "/", "/oauth/"))
