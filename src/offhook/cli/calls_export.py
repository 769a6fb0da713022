"""`offhook calls export`: call records as CSV or JSON, a portion at a time, however many there are."""

import contextlib
import csv
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from offhook.cli.context import Workspace, when, workspace
from offhook.core import e164
from offhook.core.clock import US_PER_SECOND
from offhook.core.money import UNITS
from offhook.storage import legs
from offhook.storage.parties import is_party
from offhook.storage.records import Leg

PORTION = 1000
COLUMNS = (
    "uuid",
    "conversation_uuid",
    "application_id",
    "direction",
    "from",
    "to",
    "status",
    "detail",
    "sip_code",
    "disconnected_by",
    "created",
    "answered",
    "ended",
    "seconds",
    "rate",
    "price",
    "network",
)
FORMULA = ("=", "+", "-", "@", "\t")
"""A cell that begins so is run by spreadsheets; callers choose what some cells begin with."""


@click.command()
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen."
)
@click.option(
    "--date-start", metavar="DATE", help="Calls made then or later: 2026-11-01, or with a time, in UTC."
)
@click.option("--date-end", metavar="DATE", help="Calls made before then.")
@click.option("--application-id", help="Calls of one application.")
@click.option("--number", help="Calls from or to one number.")
def export(
    kind: str,
    output: Path | None,
    date_start: str | None,
    date_end: str | None,
    application_id: str | None,
    number: str | None,
) -> None:
    """Write call records, the oldest first."""
    start, end = instant(date_start, "--date-start"), instant(date_end, "--date-end")
    if start is not None and end is not None and end <= start:
        raise click.BadParameter("must come after --date-start", param_hint="--date-end")
    filters = {
        "application_id": application_id,
        "number": None if number is None else e164.normalise(number, "--number"),
        "date_start": start,
        "date_end": end,
    }
    with workspace() as here:
        records = _told(found(here, filters))
        with _target(output) as file:
            (_write_csv if kind == "csv" else _write_json)(file, records)


def found(here: Workspace, filters: dict[str, Any]) -> Iterator[Leg]:
    """The legs, read portion by portion; a running server is not held up between two."""
    account_id = here.account().account_id
    place: legs.Place = (-1, "")
    number = filters["number"]
    while True:
        portion = here.database.look(
            lambda c, at=place: legs.after(c, at, account_id=account_id, limit=PORTION, **filters)  # type: ignore[misc]
        )
        for leg in portion:
            if number is None or is_party(leg, number):
                yield leg
        if len(portion) < PORTION:
            return
        place = (portion[-1].created_at, portion[-1].leg_id)


def instant(text: str | None, option: str) -> int | None:
    """UTC microseconds of what a person wrote. Raises a usage error."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a date such as 2026-11-01 or 2026-11-01T15:00:00", param_hint=option
        ) from None
    read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    return round(read.timestamp() * US_PER_SECOND)


def record(leg: Leg) -> dict[str, Any]:
    """One call record; amounts are text with eight decimals, as REST has them."""
    talked = None
    if leg.started_at is not None and leg.ended_at is not None:
        talked = round((leg.ended_at - leg.started_at) / US_PER_SECOND, 3)
    values = (
        leg.leg_id,
        leg.conversation_id,
        leg.application_id,
        leg.direction,
        _party(leg.from_),
        _party(leg.to),
        leg.shown_status,
        leg.detail,
        leg.sip_code,
        leg.disconnected_by,
        when(leg.created_at),
        when(leg.started_at),
        when(leg.ended_at),
        talked,
        _money(leg.rate),
        _money(leg.price),
        leg.network,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _write_csv(file: TextIO, records: Iterator[dict[str, Any]]) -> None:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in records:
        rows.writerow([_cell(value) for value in each.values()])


def _write_json(file: TextIO, records: Iterator[dict[str, Any]]) -> None:
    """One array, one record to a line."""
    before = "[\n"
    for each in records:
        file.write(before + json.dumps(each))
        before = ",\n"
    file.write("[]\n" if before == "[\n" else "\n]\n")


@contextlib.contextmanager
def _target(output: Path | None) -> Iterator[TextIO]:
    """The screen, or a file that only its owner can read and that is there when it is whole."""
    if output is None:
        yield sys.stdout
        return
    beside = output.with_name(f".{output.name}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)


def _told(found: Iterator[Leg]) -> Iterator[dict[str, Any]]:
    """The records; a person at a terminal sees how far it is, and everybody how many there were."""
    count = 0
    live = sys.stderr.isatty()
    for count, leg in enumerate(found, 1):
        if live and count % PORTION == 0:
            click.echo(f"\r{count} calls, up to {when(leg.created_at)}", err=True, nl=False)
        yield record(leg)
    click.echo(("\r" if live and count >= PORTION else "") + f"{count} calls exported.", err=True)


def _cell(value: Any) -> Any:
    """One line: a break inside a cell would begin a row, with whatever follows it as a first cell."""
    if not isinstance(value, str):
        return value
    line = value.replace("\r", " ").replace("\n", " ")
    return "'" + line if line.lstrip(" ").startswith(FORMULA) else line


def _party(endpoint: dict[str, Any]) -> str:
    return str(endpoint.get("number") or endpoint.get("uri") or endpoint.get("user") or "")


def _money(units: int) -> str:
    return f"{units // UNITS}.{units % UNITS:08d}"
