"""`offhook ncco check FILE`: what is wrong with an NCCO, without placing a call."""

import json
import sys
from pathlib import Path

import click

from offhook.cli.context import as_json
from offhook.core.errors import Invalid
from offhook.ncco.document import check

ERROR = "error"


@click.group(name="ncco", help="Check NCCO documents.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("check")
@click.argument("file", type=click.Path(allow_dash=True))
@as_json
def check_(file: str, as_json: bool) -> None:
    """Check the NCCO in FILE (- for standard input); exit status 1 when the platform would refuse it."""
    findings = check(_document(file))
    if as_json:
        rows = [{"path": f.path, "severity": f.severity, "message": f.message} for f in findings]
        click.echo(json.dumps(rows, indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.severity}: {finding.path or 'document'}: {finding.message}")
        if not findings:
            click.echo("The NCCO is good.")
    if any(finding.severity == ERROR for finding in findings):
        sys.exit(1)


def _document(file: str) -> object:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("FILE", f"{file} cannot be read: {error}") from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("FILE", f"{file} is not valid JSON: {error}") from None
