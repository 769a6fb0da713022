"""`offhook inspect UUID`: what happened in a call, as a ladder of five columns.

It draws the journal: every message, command and webhook of the call with its time, and the direction in
which it went. It needs no server.
"""

import json
from typing import Any

import click

from offhook.cli.context import as_json, when, workspace
from offhook.core import journal_reader
from offhook.core.errors import NotFound
from offhook.core.journal_reader import Dated
from offhook.storage import conversations, legs

COLUMNS = ("peer", "sip", "program", "media", "application")
WIDTH = 13
ROUTES = {
    "sip.in": ("peer", "sip"),
    "sip.out": ("sip", "peer"),
    "sip.event": ("sip", "program"),
    "sip.command": ("program", "sip"),
    "media.event": ("media", "program"),
    "media.command": ("program", "media"),
    "webhook.out": ("program", "application"),
    "webhook.in": ("application", "program"),
    "webhook.attempt": ("application", "program"),
    "ncco.event": ("program", "program"),
    "ncco.effect": ("program", "program"),
}
LEFT_OUT = {"type", "session", "leg", "headers", "flow", "call_id", "offer", "body", "application"}
LONGEST = 100


@click.command(help="Draw what happened in a call as a ladder.")
@click.argument("uuid")
@click.option("--kind", "kinds", multiple=True, help="Only lines whose kind begins with this; repeat.")
@click.option("--full", is_flag=True, help="Show whole messages instead of one line each.")
@as_json
def inspect(uuid: str, kinds: tuple[str, ...], full: bool, as_json: bool) -> None:
    with workspace() as here:
        leg = here.database.look(lambda c: legs.get(c, uuid))
        room = here.database.look(lambda c: conversations.get(c, uuid))
        hidden = here.named_account() is not None and here.visible(leg or room) is None
        found = [] if hidden else journal_reader.read(here.settings.journal_dir, uuid)
        found = [each for each in found if not kinds or each.line.kind.startswith(kinds)]
        if as_json:
            click.echo(json.dumps([_machine(each) for each in found], indent=2))
            return
        if not found:
            raise NotFound(f"the journal has no lines of {uuid}; see: offhook calls list")
        if leg is not None:
            click.echo(f"{leg.direction} call {uuid}: {leg.status}")
            click.echo(f"conversation {leg.conversation_id}, created {when(leg.created_at)}\n")
        click.echo(" " * 11 + "".join(name.center(WIDTH) for name in COLUMNS))
        start = found[0].wall
        for each in found:
            click.echo(draw(each, start, full=full))


def command() -> click.Command:
    return inspect


def draw(dated: Dated, start: int, *, full: bool) -> str:
    """One line of the ladder: seconds since the first line, the arrow, what it was."""
    line = dated.line
    source, target = ROUTES.get(line.kind, ("program", "program"))
    text = f"{(dated.wall - start) / 1e6:9.3f}  {arrow(COLUMNS.index(source), COLUMNS.index(target))}  "
    text += sentence(line.kind, line.data)
    if full:
        text += "\n" + json.dumps(line.data, indent=2, default=str)
    return text


def arrow(source: int, target: int) -> str:
    """`│` at every column and an arrow from one to the other."""
    cells = [" "] * (WIDTH * len(COLUMNS))
    places = [WIDTH * index + WIDTH // 2 for index in range(len(COLUMNS))]
    for place in places:
        cells[place] = "│"
    low, high = sorted((places[source], places[target]))
    for place in range(low + 1, high):
        cells[place] = "─"
    if source == target:
        cells[places[source]] = "●"
    elif source < target:
        cells[high - 1] = "▶"
    else:
        cells[low + 1] = "◀"
    return "".join(cells)


def sentence(kind: str, data: Any) -> str:
    """What a line says, short: its type and the members that matter."""
    if not isinstance(data, dict):
        return f"{kind} {data}"
    if kind in ("sip.in", "sip.out"):
        return f"{_first_line(data)}  {data.get('flow', '')}"
    if kind == "webhook.attempt":
        outcome = data.get("status") or data.get("error")
        return f"{outcome}  to {data.get('kind')}, attempt {data.get('attempt')}, {data.get('url')}"
    name = data.get("type") or data.get("kind") or kind
    shown = [f"{key}={_short(value)}" for key, value in data.items() if key not in LEFT_OUT and _worth(value)]
    if isinstance(data.get("body"), dict):
        body = data["body"]
        shown = [
            f"{key}={_short(body[key])}" for key in ("status", "dtmf", "reason") if body.get(key)
        ] + shown
    text = f"{name}  {' '.join(shown)}".rstrip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _first_line(data: dict[str, Any]) -> str:
    """The request or status line of a SIP message."""
    return str(data.get("message", "")).partition("\r\n")[0].removesuffix(" SIP/2.0")


def _worth(value: Any) -> bool:
    return value not in (None, "", [], {}, False)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def _machine(dated: Dated) -> dict[str, Any]:
    line = dated.line
    return {
        "at": when(dated.wall),
        "node": line.node,
        "seq": line.seq,
        "leg": line.leg,
        "conversation": line.conversation,
        "kind": line.kind,
        "data": line.data,
    }
