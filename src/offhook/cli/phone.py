"""`offhook phone`: a virtual phone on the simulated carrier of a running server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from offhook import config
from offhook.cli.waiting import wait_for_carrier, wait_for_server
from offhook.config import Settings
from offhook.core.clock import SystemClock
from offhook.core.errors import Invalid, OffhookError
from offhook.core.ids import RandomIds
from offhook.simulator.behaviour import BUSY, DECLINES, NO_ANSWER, Answers, Behaviour, voicemail
from offhook.simulator.call import Call
from offhook.simulator.control import register
from offhook.simulator.phone import Phone
from offhook.simulator.places import CARRIER_SOCKET
from offhook.simulator.report import Report
from offhook.simulator.script import Script, parse
from offhook.simulator.wire import UdpWire
from offhook.speech.espeak import EspeakTTS

OWN_NUMBER = "15550100009"
BEHAVIOURS: dict[str, Behaviour] = {"busy": BUSY, "decline": DECLINES, "no-answer": NO_ANSWER}
SCRIPT_HELP = "What it does once connected, e.g. 'wait-speech; wait-silence; press 1; say \"hello\"; hangup'."


class CallFailed(OffhookError):  # noqa: N818 — read as a sentence
    """The phone's call did not do what its script wanted."""


@click.command(help="Be a virtual phone: call or answer, speak, press keys, record, report.")
@click.argument("number", default=OWN_NUMBER)
@click.option("--call", "to", metavar="TO", help="Call this number or SIP URI; else wait to be called.")
@click.option("--script", default="", help=SCRIPT_HELP)
@click.option("--answer-after", type=click.FloatRange(0, 120), default=1.0, show_default=True)
@click.option("--be", type=click.Choice([*BEHAVIOURS, "voicemail"]), help="Do not simply answer.")
@click.option("--record", type=click.Path(dir_okay=False), help="Write what is heard to a WAV file.")
@click.option("--calls", type=click.IntRange(1), help="End after so many calls were received.")
@click.option("--transport", type=click.Choice(["udp", "tcp"]), default="udp", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each call.")
def phone(number: str, to: str | None, as_json: bool, calls: int | None, **options: Any) -> None:
    script = parse(options["script"])
    if options["record"]:
        folder = Path(options["record"]).parent
        if not folder.is_dir():
            raise Invalid("--record", f"the folder {folder} does not exist")
        script = (*parse(f"record {json.dumps(str(Path(options['record']).absolute()))}"), *script)
    behaviour = _behaviour(options, script)
    settings = config.load()
    wait_for_server(settings)
    wait_for_carrier(settings)
    asyncio.run(_run(settings, number, to, script, behaviour, calls, options["transport"], as_json=as_json))


def command() -> click.Command:
    return phone


def _behaviour(options: dict[str, Any], script: Script) -> Behaviour:
    if options["be"] == "voicemail":
        return voicemail(record=options["record"])
    if options["be"]:
        return BEHAVIOURS[options["be"]]
    return Answers(options["answer_after"], script)


async def _run(
    settings: Settings,
    number: str,
    to: str | None,
    script: Script,
    behaviour: Behaviour,
    calls: int | None,
    transport: str,
    *,
    as_json: bool,
) -> None:
    engine = EspeakTTS()
    wire = UdpWire()
    host = settings.sip.hosts[0]
    own = Phone.on(wire, SystemClock(), RandomIds(), host, number, behaviour, transport=transport, tts=engine)
    held = await register(str(settings.run_dir / CARRIER_SOCKET), number, own.address)
    try:
        if to is not None:
            await _follow(own.call(to, held.platform, script), as_json=as_json)
        else:
            if not as_json:
                click.echo(f"{number} is ready; call it: offhook call {number}   (Ctrl-C ends)")
            await _answer(own, calls, held.lost, as_json=as_json)
    finally:
        await held.close()
        await own.close()
        await own.agent.close()
        await engine.close()


async def _answer(own: Phone, calls: int | None, lost: "asyncio.Task[bytes]", *, as_json: bool) -> None:
    """Follow calls one after another until enough came or the carrier is gone."""
    done = 0
    while calls is None or done < calls:
        coming = asyncio.ensure_future(own.next_call(86_400.0))
        await asyncio.wait({coming, lost}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            raise CallFailed("the server has stopped")
        try:
            await _follow(coming.result(), as_json=as_json)
        except CallFailed as error:
            click.echo(str(error), err=True)
        done += 1


async def _follow(call: Call, *, as_json: bool) -> None:
    """Say what happens in a call while it happens, then its report. Raises `CallFailed`."""
    watching = asyncio.ensure_future(_narrate(call)) if not as_json else None
    report = await call.done
    if watching is not None:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    if as_json:
        click.echo(json.dumps(report.summary()))
    else:
        _tell(report)
    refused = report.direction == "outbound" and report.answered_ms is None
    if refused and report.ending is not None:
        raise CallFailed(
            f"the call was refused with SIP status {report.ending.status} {report.ending.reason}"
        )
    if report.problems:
        raise CallFailed("; ".join(report.problems))


async def _narrate(call: Call) -> None:
    """Statuses, speech and keys as they come, ten times a second."""
    statuses = keys = 0
    speaking = False
    while True:
        for status in call.report.statuses[statuses:]:
            click.echo(f"{status.at_ms / 1000:7.2f} s  {status.status} {status.reason}")
        statuses = len(call.report.statuses)
        for key in call.report.keys[keys:]:
            click.echo(f"           key {key.key}")
        keys = len(call.report.keys)
        if call.media.heard.speaking != speaking:
            speaking = not speaking
            click.echo(f"           {'speech …' if speaking else 'silence'}")
        await asyncio.sleep(0.1)


def _tell(report: Report) -> None:
    if report.ending is not None:
        click.echo(f"{report.ending.at_ms / 1000:7.2f} s  ended by {report.ending.by} {report.ending.reason}")
    heard = sum(segment.duration_ms for segment in report.segments)
    click.echo(f"heard {heard / 1000:.1f} s of sound in {len(report.segments)} parts", nl=False)
    click.echo(
        f", keys {report.digits!r}, {report.lost} packets lost, longest gap {report.largest_gap_ms:.0f} ms"
    )
