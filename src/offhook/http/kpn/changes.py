"""Making and changing applications here: the private key is kept, and a change may name what it changes.

Programs of this wrapper never hold a private key, so the one that is made with an application is stored,
sealed, in the same transaction. A change with If-Match (RFC 9110 §13.1.1) works on that version of an
application or not at all.
"""

import hashlib
import json
from collections.abc import Callable

from fastapi import Request
from sqlalchemy import Connection

from offhook.http.applications import verbs
from offhook.http.applications.verbs import Draft
from offhook.http.context import context
from offhook.http.declared import Json
from offhook.http.errors import Changed, NotJson
from offhook.http.kpn.access import Project
from offhook.http.kpn.parts import parts
from offhook.http.paging import MAX_PAGE, MAX_PAGE_SIZE, integer, page_links
from offhook.security.keys import KeyPair
from offhook.storage import application_keys
from offhook.storage.application_keys import ApplicationKey
from offhook.storage.records import Application

FORM = "application/x-www-form-urlencoded"


async def make(request: Request, project: Project, draft: Draft) -> Application:
    """A new application. Without a public key a pair is made and kept."""
    sealer = parts(request).sealer

    def keep(connection: Connection, made: Application, pair: KeyPair) -> None:
        sealed = sealer.seal(pair.private_key.encode())
        key = ApplicationKey(made.application_id, made.account_id, made.public_key, sealed, made.created_at)
        application_keys.insert(connection, key)

    made, _ = await verbs.make(context(request), project.account, draft, also=keep)
    return made


def check_version(request: Request, found: Application) -> None:
    """Raises `Changed` where If-Match names another version of an application than the one that is there."""
    lines = request.headers.getlist("if-match")
    tags = {text.strip() for line in lines for text in line.split(",")}
    if lines and not tags & {"*", etag(found)}:
        raise Changed("The application is not the one that If-Match names; read it again.")


async def remove(request: Request, project: Project, application_id: str) -> None:
    """Delete an application with the key that was kept for it. Raises `NotFound`, `Changed`."""
    here = context(request)
    found = await verbs.find(here, project.account, application_id)
    check_version(request, found)
    await verbs.remove(here, found, unchanged="if-match" in request.headers)


async def page(request: Request, project: Project, path: str, render: Callable[[Application], Json]) -> Json:
    """One page of the client's applications, oldest first, with links below `path`. Raises Invalid."""
    here = context(request)
    index = integer(request.query_params, "page_index", default=0, low=0, high=MAX_PAGE)
    size = integer(request.query_params, "page_size", default=10, low=1, high=MAX_PAGE_SIZE)
    found, pages = await verbs.find_page(here, project.account, size=size, index=index)
    base = here.public_url + path
    return {
        "count": found.total,
        "page_size": size,
        "page_index": index,
        "record_index": index * size,
        "_embedded": {"applications": [render(each) for each in found.rows]},
        "_links": page_links(base, page=index, page_size=size, pages=pages, name="page_index", first=0),
    }


def etag(application: Application) -> str:
    """Of what can be changed: the same content has the same tag, in whichever shape it is shown."""
    shown = [application.name, application.public_key, application.capabilities, application.privacy]
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_kind(request: Request) -> None:
    """Raises `NotJson` for a body that says of itself to be neither a form nor JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind != FORM and not kind.endswith(("/json", "+json")):
        raise NotJson(f"Send the body as {FORM} or as application/json.")
