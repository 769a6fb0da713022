"""`offhook drain`: let a running server finish its calls and end."""

import json
import math
import os
import signal
import time
import urllib.error
import urllib.request
from typing import Any

import click

from offhook import config, drain
from offhook.cli.demonstration.places import held
from offhook.config import Settings
from offhook.core.clock import SystemClock
from offhook.core.errors import NotFound

LOOK_EVERY = 0.5
MICROSECONDS = 1_000_000
MOST = 31_536_000
"""Seconds of a year."""


class Seconds(click.FloatRange):
    """No NaN, which is in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if math.isnan(found):
            self.fail("is not a number of seconds", param, ctx)
        return found


@click.command(help="Take no new calls, and end the server when the last call is over.")
@click.option("--timeout", type=Seconds(0, MOST), help="Seconds after which calls still up are ended.")
@click.option("--undo", is_flag=True, help="Take calls again; the server goes on.")
@click.option("--wait/--no-wait", default=True, help="Wait until the server has ended.  [default: wait]")
def command_(timeout: float | None, undo: bool, wait: bool) -> None:
    if undo and timeout is not None:
        raise click.UsageError("--undo takes no --timeout")
    settings = config.load()
    supervisor = _supervisor(settings)
    if undo:
        if not drain.undo(settings.run_dir):
            raise NotFound("the server is not being drained")
        os.kill(supervisor, signal.SIGUSR1)
        click.echo("The server takes calls again.")
        return
    until = None if timeout is None else SystemClock().wall() + round(timeout * MICROSECONDS)
    drain.ask(settings.run_dir, drain.Wish(until))
    os.kill(supervisor, signal.SIGUSR1)
    if wait:
        _follow(settings)
    else:
        click.echo("The server takes no new calls and ends when the last one is over.")


def command() -> click.Command:
    return command_


def _supervisor(settings: Settings) -> int:
    """The process to be told. Raises NotFound when no server has the data directory."""
    try:
        pid = int((settings.run_dir / "supervisor.pid").read_text())
    except (OSError, ValueError):
        pid = 0
    if not pid or not held(settings.data_dir):
        raise NotFound(f"no server runs on {settings.data_dir}; see OFFHOOK_DATA_DIR")
    return pid


def _follow(settings: Settings) -> None:
    """Say what is still up whenever that changes, until the server has ended or the drain was undone."""
    said = ""
    while held(settings.data_dir):
        if drain.asked(settings.run_dir) is None:
            if held(settings.data_dir):
                click.echo("Somebody has undone the drain: the server goes on.")
            return
        now = _state(settings)
        if now and now != said:
            click.echo(now)
            said = now
        time.sleep(LOOK_EVERY)
    click.echo("The server has ended.")


def _state(settings: Settings) -> str:
    """What `/ready` says about the drain; empty when it says nothing."""
    try:
        with urllib.request.urlopen(f"{settings.local_url}/ready", timeout=2):
            return ""
    except urllib.error.HTTPError as answer:
        with answer:
            return _line(answer.read())
    except OSError:
        return ""


def _line(body: bytes) -> str:
    try:
        missing = json.loads(body).get("missing", [])
    except (ValueError, AttributeError):
        return ""
    return next((str(line) for line in missing if "drain" in str(line)), "")
