"""Databases: one in a file with its threads, one inline in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook.storage.database import Database, sqlite_url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "offhook.db")


@pytest.fixture
def memory() -> Iterator[Database]:
    """A migrated database in memory, for repositories."""
    database = Database("sqlite://", inline=True)
    database.migrate()
    yield database
    database.close_now()
