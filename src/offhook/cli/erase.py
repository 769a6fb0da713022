"""`offhook erase`: everything that is stored of one call, or of one phone number, goes for good.

It works beside a running server and without one. What it removes, and what it cannot reach, is in
docs/guides/data.md.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic, sleep
from typing import Any

import click

from offhook.cli.context import Workspace, as_json, show_one, workspace
from offhook.cli.demonstration.places import held
from offhook.core import e164, journal_erasure
from offhook.core.errors import Conflict, NotFound
from offhook.core.journal_erasure import Erased, Wanted
from offhook.storage import erasure, recording_files
from offhook.storage.erasure import Plan

NAMED = 3
"""So many ids a refusal names."""
PATIENCE_S, POLL_S = 10.0, 0.25
"""How long webhooks that are being sent are waited for."""


@dataclass(slots=True)
class Report:
    """What was erased, or would be."""

    dry_run: bool
    calls: int = 0
    conversations: int = 0
    recordings: int = 0
    recorded_bytes: int = 0
    webhooks: int = 0
    masked_rows: dict[str, int] = field(default_factory=dict)
    journal: Erased = field(default_factory=Erased)
    log_emptied: bool | None = None
    """Whether the database's log of changes is empty, too; None: not tried."""

    def shown(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "calls": self.calls,
            "conversations": self.conversations,
            "recordings": self.recordings,
            "recorded_bytes": self.recorded_bytes,
            "webhooks": self.webhooks,
            "masked_rows": self.masked_rows,
            "journal_lines": self.journal.lines,
            "journal_lines_masked": self.journal.masked,
            "journal_files": self.journal.segments,
            "database_log_emptied": self.log_emptied,
        }


@click.command(help="Erase everything that is stored of a call or of a phone number.")
@click.option("--number", help="A phone number: all calls from it and to it, and the number everywhere else.")
@click.option("--call", "uuid", help="One call, by its uuid.")
@click.option("--dry-run", is_flag=True, help="Tell what would be erased and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--own", is_flag=True, help="The number may be one of this installation.")
@as_json
def erase(number: str | None, uuid: str | None, dry_run: bool, yes: bool, own: bool, as_json: bool) -> None:
    if (number is None) == (uuid is None):
        raise click.UsageError("give either --number or --call")
    with workspace() as here:
        plan = find(here, number, uuid, own=own)
        if not dry_run:
            plan = sent(here, plan, lambda: find(here, number, uuid, own=own))
        told = foretell(here, plan)
        if dry_run:
            show_one(told.shown(), machine=as_json)
            return
        if not yes:
            ask(told)
        show_one(carry_out(here, plan).shown(), machine=as_json)


def command() -> click.Command:
    return erase


def find(here: Workspace, number: str | None, uuid: str | None, *, own: bool) -> Plan:
    """The rows that are to go. Raises `Conflict` while a call is live, and for own numbers without `own`."""
    if number is not None:
        digits = e164.normalise(number, "--number")
        if not own and here.database.look(lambda c: erasure.owned(c, digits)):
            raise Conflict(
                f"{digits} is a number of this installation: every call to it and from it would go; "
                "give --own if that is what you want"
            )
        account = here.named_account()
        whose = account.account_id if account else None
        plan = here.database.look(lambda c: erasure.of_number(c, digits, whose))
    else:
        plan = here.database.look(lambda c: erasure.of_call(c, str(uuid)))
        if not plan.legs or here.visible(plan.legs[0]) is None:
            raise NotFound(f"there is no call {uuid}; see: offhook calls list")
    if plan.live:
        raise Conflict(
            f"{len(plan.live)} calls or recordings are not over yet: {_few(plan.live)}; end them first with: "
            "offhook calls hangup UUID"
        )
    return plan


def sent(here: Workspace, plan: Plan, again: Callable[[], Plan]) -> Plan:
    """The plan, once a running server has sent the webhooks in it. Raises `Conflict` when that takes long.

    What it has in its memory it would send, and write to the journal, after everything else is gone.
    """
    deadline = monotonic() + PATIENCE_S
    while plan.sending and held(here.settings.data_dir):
        if monotonic() > deadline:
            raise Conflict(
                f"{len(plan.sending)} webhooks of it are still being sent: {_few(plan.sending)}; run this "
                "again when they are delivered or given up: offhook webhooks list --state pending"
            )
        sleep(POLL_S)
        plan = again()
    return plan


def foretell(here: Workspace, plan: Plan) -> Report:
    """What carrying the plan out would do."""
    report = _counted(plan, dry_run=True)
    report.recorded_bytes = sum(row.size or 0 for row in plan.recordings)
    report.journal = _journal(here, plan, dry_run=True)
    return report


def ask(told: Report) -> None:
    """Let a person confirm; nobody there is a refusal."""
    if not sys.stdin.isatty():
        raise click.UsageError("erasing cannot be undone: give --yes, or --dry-run to see what would go")
    click.echo(json.dumps(told.shown(), indent=2), err=True)
    click.confirm("Erase this? It cannot be undone.", abort=True, err=True)


def carry_out(here: Workspace, plan: Plan) -> Report:
    """Erase: what leads to nothing else first. Cut short, it is found again and finished."""
    report = _counted(plan, dry_run=False)
    report.journal = _journal(here, plan, dry_run=False)
    for row in plan.recordings:
        report.recorded_bytes += recording_files.remove(here.settings.data_dir, row)
    while here.database.transact(lambda c: erasure.mask(c, plan)):
        continue
    for step in erasure.STEPS:
        start = 0
        while done := here.database.transact(lambda c, s=step, at=start: s(c, plan, at)):  # type: ignore[misc]
            start += done
    report.log_emptied = here.database.forget()
    return report


def _few(ids: list[str]) -> str:
    return ", ".join(ids[:NAMED]) + (" …" if len(ids) > NAMED else "")


def _counted(plan: Plan, *, dry_run: bool) -> Report:
    return Report(
        dry_run=dry_run,
        calls=len(plan.legs),
        conversations=len(plan.conversations),
        recordings=len(plan.recordings),
        webhooks=len(plan.deliveries),
        masked_rows=plan.masked,
    )


def _journal(here: Workspace, plan: Plan, *, dry_run: bool) -> Erased:
    def of_the_account(key: str | None) -> bool:
        """A line of nobody's call goes with everybody's."""
        owner = None if key is None else here.database.look(lambda c: erasure.owner_of(c, key))
        return owner is None or owner == plan.account_id

    wanted = Wanted(plan.keys, plan.number)
    if plan.account_id is not None:
        wanted = replace(wanted, masks=of_the_account)
    return journal_erasure.erase(here.settings.journal_dir, wanted, dry_run=dry_run)
