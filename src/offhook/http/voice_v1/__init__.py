"""The Voice API, version 1: create, read and steer calls.

What goes over the wire is in docs/specs/http.md §2. REST bodies are snake_case except `dtmfAnswer` and
`content-type`; clients send numbers as strings and arrays of one as bare strings, and both are accepted.
One module per family of requests: `create`, `calls` (reading), `modify`, `playback`, `dtmf`. Each has its
verb as a function of the context, the call and the checked body, for other surfaces that do the same.
"""

from fastapi import APIRouter

from offhook.http.voice_v1 import calls, create, dtmf, modify, playback

router = APIRouter()
for part in (create, calls, modify, playback, dtmf):
    router.include_router(part.router)
