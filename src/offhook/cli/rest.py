"""The command line as a client of the running server: the public API, with the application's own key."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from offhook.cli.context import Workspace
from offhook.core.errors import OffhookError
from offhook.security import jwt

TIMEOUT = 15.0


class RefusedError(OffhookError):
    """The server refused a request, or no server answered."""


def request(here: Workspace, method: str, path: str, body: Any = None) -> Any:
    """One call of the API as the first application. Raises `RefusedError` that says what to do."""
    status, data = _send(here, method, path, body)
    if status >= 400:
        raise RefusedError(f"{method} {path} was refused with {status}: {_reason(data)}")
    return json.loads(data) if data else None


def fetch(here: Workspace, path: str) -> bytes:
    """The bytes of a file."""
    status, data = _send(here, "GET", path, None)
    if status >= 400:
        raise RefusedError(f"GET {path} was refused with {status}: {_reason(data)}")
    return data


def _send(here: Workspace, method: str, path: str, body: Any) -> tuple[int, bytes]:
    known = here.remembered()
    token = jwt.make_token(
        Path(known["private_key"]).read_text(),
        known["application_id"],
        wall=here.clock.wall(),
        ids=here.ids,
    )
    base = here.settings.local_url
    call = urllib.request.Request(
        base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(call, timeout=TIMEOUT) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        raise RefusedError(f"no server answers at {base} ({error}); start one: offhook serve") from None


def _reason(data: bytes) -> str:
    try:
        body = json.loads(data)
    except ValueError:
        return data[:200].decode("utf-8", "replace")
    wrong = body.get("invalid_parameters") or []
    if wrong:
        return "; ".join(f"{each['name']}: {each['reason']}" for each in wrong)
    return str(body.get("detail") or body.get("error_title") or body)
