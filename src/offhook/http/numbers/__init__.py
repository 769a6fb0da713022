"""The Numbers API: numbers that an account has, those it may buy, and what becomes of calls to them.

Old in its ways: forms instead of JSON, `error-code` as text, 420 for whatever cannot be done, and key and
secret in the query or the body where clients are old. See docs/specs/numbers-and-users.md.
"""

from fastapi import APIRouter, Depends

from offhook.http.accept import takes_json
from offhook.http.auth import by_key
from offhook.http.numbers.refusals import refusals
from offhook.http.numbers.routes import add_routes

router = APIRouter(tags=["Numbers"], dependencies=[Depends(takes_json)])
add_routes(router, by_key, refusals())
