"""What the rows know of one call, or of one phone number, and how it goes.

`find` reads without changing anything and gives a `Plan`; the functions after it carry one out, each a
portion to a transaction. Legs go last: they lead to everything else, so that an erasure which was cut short
is found again. Files and the journal are not here (`recording_files.py`, `core/journal_erasure.py`).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, func, select, type_coerce, update

from offhook.storage import conversations, deliveries, legs, recordings, tables
from offhook.storage.engines import overwrite_removed
from offhook.storage.parties import is_party, mentions, whole
from offhook.storage.records import Leg, Recording

PORTION = 500
MASK = "x"
"""Stands for each digit of an erased number in rows that stay."""

_leg, _talk, _sound, _hook = (
    tables.legs.c,
    tables.conversations.c,
    tables.recordings.c,
    tables.deliveries.c,
)
MASKED: tuple[tuple[Table, tuple[Column[Any], ...], ColumnElement[bool]], ...] = (
    (tables.legs, (_leg.to, _leg.from_, _leg.detail, _leg.event_url), _leg.status.in_(legs.LAST)),
    (tables.conversations, (_talk.name,), _talk.ended_at.is_not(None)),
    (tables.recordings, (_sound.event_url,), _sound.status.in_(recordings.OVER)),
    (tables.deliveries, (_hook.url, _hook.body, _hook.last_error), _hook.state != deliveries.PENDING),
)
"""Where rows that stay may hold a number, and which of them nobody needs as they are any more."""


@dataclass(slots=True)
class Plan:
    """The rows that are to go."""

    number: str | None = None
    account_id: str | None = None
    """Whose rows: those of this account, or all."""
    legs: list[Leg] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    """Conversations that nobody is left of."""
    recordings: list[Recording] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    sending: list[str] = field(default_factory=list)
    """Those of them that a server has still to send."""
    masked: dict[str, int] = field(default_factory=dict)
    """Table → rows that stay, without the number."""

    @property
    def live(self) -> list[str]:
        """Legs and recordings that are not over yet."""
        return [leg.leg_id for leg in self.legs if leg.status not in legs.LAST] + [
            row.recording_id for row in self.recordings if row.status not in recordings.OVER
        ]

    @property
    def keys(self) -> frozenset[str]:
        """What the journal knows them by."""
        return frozenset([leg.leg_id for leg in self.legs] + self.conversations)


def of_call(connection: Connection, leg_id: str) -> Plan:
    """What there is of one call; an empty plan when there is none."""
    leg = legs.get(connection, leg_id)
    return Plan() if leg is None else _complete(connection, Plan(legs=[leg]))


def of_number(connection: Connection, number: str, account_id: str | None = None) -> Plan:
    """What there is of every call from or to a number, and of the number in the rows of others.

    With an account, of its calls and in its rows alone.
    """
    plan = Plan(number=number, account_id=account_id)
    place: legs.Place = (-1, "")
    while portion := legs.after(connection, place, number=number, account_id=account_id, limit=PORTION):
        place = (portion[-1].created_at, portion[-1].leg_id)
        plan.legs += [leg for leg in portion if is_party(leg, number)]
    _complete(connection, plan)
    for rule in MASKED:
        if count := sum(1 for _ in _masked_rows(connection, plan, *rule)):
            plan.masked[rule[0].name] = count
    return plan


def remove_deliveries(connection: Connection, plan: Plan, start: int) -> int:
    """Remove a portion of the plan's webhooks, from `start`; gives how many it looked at."""
    return _remove(connection, tables.deliveries, plan.deliveries[start : start + PORTION])


def remove_recordings(connection: Connection, plan: Plan, start: int) -> int:
    """The same for recordings, whose audio is gone."""
    ids = [row.recording_id for row in plan.recordings[start : start + PORTION]]
    return _remove(connection, tables.recordings, ids)


def remove_conversations(connection: Connection, plan: Plan, start: int) -> int:
    """The same for conversations."""
    return _remove(connection, tables.conversations, plan.conversations[start : start + PORTION])


def remove_legs(connection: Connection, plan: Plan, start: int) -> int:
    """The same for legs."""
    return _remove(connection, tables.legs, [leg.leg_id for leg in plan.legs[start : start + PORTION]])


STEPS: tuple[Callable[[Connection, Plan, int], int], ...] = (
    remove_deliveries,
    remove_recordings,
    remove_conversations,
    remove_legs,
)
"""In this order."""


def mask(connection: Connection, plan: Plan) -> int:
    """Take the number out of a portion of the rows that stay; gives how many, 0 when there are no more."""
    overwrite_removed(connection)
    done = 0
    for table, columns, over in MASKED:
        key = next(iter(table.primary_key.columns))
        for row_id, values in list(islice(_masked_rows(connection, plan, table, columns, over), PORTION)):
            texts = {name: type_coerce(text, Text) for name, text in values.items()}
            connection.execute(update(table).where(key == row_id).values(texts))
            done += 1
    return done


def _complete(connection: Connection, plan: Plan) -> Plan:
    """Everything that hangs on the plan's legs."""
    going = {leg.leg_id for leg in plan.legs}
    talks = sorted({leg.conversation_id for leg in plan.legs})
    plan.conversations = [talk for talk in talks if _left(connection, talk, going) == 0]
    found = {row.recording_id: row for ids in _portions(talks) for row in recordings.of(connection, ids)}
    plan.recordings = list(found.values())
    keys = [f"leg:{leg_id}" for leg_id in sorted(going)]
    keys += [f"conversation:{talk}" for talk in plan.conversations]
    column = tables.deliveries.c
    for some in _portions(keys):
        query = select(column.delivery_id, column.state).where(column.order_key.in_(some))
        for delivery_id, state in connection.execute(query):
            plan.deliveries.append(delivery_id)
            if state == deliveries.PENDING:
                plan.sending.append(delivery_id)
    return plan


def _left(connection: Connection, conversation_id: str, going: set[str]) -> int:
    """How many legs a conversation has besides those that go."""
    column = tables.legs.c
    rows = connection.execute(select(column.leg_id).where(column.conversation_id == conversation_id))
    return len({row[0] for row in rows} - going)


def _masked_rows(
    connection: Connection,
    plan: Plan,
    table: Table,
    columns: Sequence[Column[Any]],
    over: ColumnElement[bool],
) -> Iterator[tuple[str, dict[str, str]]]:
    """The key and the changed texts of rows that hold the number and do not go."""
    if plan.number is None:
        return
    pattern, key = whole(plan.number), next(iter(table.primary_key.columns))
    going = _going(table, plan)
    texts = [type_coerce(column, Text).label(f"text{n}") for n, column in enumerate(columns)]
    query = select(key, *texts).where(mentions(plan.number, *columns), over).order_by(key)
    if plan.account_id is not None:
        query = query.where(table.c.account_id == plan.account_id)
    for row_id, *values in connection.execute(query):
        changed = {
            column.key: _without(pattern, text, column)
            for column, text in zip(columns, values, strict=True)
            if text and pattern.search(text)
        }
        if changed and row_id not in going:
            yield row_id, changed


def _without(pattern: re.Pattern[str], text: str, column: Column[Any]) -> str:
    """The text with every digit of the number masked; JSON stays JSON."""
    changed = pattern.sub(lambda found: MASK * len(found[0]), text)
    if isinstance(column.type, tables.JsonText):
        try:
            json.loads(changed)
        except ValueError:  # it was a number in JSON, too
            return '{"erased":true}'
    return changed


def _going(table: Table, plan: Plan) -> set[str]:
    if table is tables.legs:
        return {leg.leg_id for leg in plan.legs}
    if table is tables.conversations:
        return set(plan.conversations)
    return set(plan.deliveries) if table is tables.deliveries else {r.recording_id for r in plan.recordings}


def _remove(connection: Connection, table: Table, ids: Sequence[str]) -> int:
    overwrite_removed(connection)
    key = next(iter(table.primary_key.columns))
    connection.execute(table.delete().where(key.in_(ids)))
    return len(ids)


def _portions(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + PORTION] for start in range(0, len(values), PORTION))


def owned(connection: Connection, number: str) -> bool:
    """Whether a number is one of this installation: every call to it would be a call of that number."""
    where = tables.numbers.c.msisdn == number
    return bool(
        connection.execute(select(func.count()).select_from(tables.numbers).where(where)).scalar_one()
    )


def owner_of(connection: Connection, key: str) -> str | None:
    """The account of a leg or of a conversation; None where there is neither."""
    found = legs.get(connection, key) or conversations.get(connection, key)
    return None if found is None else found.account_id
