"""The requests on files, for the application that made them.

`/v1/files/{id}`, `/v3/files/{id}` and `/v1/files/compat.nexmo.com/{id}` are the same file: the last form
passes the host checks that some client libraries make on the address. What another application made, what
is not finished and what is gone are one and the same: 404.
"""

import os
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, Request, Response

from offhook.core.errors import NotFound
from offhook.core.tasks import outside
from offhook.http.auth import Caller, by_token
from offhook.http.context import HttpContext, as_stored, context
from offhook.http.declared import Refusal, refusals, shows
from offhook.http.errors import answer
from offhook.http.files import conditions
from offhook.http.files.ranges import Unsatisfiable, Version, wanted
from offhook.http.files.sending import FileAnswer
from offhook.storage import recording_files, recordings
from offhook.storage.records import Recording

PATHS = ("/v1/files/{file_id}", "/v3/files/{file_id}", "/v1/files/compat.nexmo.com/{file_id}")
MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg"}
BINARY: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()
}
REFUSALS = {status: told for status, told in refusals(404).items() if status != 406}
"""Whatever is accepted, the file is what is sent."""
CHANGED: dict[str, Any] = {**shows(Refusal), "description": "Another version than the request names."}
router = APIRouter(tags=["Files"])


async def download(request: Request, caller: Annotated[Caller, Depends(by_token)], file_id: str) -> Response:
    """The bytes of a recording, or ranges of them."""
    here = context(request)
    found = await _find(here, caller, file_id)
    try:
        file, size, version = await outside(_open, recording_files.locate(here.data_dir, found))
    except OSError:
        raise _missing(file_id) from None
    known = {"cache-control": "private", "etag": version.etag, "last-modified": version.modified}
    status = conditions.refused(request.method, request.headers, version)
    if status is not None:
        await outside(file.close)
        return Response(status_code=304, headers=known) if status == 304 else _changed(request)
    headers = {
        "content-type": MEDIA_TYPES.get(found.format, "application/octet-stream"),
        "content-disposition": f'attachment; filename="{found.file_id}.{found.format}"',
        **known,
    }
    try:
        # A Range counts for GET alone: RFC 9110 §14.2.
        parts = wanted(request.headers, size, version) if request.method == "GET" else []
    except Unsatisfiable:
        await outside(file.close)
        return answer(request.scope, 416, "", headers={"Content-Range": f"bytes */{size}"})
    return FileAnswer(file, size, parts, headers, here.ids.token(16))


async def remove(request: Request, caller: Annotated[Caller, Depends(by_token)], file_id: str) -> Response:
    """Delete a recording: its audio and what was known about it."""
    here = context(request)
    found = await _find(here, caller, file_id)
    if not conditions.NAMES.isdisjoint(request.headers):
        version = await outside(_version, here.data_dir, found)
        if conditions.refused(request.method, request.headers, version) is not None:
            return _changed(request)
    await outside(recording_files.remove, here.data_dir, found)
    await here.database.write(lambda connection: recordings.delete(connection, found.recording_id))
    return Response(status_code=204)


for path in PATHS:
    router.get(
        path,
        summary="Download a recording",
        response_class=Response,
        responses={
            **REFUSALS,
            200: {"description": "The file.", "content": BINARY},
            206: {
                "description": "The range, or the ranges as multipart/byteranges.",
                "content": {**BINARY, "multipart/byteranges": {}},
            },
            304: {"description": "The version that If-None-Match or If-Modified-Since names is there still."},
            412: CHANGED,
            416: {
                **shows(Refusal),
                "description": "No range that was asked for lies in the file.",
                "headers": {"Content-Range": {"description": "Its size.", "schema": {"type": "string"}}},
            },
        },
    )(download)
    router.head(path, include_in_schema=False)(download)
    router.delete(
        path,
        summary="Delete a recording",
        status_code=204,
        response_class=Response,
        responses={**REFUSALS, 204: {"description": "It is gone."}, 412: CHANGED},
    )(remove)


async def _find(here: HttpContext, caller: Caller, file_id: str) -> Recording:
    found = None
    stored = as_stored(file_id)
    if recording_files.is_id(stored):
        application_id = caller.application.application_id
        found = await here.database.read(
            lambda connection: recordings.by_file(connection, stored, application_id)
        )
    if found is None or not found.path or found.status != recordings.READY:
        raise _missing(file_id)
    return found


def _open(path: Path) -> tuple[BinaryIO, int, Version]:
    """The file, its size and its version."""
    file = path.open("rb")
    status = os.fstat(file.fileno())
    return file, status.st_size, _version_of(status)


def _version(data_dir: Path, recording: Recording) -> Version | None:
    """The version of a recording's audio; None where there is none."""
    try:
        return _version_of(recording_files.locate(data_dir, recording).stat())
    except OSError:
        return None


def _version_of(status: os.stat_result) -> Version:
    modified = status.st_mtime_ns
    etag = f'"{status.st_size:x}-{modified:x}"'
    return Version(etag, formatdate(modified // 1_000_000_000, usegmt=True))


def _changed(request: Request) -> Response:
    return answer(request.scope, 412, "The file is not the version that the request names.")


def _missing(file_id: str) -> NotFound:
    return NotFound(f"File '{file_id[:60]}' does not exist, or you do not have access.")
