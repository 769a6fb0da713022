"""What can be done with applications, whoever asks and in whatever shape: each verb is one function.

The routes of both versions read a body into a `Draft` and show what comes back; other surfaces that serve
applications call the same verbs. An account has no access to another's: such an application does not exist.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from offhook.core.errors import NotFound
from offhook.http.context import HttpContext, as_stored, is_id
from offhook.http.errors import Changed
from offhook.security import keys
from offhook.security.keys import KeyPair
from offhook.storage import applications
from offhook.storage.records import Account, Application, Page

Also = Callable[[Connection, Application, KeyPair], None]
"""What is written with a new application and the pair that was made for it, in the same transaction."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a client wants an application to be."""

    name: str
    capabilities: dict[str, Any]
    privacy: dict[str, Any]
    public_key: str | None = None
    """SPKI PEM. None: a pair is made for a new application, and a present one keeps its key."""


async def make(
    here: HttpContext, account: Account, draft: Draft, also: Also | None = None
) -> tuple[Application, KeyPair | None]:
    """A new application. The pair is given back where one was made: its private half is kept nowhere."""
    pair = None if draft.public_key else await keys.generate()
    now = here.clock.wall()
    application = Application(
        application_id=here.ids.uuid(),
        account_id=account.account_id,
        name=draft.name,
        public_key=pair.public_key if pair else draft.public_key or "",
        capabilities=draft.capabilities,
        privacy=draft.privacy,
        created_at=now,
        updated_at=now,
    )

    def write(connection: Connection) -> None:
        applications.insert(connection, application)
        if pair is not None and also is not None:
            also(connection, application, pair)

    await here.database.write(write)
    return application, pair


async def find(here: HttpContext, account: Account, application_id: str) -> Application:
    """The account's application. Raises `NotFound`, for somebody else's as for one that never was."""
    found = None
    if is_id(application_id):
        stored = as_stored(application_id)
        found = await here.database.read(lambda connection: applications.get(connection, stored))
    if found is None or found.account_id != account.account_id:
        raise _missing(application_id)
    return found


async def find_page(here: HttpContext, account: Account, *, size: int, index: int) -> tuple[Page, int]:
    """The page with this index, from 0, of the account's applications, oldest first; and how many pages there
    are: an empty listing is one page.
    """
    found = await here.database.read(
        lambda connection: applications.list(
            connection, account_id=account.account_id, page_size=size, record_index=index * size
        )
    )
    return found, max(1, -(-found.total // size))


async def change(
    here: HttpContext,
    before: Application,
    revised: Callable[[Application], Draft],
    *,
    unchanged: bool = False,
) -> Application:
    """Make an application what `revised` wants it to be, which is asked in the transaction.

    Raises `NotFound` where it was deleted meanwhile, and with `unchanged` `Changed` where it is not as it was
    `before` any more; without, the last change counts.
    """

    def write(connection: Connection) -> Application:
        present = _present(connection, before, unchanged=unchanged)
        draft = revised(present)
        after = replace(
            present,
            name=draft.name,
            public_key=draft.public_key or present.public_key,
            capabilities=draft.capabilities,
            privacy=draft.privacy,
            updated_at=here.clock.wall(),
        )
        applications.update(connection, after)
        return after

    return await here.database.write(write)


async def remove(here: HttpContext, application: Application, *, unchanged: bool = False) -> None:
    """Delete an application; its numbers are unlinked, its live calls go on to their end.

    Raises `NotFound` and `Changed` as `change` does.
    """

    def write(connection: Connection) -> None:
        _present(connection, application, unchanged=unchanged)
        applications.delete(connection, application.application_id)

    await here.database.write(write)


def _present(connection: Connection, before: Application, *, unchanged: bool) -> Application:
    present = applications.get(connection, before.application_id)
    if present is None:
        raise _missing(before.application_id)
    if unchanged and present != before:
        raise Changed("The application was changed meanwhile; read it again.")
    return present


def _missing(application_id: str) -> NotFound:
    return NotFound(f"Application '{application_id[:60]}' does not exist, or you do not have access.")
