"""The Users API: who can be called by name. Users belong to one application.

See docs/specs/numbers-and-users.md §6.
"""

from fastapi import APIRouter, Depends

from offhook.http.accept import takes_json
from offhook.http.users import listing, routes

router = APIRouter(tags=["Users"], dependencies=[Depends(takes_json)])
for part in (listing, routes):
    router.include_router(part.router)
