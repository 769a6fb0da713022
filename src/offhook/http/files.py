"""Recordings by the addresses that webhooks show, for the application that made them.

`/v1/files/{id}`, `/v3/files/{id}` and `/v1/files/compat.nexmo.com/{id}` are the same file: the last form
passes the host checks that some client libraries make on the address.
"""

import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from offhook.core.errors import NotFound
from offhook.core.tasks import outside
from offhook.http.auth import Caller, by_token
from offhook.http.context import context
from offhook.storage import recordings

router = APIRouter(tags=["Files"])
MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}
FILE_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)


@router.get("/v1/files/{file_id}")
@router.get("/v3/files/{file_id}")
@router.get("/v1/files/compat.nexmo.com/{file_id}")
async def download(
    request: Request, caller: Annotated[Caller, Depends(by_token)], file_id: str
) -> FileResponse:
    """The bytes of a recording; byte ranges are served. 404 for another application's file."""
    here = context(request)
    missing = NotFound(f"File '{file_id[:60]}' does not exist, or you do not have access.")
    if not FILE_ID.fullmatch(file_id):
        raise missing
    found = await here.database.read(
        lambda connection: recordings.by_file(connection, file_id, caller.application.application_id)
    )
    if found is None or not found.path:
        raise missing
    path = here.data_dir / found.path
    if not await outside(Path.is_file, path):
        raise missing
    return FileResponse(
        path,
        media_type=MEDIA_TYPES.get(found.format, "application/octet-stream"),
        filename=f"{file_id}.{found.format}",
    )
