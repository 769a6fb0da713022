"""Who may do what with users.

Any token of an application reads its users, as far as its `acl` goes. Creating and deleting takes a token
without `sub`; a user's own token may change that user.
"""

from typing import Annotated

from fastapi import Depends

from offhook.core.errors import NotFound
from offhook.http.auth import Caller, by_token
from offhook.http.context import HttpContext
from offhook.http.errors import Forbidden
from offhook.storage import users
from offhook.storage.records import User

LONGEST_NAME = 255
MISSING = "User does not exist, or you do not have access."


async def as_admin(caller: Annotated[Caller, Depends(by_token)]) -> Caller:
    """Raises `Forbidden` for the token of a user."""
    if caller.principal.subject is not None:
        raise Forbidden("This needs a token of the application itself, without sub.")
    return caller


def may_change(caller: Caller, user: User) -> None:
    """Raises `Forbidden` for the token of another user."""
    if caller.principal.subject not in (None, user.name):
        raise Forbidden("The token of a user changes that user alone.")


Application = Annotated[Caller, Depends(by_token)]
Admin = Annotated[Caller, Depends(as_admin)]


async def find(here: HttpContext, caller: Caller, key: str) -> User:
    """The application's user with this id or name. Raises `NotFound` for one of another application."""
    found = None
    if len(key) <= LONGEST_NAME and key.isprintable():
        application_id = caller.application.application_id
        found = await here.database.read(lambda connection: users.find(connection, application_id, key))
    if found is None:
        raise NotFound(MISSING)
    return found
