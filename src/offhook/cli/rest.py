"""The command line as a client of the running server: the public API, with the application's own key."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from offhook.cli.context import Workspace
from offhook.core.errors import NotFound, OffhookError
from offhook.security import jwt
from offhook.storage import application_keys

TIMEOUT = 15.0


class RefusedError(OffhookError):
    """The server refused a request, or no server answered."""


def request(
    here: Workspace, method: str, path: str, body: Any = None, *, application_id: str | None = None
) -> Any:
    """One call of the API as an application, the first one if none is named.

    Raises `RefusedError` that says what to do, and `NotFound` where the application's key is not here.
    """
    status, data = _send(here, method, path, body, application_id)
    if status >= 400:
        raise RefusedError(f"{method} {path} was refused with {status}: {_reason(data)}")
    return json.loads(data) if data else None


def fetch(here: Workspace, path: str) -> bytes:
    """The bytes of a file."""
    status, data = _send(here, "GET", path, None, None)
    if status >= 400:
        raise RefusedError(f"GET {path} was refused with {status}: {_reason(data)}")
    return data


def private_key(here: Workspace, application_id: str) -> str:
    """The private key of an application, where one of these places has it. Raises `NotFound`.

    What `init` and `apps create` wrote, or what the KPN wrapper was asked to keep.
    """
    known = here.remembered()
    own = known["application_id"] == application_id
    path = Path(known["private_key"]) if own else here.settings.data_dir / f"private-{application_id}.key"
    if path.is_file():
        return path.read_text()
    kept = here.database.look(lambda c: application_keys.get(c, application_id))
    if kept is None:
        raise NotFound(
            f"the private key of application {application_id} is not in {path}, and without it this command "
            "cannot speak for the application; put it there, or use the application's own program"
        )
    return here.sealer.open(kept.private_key).decode()


def _send(
    here: Workspace, method: str, path: str, body: Any, application_id: str | None
) -> tuple[int, bytes]:
    speaker = application_id or str(here.remembered()["application_id"])
    token = jwt.make_token(private_key(here, speaker), speaker, wall=here.clock.wall(), ids=here.ids)
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
