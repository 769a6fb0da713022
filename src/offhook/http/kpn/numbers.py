"""`/phone-numbers` of the wrapper: the Numbers API for whoever has an access token."""

from fastapi import APIRouter, Depends

from offhook.http.accept import takes_json
from offhook.http.kpn.access import Owner
from offhook.http.kpn.declared import answers, number_refusals, with_headers
from offhook.http.kpn.parts import BASE
from offhook.http.numbers.routes import add_routes
from offhook.storage.records import Account

PATH = BASE + "/phone-numbers"
router = APIRouter(prefix=PATH, tags=["KPN Numbers"], dependencies=[Depends(takes_json)])


async def account_of(project: Owner) -> Account:
    """The account that a client acts for."""
    return project.account


add_routes(router, account_of, number_refusals(), declared=answers, extra=with_headers)
