"""The rows and webhooks of calls: one transaction for a state change and what it causes.

The only module of the domain that touches the repositories for live calls. A transaction is submitted and
not waited for: the writer keeps the order in which they were submitted.
"""

from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from offhook.calls.conversation import Conversation
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.storage import conversations, legs, records
from offhook.webhooks.hook import Hook

Json = Any
Rows = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook that a transaction causes."""

    kind: str
    hook: Hook | None
    """None: nobody asked for it, and nothing is sent."""
    body: dict[str, Json]
    expects_ncco: bool = False


def submit(exchange: Exchange, leg: Leg, posts: list[Post], *rows: Rows) -> "Future[list[str]]":
    """Write `rows` and the deliveries of `posts` in one transaction; gives the delivery ids."""
    wanted = [post for post in posts if post.hook is not None]
    for post in wanted:
        line = {"kind": post.kind, "url": post.hook.url if post.hook else "", "body": post.body}
        exchange.trace.leg(leg, "webhook.out", line)

    def work(connection: Connection) -> list[str]:
        for row in rows:
            row(connection)
        return [_deliver(exchange, leg, post, connection) for post in wanted]

    def late(connection: Connection) -> None:
        """The same when nobody waits for a reply any more."""
        for row in rows:
            row(connection)
        for post in wanted:
            _deliver(exchange, leg, replace(post, expects_ncco=False), connection)

    return exchange.owed.submit(work, late)


def _deliver(exchange: Exchange, leg: Leg, post: Post, connection: Connection) -> str:
    delivery = exchange.ports.outbox.add(
        connection,
        account_id=leg.party.account_id,
        application_id=leg.party.application_id,
        order_key=leg.order_key,
        kind=post.kind,
        hook=post.hook,
        body=post.body,
        expects_ncco=post.expects_ncco,
    )
    return str(delivery.delivery_id)


def record_of(leg: Leg) -> records.Leg:
    """The row of a leg as it is now."""
    cause = leg.cause
    return records.Leg(
        leg_id=leg.leg_id,
        account_id=leg.party.account_id,
        application_id=leg.party.application_id,
        conversation_id=leg.conversation.conversation_id,
        direction=leg.party.direction,
        to=leg.party.to,
        from_=leg.party.from_,
        status=leg.status,
        created_at=leg.times.created_at,
        detail=cause.detail if cause else None,
        sip_code=cause.sip_code if cause else None,
        disconnected_by=cause.by if cause else None,
        started_at=leg.times.answered_at,
        ended_at=leg.times.ended_at,
        event_url=leg.hooks.event_url,
        event_method=leg.hooks.event_method,
        cause=cause.status if cause else None,
    )


def insert_leg(leg: Leg) -> Rows:
    record = record_of(leg)
    return lambda connection: legs.insert(connection, record)


def update_leg(leg: Leg) -> Rows:
    record = record_of(leg)
    return lambda connection: legs.update(connection, record)


def insert_conversation(conversation: Conversation, wall: int) -> Rows:
    record = records.Conversation(
        conversation_id=conversation.conversation_id,
        account_id=conversation.account_id,
        application_id=conversation.application_id,
        name=None if conversation.room is None else conversation.room.name,
        created_at=wall,
    )
    return lambda connection: conversations.insert(connection, record)


def end_conversation(conversation: Conversation, wall: int) -> Rows:
    identifier = conversation.conversation_id
    return lambda connection: conversations.end(connection, identifier, wall)
