"""`GET /v1/calls` and `GET /v1/calls/{uuid}`: an application reads its own calls."""

from typing import Any

from fastapi import APIRouter, Request

from offhook.http.context import context
from offhook.http.paging import offset_links
from offhook.http.voice_v1 import listing, render
from offhook.http.voice_v1.access import PATH, Application, find
from offhook.storage import legs

router = APIRouter(tags=["Voice"])


@router.get(PATH)
async def list_calls(request: Request, caller: Application) -> dict[str, Any]:
    """One page of the application's calls."""
    here = context(request)
    wanted = listing.parse(request.query_params)
    page = await here.database.read(
        lambda connection: legs.list(
            connection,
            application_id=caller.application.application_id,
            status=wanted.status,
            date_start=wanted.date_start,
            date_end=wanted.date_end,
            conversation_id=wanted.conversation,
            page_size=wanted.page_size,
            record_index=wanted.record_index,
            order=wanted.order,
        )
    )
    links = offset_links(
        here.public_url + PATH,
        wanted.given,
        total=page.total,
        page_size=wanted.page_size,
        record_index=wanted.record_index,
    )
    return {
        "count": page.total,
        "page_size": wanted.page_size,
        "record_index": wanted.record_index,
        "_links": links,
        "_embedded": {"calls": [render.call(leg, here.public_url) for leg in page.rows]},
    }


@router.get(PATH + "/{uuid}")
async def show(request: Request, caller: Application, uuid: str) -> dict[str, Any]:
    """One call."""
    here = context(request)
    return render.call(await find(here, caller, uuid), here.public_url)
