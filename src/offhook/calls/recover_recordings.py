"""Recordings that ran when control died: their files from the spool, their rows, their `record` webhooks.

In the background, because the audio worker may be busy or not up yet, and calls can be taken without it.
The webhook is stored with the row that says `ready`, so a second crash repeats neither. A recording without
a file says so: its row is `failed`, and the application gets an `error`.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from offhook.calls.exchange import Exchange
from offhook.calls.recordings import FOLDER
from offhook.core.errors import MediaError
from offhook.core.ids import node_of
from offhook.storage import applications, legs, records
from offhook.storage import recordings as repository
from offhook.webhooks import payloads
from offhook.webhooks.hook import Hook

log = logging.getLogger("offhook.calls")
AT_ONCE = 32
"""Recordings that are finished at a time."""


async def start(exchange: Exchange) -> None:
    """Begin to finish what is stored as unfinished of this node."""
    found = await exchange.ports.database.read(repository.unfinished)
    mine = [row for row in found if node_of(row.recording_id) == exchange.settings.node]
    exchange.tasks.start(_finish(exchange, mine), "recordings of the process before")


async def _finish(exchange: Exchange, found: Sequence[records.Recording]) -> None:
    """Some at a time: the audio worker waits two seconds for the last block of each."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(row: records.Recording) -> None:
        async with room:
            await _finish_one(exchange, row)

    await asyncio.gather(*(one(row) for row in found))


async def _finish_one(exchange: Exchange, row: records.Recording) -> None:
    relative = f"{FOLDER}/{row.file_id}.{row.format}"
    path = str(exchange.settings.data_dir / relative)
    ended, reason = row.ended_at or exchange.wall(), ""
    try:
        made = await exchange.ports.audio.finalise(row.recording_id, row.format, path)
    except MediaError as error:
        log.error("recording %s has no file: %s", row.recording_id, error)
        done, reason = replace(row, status="failed", ended_at=ended), str(error)
    else:
        done = replace(
            row, status="ready", ended_at=ended, size=made.size, duration_ms=made.duration_ms, path=relative
        )
    await exchange.ports.database.submit(partial(_announce, exchange, done, reason))


def _announce(exchange: Exchange, row: records.Recording, reason: str, connection: Connection) -> None:
    repository.update(connection, row)
    hook = _hook(connection, row, for_error=bool(reason))
    if hook is None:
        return
    wall = exchange.wall()
    if reason:
        text = f"The recording could not be saved: {reason}"
        kind, body = "error", payloads.error(text, row.conversation_id, wall)
    else:
        kind, body = "record", payloads.record(row, exchange.settings.recording_url(row.file_id), wall)
    exchange.ports.outbox.add(
        connection,
        account_id=row.account_id,
        application_id=row.application_id,
        order_key=f"conversation:{row.conversation_id}" if row.leg_id is None else f"leg:{row.leg_id}",
        kind=kind,
        hook=hook,
        body=body,
    )


def _hook(connection: Connection, row: records.Recording, *, for_error: bool) -> Hook | None:
    """The action's own URL, then the call's, then the application's; an `error` goes to the application."""
    application = applications.get(connection, row.application_id)
    if application is None:
        return None
    leg = legs.get(connection, row.leg_id) if row.leg_id else None
    general = Hook.of(application, "event_url")
    if for_error and general is not None:
        return general
    if row.event_url and not for_error:
        return Hook.to(application, row.event_url, row.event_method or "")
    if leg is not None and leg.event_url:
        return Hook.to(application, leg.event_url, leg.event_method or "")
    return general
