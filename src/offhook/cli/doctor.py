"""`offhook doctor`: check this machine and this installation, and say what to repair. Changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from offhook import config
from offhook.cli import doctor_installation as installation
from offhook.cli import doctor_machine as machine
from offhook.cli.context import as_json
from offhook.cli.doctor_machine import FAIL, OK, WARN, Finding
from offhook.core.errors import OffhookError

MARKS = {OK: "✓", WARN: "!", FAIL: "✗"}


class Unwell(OffhookError):  # noqa: N818 — read as a sentence
    """At least one check failed."""


@click.command(help="Check this machine and this installation, and say what to repair.")
@as_json
def doctor(as_json: bool) -> None:
    found = []
    for finding in examine(config.load()):
        found.append(finding)
        if not as_json:
            click.echo(line(finding))
    failed = [finding.name for finding in found if finding.level == FAIL]
    if as_json:
        click.echo(json.dumps({"ok": not failed, "checks": [asdict(each) for each in found]}, indent=2))
    if failed:
        raise Unwell(f"{len(failed)} of {len(found)} checks failed: {', '.join(failed)}")


def command() -> click.Command:
    return doctor


def examine(settings: config.Settings) -> Iterator[Finding]:
    """Every finding, as soon as it is there."""
    for check in machine.CHECKS:
        yield check()
    yield from installation.findings(settings)


def line(finding: Finding) -> str:
    """One finding as a line, and what to do below it."""
    text = f"{MARKS[finding.level]} {finding.level:4}  {finding.name}: {finding.text}"
    return f"{text}\n         → {finding.advice}" if finding.advice else text
