"""`/v0.1/legs`: the legs of an application, as the service of conversations shows them.

An older view of what `/v1/calls` calls calls, kept for programs that list legs and end them. See
docs/specs/http.md, "Legs".
"""

from fastapi import APIRouter

from offhook.http.legs import routes

router = APIRouter()
router.include_router(routes.router)
