"""`offhook call`: place a call to a number, say something, and follow it to its end."""

import time
from typing import Any

import click

from offhook.cli.context import as_json, show_one, workspace
from offhook.cli.rest import request
from offhook.cli.waiting import wait_for_server

POLL = 0.3
OVER = {"completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered"}


@click.command(help="Place a call to a number and say something.")
@click.argument("to")
@click.option("--text", default="This is a call from Offhook. Good bye.", show_default=True)
@click.option("--answer-url", metavar="URL", help="Run this application's NCCO instead of saying the text.")
@click.option("--from", "from_", help="One of your numbers; default: the first.")
@click.option("--ringing-timer", type=click.IntRange(1, 120), default=60, show_default=True)
@click.option("--no-wait", is_flag=True, help="Do not wait for the end of the call.")
@as_json
def call(
    to: str,
    text: str,
    answer_url: str | None,
    from_: str | None,
    ringing_timer: int,
    no_wait: bool,
    as_json: bool,
) -> None:
    with workspace() as here:
        body: dict[str, Any] = {
            "to": [_endpoint(to)],
            "from": {"type": "phone", "number": from_ or here.remembered()["number"]},
            "ringing_timer": ringing_timer,
        }
        if answer_url:
            body["answer_url"] = [answer_url]
        else:
            body["ncco"] = [{"action": "talk", "text": text}]
        wait_for_server(here.settings)
        made = request(here, "POST", "/v1/calls", body)
        if no_wait:
            show_one(made, machine=as_json)
            return
        seen = ""
        while True:
            found = request(here, "GET", f"/v1/calls/{made['uuid']}")
            if found["status"] != seen and not as_json:
                seen = found["status"]
                click.echo(f"{made['uuid']}  {seen}")
            if found["status"] in OVER and "end_time" in found:
                break
            time.sleep(POLL)
        if as_json:
            show_one(found, machine=True)


def command() -> click.Command:
    return call


def _endpoint(to: str) -> dict[str, str]:
    if to.startswith(("sip:", "sips:")):
        return {"type": "sip", "uri": to}
    return {"type": "phone", "number": to.removeprefix("+")}
