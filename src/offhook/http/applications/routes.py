"""`/v2/applications`, authenticated with key and secret. See docs/specs/http.md §4."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from offhook.core.errors import NotFound
from offhook.http.applications.schemas import ApplicationBody
from offhook.http.auth import by_secret
from offhook.http.context import HttpContext, context, is_id
from offhook.http.errors import NotAcceptable
from offhook.http.models import read_model
from offhook.http.paging import MAX_PAGE_SIZE, integer, page_links
from offhook.security import keys
from offhook.storage import applications
from offhook.storage.records import Account, Application

PATH = "/v2/applications"
MAX_PAGE = 1_000_000
READABLE = frozenset({"*/*", "application/*", "application/json", "application/hal+json"})


def takes_json(request: Request) -> None:
    """Raises `NotAcceptable` for an Accept header that leaves out JSON."""
    ranges = [text for line in request.headers.getlist("accept") for text in line.lower().split(",")]
    kinds = {text.partition(";")[0].strip() for text in ranges} - {""}
    if kinds and not kinds & READABLE:
        raise NotAcceptable("Answers are application/json; the Accept header must admit that.")


router = APIRouter(prefix=PATH, tags=["Applications"], dependencies=[Depends(takes_json)])
Owner = Annotated[Account, Depends(by_secret)]


@router.post("", status_code=201)
async def create(request: Request, account: Owner) -> dict[str, Any]:
    """Create an application. Without a public key a pair is made and its private half shown once."""
    here = context(request)
    body = await read_model(request, ApplicationBody, here.max_body)
    pair = None
    if body.keys.public_key:
        public_key = keys.public_key_from(body.keys.public_key)
    else:
        pair = await keys.generate()
        public_key = pair.public_key
    now = here.clock.wall()
    application = Application(
        application_id=here.ids.uuid(),
        account_id=account.account_id,
        name=body.name,
        public_key=public_key,
        capabilities=body.stored_capabilities(),
        privacy=body.privacy.model_dump(mode="json"),
        created_at=now,
        updated_at=now,
    )
    await here.database.write(lambda connection: applications.insert(connection, application))
    return render(application, private_key=pair.private_key if pair else None)


@router.get("")
async def listing(request: Request, account: Owner) -> dict[str, Any]:
    """One page of the account's applications, oldest first."""
    here = context(request)
    page = integer(request.query_params, "page", default=1, low=1, high=MAX_PAGE)
    size = integer(request.query_params, "page_size", default=10, low=1, high=MAX_PAGE_SIZE)
    found = await here.database.read(
        lambda connection: applications.list(
            connection, account_id=account.account_id, page_size=size, record_index=(page - 1) * size
        )
    )
    pages = max(1, -(-found.total // size))
    return {
        "page_size": size,
        "page": page,
        "total_items": found.total,
        "total_pages": pages,
        "_embedded": {"applications": [render(each) for each in found.rows]},
        "_links": page_links(here.public_url + PATH, page=page, page_size=size, pages=pages),
    }


@router.get("/{application_id}")
async def show(request: Request, account: Owner, application_id: str) -> dict[str, Any]:
    """One application."""
    return render(await _find(context(request), account, application_id))


@router.put("/{application_id}")
async def update(request: Request, account: Owner, application_id: str) -> dict[str, Any]:
    """Replace an application. Without `keys.public_key` the present key stays."""
    here = context(request)
    before = await _find(here, account, application_id)
    body = await read_model(request, ApplicationBody, here.max_body)
    given = body.keys.public_key
    after = replace(
        before,
        name=body.name,
        public_key=keys.public_key_from(given) if given else before.public_key,
        capabilities=body.stored_capabilities(),
        privacy=body.privacy.model_dump(mode="json"),
        updated_at=here.clock.wall(),
    )
    await here.database.write(lambda connection: applications.update(connection, after))
    return render(after)


@router.delete("/{application_id}", status_code=204)
async def delete(request: Request, account: Owner, application_id: str) -> Response:
    """Delete an application; its numbers are unlinked."""
    here = context(request)
    await _find(here, account, application_id)
    await here.database.write(lambda connection: applications.delete(connection, application_id))
    return Response(status_code=204)


def render(application: Application, private_key: str | None = None) -> dict[str, Any]:
    """The application object; the private key only where it was just made."""
    shown: dict[str, Any] = {"public_key": application.public_key}
    if private_key is not None:
        shown["private_key"] = private_key
    return {
        "id": application.application_id,
        "name": application.name,
        "keys": shown,
        "privacy": application.privacy,
        "capabilities": application.capabilities,
        "_links": {"self": {"href": f"{PATH}/{application.application_id}"}},
    }


async def _find(here: HttpContext, account: Account, application_id: str) -> Application:
    found = None
    if is_id(application_id):
        found = await here.database.read(lambda connection: applications.get(connection, application_id))
    if found is None or found.account_id != account.account_id:
        raise NotFound(f"Application '{application_id[:60]}' does not exist, or you do not have access.")
    return found
