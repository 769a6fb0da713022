"""What commands share: settings, the database without a server, tables for people and JSON for machines."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click
from rich.console import Console
from rich.table import Table

from offhook import config
from offhook.core.clock import SystemClock, iso_milliseconds
from offhook.core.errors import NotFound
from offhook.core.ids import RandomIds
from offhook.security.secrets import Sealer, load_key
from offhook.storage import accounts
from offhook.storage.database import Database
from offhook.storage.records import Account

ACCOUNT_FILE = "account.json"
"""What `init` printed, mode 0600: only there can the API secret be read again."""

ACCOUNT_VARIABLE = "OFFHOOK_ACCOUNT"
"""Which account the commands work on; empty for the first one."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


class Owned(Protocol):
    """A row that belongs to an account."""

    @property
    def account_id(self) -> str: ...


R = TypeVar("R", bound=Owned)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One installation as a command sees it, server or no server."""

    settings: config.Settings
    database: Database
    sealer: Sealer
    ids: RandomIds
    clock: SystemClock

    def account(self) -> Account:
        """The account of this installation, or the one that `--account` names.

        Raises `NotFound` that names the command that makes or lists it.
        """
        named = self.named_account()
        if named is not None:
            return named
        found = self.database.transact(accounts.list)
        if not found:
            raise NotFound("there is no account yet; run: offhook init")
        return found[0]

    def named_account(self) -> Account | None:
        """The account that `--account` names; None where nothing was named. Raises `NotFound`."""
        name = os.environ.get(ACCOUNT_VARIABLE)
        return self.database.transact(lambda connection: accounts.find(connection, name)) if name else None

    def visible(self, found: R | None) -> R | None:
        """What was found by its id, where `--account` does not name another account than its own.

        Without `--account` an id is good wherever it belongs: who runs the installation has ids of all.
        """
        named = self.named_account()
        if found is None or named is None or found.account_id == named.account_id:
            return found
        return None

    def remembered(self) -> dict[str, Any]:
        """What `init` printed."""
        path = self.settings.data_dir / ACCOUNT_FILE
        if not path.is_file():
            raise NotFound(f"{path} is missing; run: offhook init")
        found: dict[str, Any] = json.loads(path.read_text())
        return found


@contextlib.contextmanager
def workspace() -> Iterator[Workspace]:
    """Open the installation of the settings; its database is brought up to date."""
    settings = config.load()
    settings.make_directories()
    sealer = Sealer(load_key(settings.data_dir, settings.secret_key or None))
    database = Database(settings.database, durability=settings.storage.durability)
    try:
        database.migrate()
        yield Workspace(settings, database, sealer, RandomIds(settings.node), SystemClock())
    finally:
        database.close_now()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def show(rows: Sequence[dict[str, Any]], *, machine: bool, empty: str) -> None:
    """A listing: one JSON array, or one table whose columns are the keys of the first row."""
    if machine:
        click.echo(json.dumps(list(rows), indent=2))
        return
    if not rows:
        click.echo(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(width=None if os.isatty(1) else 200, soft_wrap=False).print(table)


def show_one(row: dict[str, Any], *, machine: bool) -> None:
    """One thing: JSON, or a line for each member."""
    if machine:
        click.echo(json.dumps(row, indent=2))
        return
    width = max(len(name) for name in row)
    for name, value in row.items():
        text = json.dumps(value) if isinstance(value, dict | list) else "" if value is None else str(value)
        click.echo(f"{name.ljust(width)}  {text}")


def when(wall: int | None) -> str | None:
    """UTC microseconds as people and machines read them."""
    return None if wall is None else iso_milliseconds(wall)
