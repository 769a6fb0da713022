"""After a crash of control: end the calls that nobody holds any more.

Every answered leg has a checkpoint with its dialog: it is loaded into the new stack and hung up, so that
the peer gets a BYE in the right dialog (RFC 3261 §15.1.1). The leg's row and its final `completed` event are
written in one transaction with the removal of the checkpoint. Spooled recordings are finished as usual.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from offhook.calls.exchange import Exchange
from offhook.calls.recordings import FOLDER
from offhook.calls.states import PLATFORM
from offhook.core.errors import MediaError
from offhook.core.ids import node_of
from offhook.sip.commands import HangUp
from offhook.storage import applications, checkpoints, conversations, legs, records
from offhook.storage import recordings as repository
from offhook.webhooks import payloads
from offhook.webhooks.hook import Hook

log = logging.getLogger("offhook.calls")


async def recover(exchange: Exchange) -> int:
    """End every stored call of this node; gives how many there were."""
    stored = await exchange.ports.database.read(checkpoints.list)
    unfinished = await exchange.ports.database.read(legs.unfinished)
    mine = [leg for leg in unfinished if _is_mine(exchange, leg.leg_id)]
    dialogs = {checkpoint.leg_id: checkpoint for checkpoint in stored}
    for leg in mine:
        if leg.leg_id in dialogs:
            _say_goodbye(exchange, dialogs[leg.leg_id])
        await exchange.ports.database.submit(partial(_complete, exchange, leg))
    if mine:
        log.warning("%d calls of the process before this one were ended", len(mine))
    recordings = await exchange.ports.database.read(repository.unfinished)
    # Not awaited: the audio worker may be busy, or not up yet, and calls can be taken without it.
    exchange.tasks.start(_finish_recordings(exchange, recordings), "recordings of the process before")
    return len(mine)


def _is_mine(exchange: Exchange, leg_id: str) -> bool:
    return node_of(leg_id) == exchange.settings.node


def _say_goodbye(exchange: Exchange, checkpoint: records.Checkpoint) -> None:
    session = checkpoint.session
    try:
        exchange.ports.sip.load(session, checkpoint.dialog)
    except ValueError as error:
        log.error("the dialog of call %s cannot be read: %s", checkpoint.leg_id, error)
        return
    command = HangUp(session)
    exchange.trace.bare("sip.command", command)
    exchange.ports.sip.command(command)


def _complete(exchange: Exchange, leg: records.Leg, connection: Connection) -> None:
    """The end of one stored leg, with its `completed`."""
    wall = exchange.wall()
    over = replace(
        leg, status="completed", ended_at=wall, disconnected_by=PLATFORM, sip_code=leg.sip_code or 500
    )
    legs.update(connection, over)
    checkpoints.delete(connection, leg.leg_id)
    conversations.end(connection, leg.conversation_id, wall)
    application = applications.get(connection, leg.application_id)
    hook = None if application is None else Hook.of(application, "event_url")
    if hook is None or leg.status == "rejected":
        return
    exchange.ports.outbox.add(
        connection,
        account_id=leg.account_id,
        application_id=leg.application_id,
        order_key=f"leg:{leg.leg_id}",
        kind="status",
        hook=hook,
        body=payloads.status(over, wall),
    )


async def _finish_recordings(exchange: Exchange, recordings: Sequence[records.Recording]) -> None:
    """Files and `record` webhooks of recordings that were running."""
    for row in recordings:
        if not _is_mine(exchange, row.recording_id):
            continue
        relative = f"{FOLDER}/{row.file_id}.{row.format}"
        path = str(exchange.settings.data_dir / relative)
        ended = row.ended_at or exchange.wall()
        try:
            made = await exchange.ports.audio.finalise(row.recording_id, row.format, path)
        except MediaError as error:
            log.error("recording %s has no file: %s", row.recording_id, error)
            done = replace(row, status="failed", ended_at=ended)
        else:
            done = replace(
                row,
                status="ready",
                ended_at=ended,
                size=made.size,
                duration_ms=made.duration_ms,
                path=relative,
            )
        await exchange.ports.database.submit(partial(_announce, exchange, done))


def _announce(exchange: Exchange, row: records.Recording, connection: Connection) -> None:
    repository.update(connection, row)
    application = applications.get(connection, row.application_id)
    if application is None or row.status != "ready":
        return
    hook = Hook.of(application, "event_url")
    if row.event_url:
        hook = Hook.to(application, row.event_url, row.event_method or "POST")
    if hook is None:
        return
    exchange.ports.outbox.add(
        connection,
        account_id=row.account_id,
        application_id=row.application_id,
        order_key=f"conversation:{row.conversation_id}",
        kind="record",
        hook=hook,
        body=payloads.record(row, exchange.settings.recording_url(row.file_id), exchange.wall()),
    )
