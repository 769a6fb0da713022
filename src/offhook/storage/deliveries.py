"""Webhooks on their way: the rows of the outbox (`webhooks/outbox.py` sends them)."""

from sqlalchemy import Connection, Select, func, select

from offhook.core.errors import Conflict, NotFound
from offhook.storage import tables
from offhook.storage.mapping import Mapped, given, ordered
from offhook.storage.records import Delivery, Page

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"

_deliveries = Mapped(tables.deliveries, Delivery, "webhook")
_column = tables.deliveries.c

insert = _deliveries.insert
get = _deliveries.get
update = _deliveries.update
change = _deliveries.change


def last_sequence(connection: Connection) -> int:
    """The highest sequence of any delivery; 0 when there is none."""
    return connection.execute(select(func.max(_column.sequence))).scalar_one() or 0


Place = tuple[str, int]
"""An order key and a sequence: where a portion of `pending` ended."""


def pending(connection: Connection, *, after: Place = ("", 0), limit: int = 1000) -> "tuple[Delivery, ...]":
    """Deliveries not finished, key by key in order, in portions: `after` is where the last one ended."""
    key, sequence = after
    beyond = (_column.order_key > key) | ((_column.order_key == key) & (_column.sequence > sequence))
    where = [_column.state == PENDING, beyond]
    return tuple(
        _deliveries.all(connection, *where, order=[_column.order_key, _column.sequence], limit=limit)
    )


def list(
    connection: Connection,
    *,
    account_id: str | None = None,
    application_id: str | None = None,
    order_key: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    page_size: int = 10,
    record_index: int = 0,
    order: str = "desc",
) -> Page:
    """Deliveries by the time they were made, newest first unless told."""
    where = given(
        (_column.account_id, account_id),
        (_column.application_id, application_id),
        (_column.order_key, order_key),
        (_column.state, state),
        (_column.kind, kind),
    )
    keys = ordered(order, _column.created_at, _column.order_key, _column.sequence)
    return _deliveries.page(connection, *where, order=keys, limit=page_size, offset=record_index)


def requeued(connection: Connection, limit: int = 1000) -> "tuple[Delivery, ...]":
    """Deliveries that somebody wants to be sent again and that have not been, in the order of asking."""
    where = [_column.state == PENDING, _column.requeued_at.is_not(None)]
    return tuple(_deliveries.all(connection, *where, order=[_column.requeued_at], limit=limit))


def requeue(connection: Connection, delivery_id: str, wall: int) -> Delivery:
    """Make a failed delivery pending again and give it. `wall` is now, UTC µs.

    Raises NotFound, or Conflict for one that is not failed or whose answer would be an NCCO: the call that
    waited for it has gone on.
    """
    delivery = get(connection, delivery_id)
    if delivery is None:
        raise NotFound(f"there is no webhook {delivery_id}")
    if delivery.expects_ncco:
        raise Conflict(
            "this webhook asked for an NCCO that its call no longer waits for; it is not sent again"
        )
    if delivery.state != FAILED:
        raise Conflict(f"this webhook is {delivery.state}; only a failed one can be sent again")
    change(
        connection,
        delivery_id,
        state=PENDING,
        finished_at=None,
        last_error=None,
        last_status=None,
        requeued_at=wall,
    )
    renewed = get(connection, delivery_id)
    assert renewed is not None
    return renewed


def purge(connection: Connection, before: int, limit: int = 1000) -> int:
    """Remove up to `limit` deliveries that were finished before an instant; gives how many."""
    found = [row[0] for row in connection.execute(old(before, limit))]
    connection.execute(tables.deliveries.delete().where(_column.delivery_id.in_(found)))
    return len(found)


def old(before: int, limit: int) -> Select[tuple[str]]:
    """The ids of up to `limit` deliveries that were finished before an instant."""
    # What was finished then was made before; that is what the index knows.
    finished = [_column.state.in_((DELIVERED, FAILED)), _column.finished_at < before]
    return select(_column.delivery_id).where(*finished, _column.created_at < before).limit(limit)
