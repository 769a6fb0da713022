"""After a crash of control: end the calls that nobody holds any more.

Every leg whose peer knows of it has a checkpoint (`checkpoints.py`): it is loaded into the new stack and hung
up, so that a callee who is still called gets a CANCEL (RFC 3261 §9.1) or, when he answers meanwhile, ACK and
BYE; a caller who is still waiting gets 503; and whoever talks gets a BYE in the right dialog (§15.1.1). The
checkpoint goes when the peer has answered. A leg without its last event gets `completed`, to the call's own
event URL. Recordings are the business of `recover_recordings.py`.
"""

import logging
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from offhook.calls import recover_recordings
from offhook.calls.endpoints.phone import readable_credentials_of
from offhook.calls.exchange import Exchange
from offhook.calls.routing import NO_APPLICATION, no_application
from offhook.calls.states import PLATFORM
from offhook.core.ids import node_of
from offhook.sip.commands import Credentials, HangUp
from offhook.storage import applications, checkpoints, conversations, legs, records, trunks
from offhook.webhooks import payloads
from offhook.webhooks.hook import Hook

log = logging.getLogger("offhook.calls")
CRASHED = 500
"""The `sip_code` of a leg that a crash ended."""
UNAVAILABLE = 503
"""What a caller is told whose call was not answered yet."""


async def recover(exchange: Exchange) -> int:
    """End every stored call of this node; gives how many were not over."""
    read, submit = exchange.ports.database.read, exchange.ports.database.submit
    node = exchange.settings.node
    for checkpoint in await read(checkpoints.list):
        if node_of(checkpoint.leg_id) == node:
            await _say_goodbye(exchange, checkpoint)
    mine = [leg for leg in await read(legs.unfinished) if node_of(leg.leg_id) == node]
    for leg in mine:
        await submit(partial(_complete, exchange, leg))
    if mine:
        log.warning("%d calls of the process before this one were ended", len(mine))
    await recover_recordings.start(exchange)
    return len(mine)


async def _say_goodbye(exchange: Exchange, checkpoint: records.Checkpoint) -> None:
    session = checkpoint.session
    try:
        exchange.ports.sip.load(session, checkpoint.dialog, await _credentials(exchange, checkpoint.trunk_id))
    except ValueError as error:
        log.error("the dialog of call %s cannot be read: %s", checkpoint.leg_id, error)
        await exchange.ports.database.submit(lambda c: checkpoints.delete(c, checkpoint.leg_id))
        return
    command = HangUp(session, status=UNAVAILABLE)
    exchange.trace.bare("sip.command", command)
    exchange.ports.sip.command(command)


async def _credentials(exchange: Exchange, trunk_id: str | None) -> Credentials | None:
    if trunk_id is None:
        return None
    trunk = await exchange.ports.database.read(lambda connection: trunks.get(connection, trunk_id))
    return None if trunk is None else readable_credentials_of(exchange, trunk)


def _complete(exchange: Exchange, leg: records.Leg, connection: Connection) -> None:
    """The end of one stored leg, with its `completed`. What ended it before the crash stays its cause."""
    wall = exchange.wall()
    over = replace(
        leg,
        status="completed",
        ended_at=leg.ended_at or wall,
        disconnected_by=leg.disconnected_by or PLATFORM,
        sip_code=leg.sip_code or CRASHED,
    )
    legs.update(connection, over)
    conversations.end(connection, leg.conversation_id, wall)
    hook = _hook(connection, leg)
    if hook is None:
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


def _hook(connection: Connection, leg: records.Leg) -> Hook | None:
    application = applications.get(connection, leg.application_id)
    if application is None and leg.application_id == NO_APPLICATION:
        application = no_application(leg.account_id)
    if application is None:
        return None
    if leg.event_url:
        return Hook.to(application, leg.event_url, leg.event_method or "")
    return Hook.of(application, "event_url")
