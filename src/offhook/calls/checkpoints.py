"""What a successor of this process needs to end the calls of this one: the SIP session of every leg.

The SIP stack says which sessions changed so that a stranger would have to end them in another way (a CANCEL
instead of nothing, a BYE instead of a CANCEL), and what it wants to send waits until they are stored. So no
phone rings and no call stands that the database does not know. A checkpoint goes when the peer knows that
the call is over, which may be later than the leg's `completed`. `recover.py` reads them.
"""

import logging
from asyncio import Future
from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection

from offhook.calls.exchange import Exchange
from offhook.storage import checkpoints, records

Rows = list[records.Checkpoint]
log = logging.getLogger("offhook.calls")


def mark(exchange: Exchange, marks: Mapping[str, bool]) -> "Future[None] | None":
    """Store the sessions marked True, forget those marked False; the future when somebody has to wait."""
    if not marks:
        return None
    kept = [row for session, wanted in marks.items() if wanted and (row := _row(exchange, session))]
    settled = [session for session, wanted in marks.items() if not wanted]
    placed = _placed(exchange, kept, settled)
    database = exchange.ports.database
    # Nobody waits for a session to be forgotten, and a BYE too many after a crash does no harm.
    submit = database.submit if kept else database.submit_along
    written = submit(partial(_write, kept, settled, placed))
    written.add_done_callback(_report)
    return written if kept else None


def _report(written: "Future[None]") -> None:
    if not written.cancelled() and written.exception() is not None:
        log.error("a crash now would leave a call up: its session cannot be stored: %s", written.exception())


def forget_all(exchange: Exchange) -> None:
    """Every peer knows that its call is over."""
    node = exchange.settings.node
    exchange.ports.database.submit(lambda connection: checkpoints.delete_of(connection, node))


def _placed(exchange: Exchange, kept: Rows, settled: list[str]) -> list[str]:
    """Sessions that were stored before they had a leg and are stored under that now."""
    early = exchange.live.early
    placed = [row.session for row in kept if row.session in early and row.leg_id != row.session]
    early.difference_update(placed, settled)
    return placed


def _row(exchange: Exchange, session: str) -> records.Checkpoint | None:
    leg = exchange.live.sessions.get(session)
    if leg is None and session not in exchange.live.arriving:
        return None
    dialog = exchange.ports.sip.dump(session)
    if dialog is None:
        return None
    if leg is None:  # its trunk and number are not known yet
        exchange.live.early.add(session)
        return records.Checkpoint(session, "", "", session, dialog, exchange.wall())
    return records.Checkpoint(
        leg_id=leg.leg_id,
        account_id=leg.party.account_id,
        application_id=leg.party.application_id,
        session=session,
        dialog=dialog,
        updated_at=exchange.wall(),
        trunk_id=leg.signalling.trunk_id,
    )


def _write(kept: Rows, settled: list[str], placed: list[str], connection: Connection) -> None:
    for session in placed:
        checkpoints.delete_session(connection, session)
    for row in kept:
        checkpoints.save(connection, row)
    for session in settled:
        checkpoints.delete_session(connection, session)
