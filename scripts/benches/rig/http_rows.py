"""Rows of the HTTP bench: finished calls to list, and how the calls that it placed have ended."""

import sqlite3
import uuid
from typing import Any

from sqlalchemy import Connection

from offhook.cli.context import workspace
from offhook.storage import conversations, legs
from offhook.storage.records import Conversation, Leg

from .installation import Installation

OLD = "19990000000"
"""Number of the calls that are only there to be listed."""


def store_calls(installation: Installation, count: int) -> None:
    """`count` finished calls of the application, one a millisecond until now."""
    with workspace() as here:
        application = installation.known["application_id"]
        account = here.database.transact(lambda c: _account(c, application))
        now = here.clock.wall()

        def store(connection: Connection) -> None:
            talk = Conversation(f"CON-{uuid.UUID(int=1)}", account, application, None, now, now)
            conversations.insert(connection, talk)
            for number in range(count):
                at = now - (count - number) * 1000
                call = Leg(
                    leg_id=str(uuid.UUID(int=number + 1)),
                    account_id=account,
                    application_id=application,
                    conversation_id=talk.conversation_id,
                    direction="outbound",
                    to={"type": "phone", "number": OLD},
                    from_={"type": "phone", "number": installation.number},
                    status="completed",
                    created_at=at,
                    started_at=at,
                    ended_at=at,
                )
                legs.insert(connection, call)

        here.database.transact(store)


def outcomes(installation: Installation) -> dict[str, int]:
    """Calls that the bench placed, by how they ended; `waiting` are those that have not been dialled yet."""
    path = installation.place.data_dir / "offhook.db"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)
    try:
        rows: list[tuple[Any, ...]] = connection.execute(
            "SELECT CASE WHEN ended_at IS NULL THEN 'waiting' ELSE coalesce(cause, status) END AS state, "
            "count(*) FROM legs WHERE conversation_id != ? GROUP BY state",
            (f"CON-{uuid.UUID(int=1)}",),
        ).fetchall()
    finally:
        connection.close()
    return {str(state): int(count) for state, count in rows}


def _account(connection: Connection, application_id: str) -> str:
    row = connection.exec_driver_sql(
        "SELECT account_id FROM applications WHERE application_id = ?", (application_id,)
    ).one()
    return str(row[0])
