"""The Voice API, version 2 (beta): `POST /v2/calls` and nothing else.

Asynchronous: the answer is an empty object, and the ids of the call come with its first event. Calls are read
and steered with version 1. See docs/specs/http.md, "Version 2".
"""

from fastapi import APIRouter, Depends

from offhook.http.accept import takes_json
from offhook.http.voice_v2 import create

router = APIRouter(dependencies=[Depends(takes_json)])
router.include_router(create.router)
