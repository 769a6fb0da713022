"""`offhook demo`: the whole platform on loopback, one real call through it, and what was heard.

The platform runs as `offhook serve` in processes of its own and is started before anything else is imported,
because both take seconds; `demonstration/show.py` makes the call and checks it.
"""

import asyncio
import os
import shutil
from pathlib import Path

import click

from offhook.cli.demonstration.instance import Instance
from offhook.cli.demonstration.outcome import Outcome, complain
from offhook.cli.demonstration.places import Place, choose, example
from offhook.core.errors import OffhookError

OPERATOR = "15550100002"
LOG = "demo-serve.log"


class DemoFailed(OffhookError):  # noqa: N818 — read as a sentence
    """The call of the demo did not do all of it."""


@click.command(help="Start everything on loopback, make one real call and show what happened.")
@click.option("--once", is_flag=True, help="End after the call: status 0 when all of it was heard.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; implies --once.")
def demo(once: bool, as_json: bool) -> None:
    folder = example("ivr")
    once = once or as_json
    wanted = os.environ.get("OFFHOOK_DATA_DIR")
    place = choose(once=once, wanted=Path(wanted) if wanted else None)
    os.environ.update(place.environment() | {"OPERATOR_NUMBER": OPERATOR})
    outcome = Outcome(quiet=as_json)
    try:
        asyncio.run(_run(place, folder, outcome, once=once))
    finally:
        if place.temporary and outcome.ok:
            shutil.rmtree(place.data_dir, ignore_errors=True)
    if as_json:
        click.echo(outcome.as_json())
    if not outcome.ok:
        raise DemoFailed(f"{outcome.failure()}\nThe data is kept in {place.data_dir}, see {LOG} there")


def command() -> click.Command:
    return demo


async def _run(place: Place, folder: Path, outcome: Outcome, *, once: bool) -> None:
    """From the first process to the end of the last."""
    for note in place.notes:
        outcome.say(f"· {note}")
    outcome.say(f"· data in {place.data_dir}")
    instance = Instance(place.environment(), place.data_dir / LOG)
    await instance.start()
    try:
        from offhook.cli.demonstration.show import show  # heavy: imported while the platform starts

        await show(instance, place, folder, outcome, once=once)
        outcome.say("· stopping")
    finally:
        status = await instance.stop()
        if status != 0:
            complain(f"the server ended with status {status}; see {instance.log}")
