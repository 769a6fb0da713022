"""Recordings by the addresses that webhooks show, for the application that made them.

`/v1/files/{id}`, `/v3/files/{id}` and `/v1/files/compat.nexmo.com/{id}` are the same file: the last form
passes the host checks that some client libraries make on the address. See docs/specs/http.md §5.
"""

import os
import re
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Request, Response

from offhook.core.errors import NotFound
from offhook.core.tasks import outside
from offhook.http.auth import Caller, by_token
from offhook.http.context import HttpContext, context
from offhook.http.errors import answer
from offhook.http.sending import FileAnswer, Unsatisfiable, wanted
from offhook.storage import recordings
from offhook.storage.records import Recording

router = APIRouter(tags=["Files"])
MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}
METHODS = ["GET", "HEAD"]
FILE_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)


@router.api_route("/v1/files/{file_id}", methods=METHODS)
@router.api_route("/v3/files/{file_id}", methods=METHODS)
@router.api_route("/v1/files/compat.nexmo.com/{file_id}", methods=METHODS)
async def download(request: Request, caller: Annotated[Caller, Depends(by_token)], file_id: str) -> Response:
    """The bytes of a recording, or a range of them. 404 for another application's file."""
    here = context(request)
    found = await _find(here, caller, file_id)
    path = here.data_dir / (found.path or "")
    try:
        if not path.resolve().is_relative_to(here.data_dir.resolve()):
            raise OSError("outside the data directory")
        file, size = await outside(_open, path)
    except OSError:
        raise _missing(file_id) from None
    headers = {
        "content-type": MEDIA_TYPES.get(found.format, "application/octet-stream"),
        "content-disposition": f'attachment; filename="{file_id}.{found.format}"',
    }
    try:
        part = wanted(request.headers, size)
    except Unsatisfiable:
        file.close()
        return answer(request.scope, 416, "", headers={"Content-Range": f"bytes */{size}"})
    return FileAnswer(file, size, part, headers)


async def _find(here: HttpContext, caller: Caller, file_id: str) -> Recording:
    found = None
    if FILE_ID.fullmatch(file_id):
        application_id = caller.application.application_id
        found = await here.database.read(
            lambda connection: recordings.by_file(connection, file_id, application_id)
        )
    if found is None or not found.path or found.status != "ready":
        raise _missing(file_id)
    return found


def _open(path: Path) -> tuple[BinaryIO, int]:
    file = path.open("rb")
    return file, os.fstat(file.fileno()).st_size


def _missing(file_id: str) -> NotFound:
    return NotFound(f"File '{file_id[:60]}' does not exist, or you do not have access.")
