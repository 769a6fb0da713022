"""The demo's call: the example order line, two phones, and the story between them.

The example (examples/ivr) is served by this process, with a record of its webhooks in front. Nothing is taken
for granted: each step is checked from the audio and the webhooks that arrived.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from offhook.cli import apps
from offhook.cli.context import Workspace, workspace
from offhook.cli.demonstration.application import Recorder, Served, load
from offhook.cli.demonstration.caller import People
from offhook.cli.demonstration.instance import Instance
from offhook.cli.demonstration.outcome import Outcome
from offhook.cli.demonstration.places import HOST, Place
from offhook.cli.demonstration.played import PlayedPrompts
from offhook.cli.demonstration.story import KEPT, Story
from offhook.cli.init import ensure
from offhook.core.errors import NotFound
from offhook.storage import applications
from offhook.storage.records import Application

CALLER, OPERATOR = "15550100009", "15550100002"


async def show(instance: Instance, place: Place, folder: Path, outcome: Outcome, *, once: bool) -> None:
    """One call on an instance that starts; without `once`, then stay up until interrupted."""
    interrupted = _interrupts()
    if not await outcome.step("the platform starts", lambda: _started(instance, place)):
        return
    with workspace() as here:
        known = ensure(here)
        recorder = Recorder(load(folder).app)
        with pointed(here, known["application_id"], place.app_url):
            async with _serving(recorder, place.app_port):
                await _call(here, recorder, outcome, place, known)
                if not once and outcome.ok and not interrupted.is_set():
                    outcome.say(next_steps(place, known))
                    await interrupted.wait()


async def _started(instance: Instance, place: Place) -> str:
    await instance.ready()
    return f"HTTP {place.public_url}, SIP {HOST}:{place.sip_port}, the order line {place.app_url}"


async def _call(
    here: Workspace, recorder: Recorder, outcome: Outcome, place: Place, known: dict[str, Any]
) -> None:
    """Both phones, one call."""
    people = await People.at(here.settings.run_dir, HOST, (CALLER, OPERATOR))
    try:
        story = Story(
            here=here,
            webhooks=recorder,
            people=people,
            played=PlayedPrompts(place.data_dir),
            outcome=outcome,
            number=known["number"],
            platform=(HOST, place.sip_port),
        )
        await story.run()
    finally:
        await people.close()


@contextlib.asynccontextmanager
async def _serving(app: Any, port: int) -> AsyncIterator[None]:
    served = Served(app, port)
    await served.begin()
    try:
        yield
    finally:
        await served.stop()


@contextlib.contextmanager
def pointed(here: Workspace, application_id: str, url: str) -> Iterator[None]:
    """Let the application's webhooks go to the demo, and put them back afterwards."""
    before = apps.find(here, application_id)
    hooks = {"answer_url": f"{url}/answer", "event_url": f"{url}/events", "fallback_answer_url": ""}
    voice = apps.voice(before.capabilities.get("voice") or {}, hooks)
    _write(here, before, voice)
    try:
        yield
    finally:
        with contextlib.suppress(NotFound):
            now = apps.find(here, application_id)
            if now.capabilities.get("voice") == voice:
                _write(here, now, before.capabilities.get("voice") or {})


def _write(here: Workspace, application: Application, voice: dict[str, Any]) -> None:
    capabilities = {**application.capabilities, "voice": voice}
    values = {name: getattr(application, name) for name in application.__dataclass_fields__}
    changed = Application(**{**values, "capabilities": capabilities})
    here.database.transact(lambda c: applications.update(c, changed))


def _interrupts() -> asyncio.Event:
    """Set by Ctrl-C and by SIGTERM, so that everything ends in order."""
    event = asyncio.Event()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if event.is_set() and task is not None:
            task.cancel()
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return event


def next_steps(place: Place, known: dict[str, Any]) -> str:
    """What is running and what to try."""
    moved = " ".join(f"{name}={value}" for name, value in place.moved().items())
    export = f"    export {moved}\n" if moved else ""
    return f"""
The platform is running.
    API            {known["api_url"]}
    SIP            {HOST}:{place.sip_port}
    API key        {known["api_key"]}
    API secret     {known["api_secret"]}
    application    {known["application_id"]}
    private key    {known["private_key"]}
    number         {known["number"]}
    the message    {place.data_dir / KEPT}

Try, in another terminal:
    source {_activate()}
{export}    offhook phone --call {known["number"]} --script 'wait-speech; press 1; wait 2; press 777#; wait 9'
    offhook call 15550100007 --text "Good morning"
    offhook calls list        and then        offhook inspect UUID

Ctrl-C ends it.
"""


def _activate() -> str:
    return f"{os.environ.get('VIRTUAL_ENV', '.venv')}/bin/activate"
