"""A call whose two legs live on different media workers: both hear each other over the link between them."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.real import Stage

from offhook.audio.levels import dbov
from offhook.audio.tones import sine
from offhook.cli.demonstration.caller import AMPLITUDE, Line
from offhook.cli.demonstration.hearing import find_tone, level_of
from offhook.core import journal_reader
from offhook.simulator.behaviour import Answers

pytestmark = pytest.mark.interop
CALLER, CALLEE = "15550400001", "15550400002"
NEVER_ANSWERED = "15550400092"


def workers_port(stage: Stage, leg: str) -> tuple[str, int]:
    """The worker process in which a leg's RTP socket is."""
    port = None
    for dated in journal_reader.read(stage.place.data_dir / "journal", leg):
        data = dated.line.data
        if dated.line.kind == "media.command" and data.get("type") == "OpenLeg":
            port = int(data["port"])
    assert port is not None
    wanted = f":{port:04X}"
    rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(wanted)}
    for name in ("media-0", "media-1"):
        for link in Path(f"/proc/{stage.instance.pid(name)}/fd").iterdir():
            try:
                if os.readlink(link) in inodes:
                    return name, port
            except OSError:
                continue
    raise AssertionError(f"no worker has port {port}")


def ringing(stage: Stage) -> str:
    """A call that rings, and keeps a media port reserved meanwhile."""
    body = {
        "to": [{"type": "phone", "number": NEVER_ANSWERED}],
        "from": {"type": "phone", "number": "15550100001"},
        "ncco": [{"action": "talk", "text": "never"}],
    }
    uuid = str(stage.rest("POST", "/v1/calls", body)["uuid"])
    stage.run(stage.told(uuid, "ringing"))
    return uuid


async def hung_up(line: Line) -> None:
    """On the stage's loop, where the phone lives."""
    line.call.hang_up()


def test_both_hear_each_other_across_workers(stage: Stage) -> None:
    """The caller's worker has two ports waiting; calls that ring take them, so the callee goes elsewhere."""
    stage.app.serve(
        "/answer",
        [
            {
                "action": "input",
                "type": ["dtmf"],
                "dtmf": {"maxDigits": 1, "timeOut": 10},
                "eventUrl": [stage.url("/connect")],
            }
        ],
    )
    stage.app.serve(
        "/connect",
        [
            {
                "action": "connect",
                "from": stage.known["number"],
                "endpoint": [{"type": "phone", "number": CALLEE}],
            }
        ],
    )
    first = stage.run(stage.call_in(CALLER))
    caller_leg = stage.run(stage.uuid_of(CALLER))
    others = [ringing(stage) for _ in range(4)]
    for uuid in (others[0], others[2]):  # the two at the worker that the caller is not at
        stage.rest("PUT", f"/v1/calls/{uuid}", {"action": "hangup"})
        stage.run(stage.told(uuid))

    async def scene() -> str:
        phone = await stage.phone(CALLEE, Answers(0.3))
        coming = asyncio.ensure_future(phone.next_call(60))
        await first.press("1")
        second = Line(await coming)
        await second.answered(45)
        await asyncio.sleep(0.6)
        start, other = first.now_ms, second.now_ms
        await asyncio.gather(first.tone(700, 1.5), second.tone(1900, 1.5))
        await asyncio.gather(first.listen(400), second.listen(400))
        for line, since, hertz in ((first, start, 1900), (second, other, 700)):
            heard = line.since(since)
            tone = find_tone(heard, hertz)
            assert tone is not None
            assert 1100 <= tone.duration_ms <= 1660  # a busy machine loses packets to lateness
            assert level_of(heard, tone) == pytest.approx(dbov(sine(hertz, 1000, AMPLITUDE)), abs=2)
        return await stage.uuid_of(CALLEE)

    callee_leg = stage.run(scene())
    try:
        here, there = workers_port(stage, caller_leg), workers_port(stage, callee_leg)
        assert here[0] != there[0]
    finally:
        stage.run(hung_up(first))
        for uuid in (others[1], others[3]):
            stage.rest("PUT", f"/v1/calls/{uuid}", {"action": "hangup"})
    for uuid in (caller_leg, callee_leg, others[1], others[3]):
        stage.run(stage.told(uuid))
