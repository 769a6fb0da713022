"""`offhook call`: place a call to a number, say something, and follow it to its end."""

import time
from typing import Any

import click

from offhook.cli.context import Workspace, as_json, show_one, workspace
from offhook.cli.rest import request
from offhook.cli.waiting import wait_for_server
from offhook.core.errors import NotFound
from offhook.storage import applications, numbers

POLL = 0.3
OVER = {"completed", "busy", "cancelled", "failed", "rejected", "timeout", "unanswered"}


@click.command(help="Place a call to a number and say something.")
@click.argument("to")
@click.option("--text", default="This is a call from Offhook. Good bye.", show_default=True)
@click.option("--answer-url", metavar="URL", help="Run this application's NCCO instead of saying the text.")
@click.option("--from", "from_", help="One of your numbers; default: the first.")
@click.option("--app-id", help="The application whose call it is; default: the first one of the account.")
@click.option("--ringing-timer", type=click.IntRange(1, 120), default=60, show_default=True)
@click.option("--no-wait", is_flag=True, help="Do not wait for the end of the call.")
@as_json
def call(
    to: str,
    text: str,
    answer_url: str | None,
    from_: str | None,
    app_id: str | None,
    ringing_timer: int,
    no_wait: bool,
    as_json: bool,
) -> None:
    with workspace() as here:
        body: dict[str, Any] = {
            "to": [_endpoint(to)],
            "from": {"type": "phone", "number": from_ or first_number(here)},
            "ringing_timer": ringing_timer,
        }
        if answer_url:
            body["answer_url"] = [answer_url]
        else:
            body["ncco"] = [{"action": "talk", "text": text}]
        speaker = app_id or first_application(here)
        wait_for_server(here.settings)
        made = request(here, "POST", "/v1/calls", body, application_id=speaker)
        if no_wait:
            show_one(made, machine=as_json)
            return
        seen = ""
        while True:
            found = request(here, "GET", f"/v1/calls/{made['uuid']}", application_id=speaker)
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


def first_number(here: Workspace) -> str:
    """The number that `init` made, or the first one of the account that `--account` names."""
    account = here.named_account()
    if account is None:
        return str(here.remembered()["number"])
    found = here.database.look(lambda c: numbers.list(c, account_id=account.account_id, page_size=1)).rows
    if not found:
        raise NotFound(f"{account.api_key} has no number; give it one with: offhook numbers create MSISDN")
    return str(found[0].msisdn)


def first_application(here: Workspace) -> str:
    """The same for applications."""
    account = here.named_account()
    if account is None:
        return str(here.remembered()["application_id"])
    found = here.database.look(
        lambda c: applications.list(c, account_id=account.account_id, page_size=1)
    ).rows
    if not found:
        raise NotFound(f"{account.api_key} has no application; make one: offhook apps create --name NAME")
    return str(found[0].application_id)


def _endpoint(to: str) -> dict[str, str]:
    if to.startswith(("sip:", "sips:")):
        return {"type": "sip", "uri": to}
    return {"type": "phone", "number": to.removeprefix("+")}
