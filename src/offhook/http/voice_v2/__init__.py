"""The Voice API, version 2 (beta): `POST /v2/calls` and nothing else.

Asynchronous: the answer is an empty object, and the ids of the call come with its first event. Calls are read
and steered with version 1. See docs/specs/http.md, "Version 2".
"""

from fastapi import APIRouter

from offhook.http.voice_v2 import create

router = APIRouter()
router.include_router(create.router)
