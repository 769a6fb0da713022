"""A disk that fills up under a real instance: calls go on, recordings fail visibly, new calls wait for space.

The data directory is a small file system in memory, which takes the right to mount one.
"""

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.bad_servers import HERTZ, BadServers
from tests.real import Stage
from tests.witness import Witness

from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.instance import get_json
from offhook.core.tasks import outside

pytestmark = pytest.mark.interop
WITNESS, RECORDED, LATER = "15550700001", "15550700002", "15550700003"
BALLAST = "ballast"


@pytest.fixture(scope="module")
def small() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ofh-", dir="/tmp"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode != 0:
        folder.rmdir()
        pytest.skip("NOT RUN: a file system in memory cannot be mounted here (run as root)")
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path) -> None:
    """Until nothing more goes in."""
    with (folder / BALLAST).open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass


async def ready(stage: Stage, wanted: int) -> Any:
    """Until `/ready` answers with a status; its body."""
    async with asyncio.timeout(30):
        while True:
            status, body = await outside(get_json, f"{stage.place.public_url}/ready", 10.0)
            if status == wanted:
                return body
            await asyncio.sleep(0.2)


def test_a_full_disk_and_its_end(small: Path) -> None:
    stage = Stage(
        OFFHOOK_MEDIA__WORKERS="1", OFFHOOK_SHUTDOWN__GRACE="1", OFFHOOK_STORAGE__LEAST_FREE="2000000"
    )
    servers = BadServers()

    def answer(hook: Any) -> Any:
        if hook.fields.get("from") != RECORDED:
            return [{"action": "stream", "streamUrl": [servers.url("/tone.wav")], "loop": 0}]
        return [
            {"action": "record", "endOnKey": "#", "format": "wav", "eventUrl": [stage.url("/recorded")]},
            {"action": "stream", "streamUrl": [servers.url("/tone.wav")], "loop": 0},
        ]

    async def scene() -> None:
        await servers.open()
        stage.app.serve("/answer", answer)
        line = await stage.call_in(WITNESS)
        witness_leg = await stage.uuid_of(WITNESS)
        recorded = await stage.call_in(RECORDED)
        recorded_leg = await stage.uuid_of(RECORDED)
        await line.listen(2_000)
        witness = Witness(line, HERTZ)

        await outside(fill, small)
        body = await ready(stage, 503)
        text = " ".join(body["missing"])
        assert "disk" in text
        assert "free some space" in text
        status, _ = await outside(get_json, f"{stage.place.public_url}/health", 10.0)
        assert status == 200

        # The recording ends by itself, and its program goes on: the tone is heard.
        start = recorded.now_ms
        await recorded.listen(8_000)
        assert Witness(recorded, HERTZ).line.since(start).any()

        # What the database cannot take makes new calls wait.
        refused = await refused_once(stage)
        assert refused.ending.status == 503
        await line.listen(500)
        noticed = witness.noticed()
        print(f"\n[witness] a full disk: {noticed}")
        assert noticed.nothing(), str(noticed)

        (small / BALLAST).unlink()
        await ready(stage, 200)
        told = await stage.app.wait_for(lambda h: "could not be saved" in h.fields.get("reason", ""), 30)
        assert "No space left on device" in told.fields["reason"]
        later = await stage.call_in(LATER)
        for each in (line, recorded, later):
            each.call.hang_up()
        for leg in (witness_leg, recorded_leg, await stage.uuid_of(LATER)):
            await stage.told(leg)
            assert stage.statuses(leg) == ["started", "ringing", "answered", "completed"]

    try:
        stage.run(scene(), 180)
    finally:
        stage.run(servers.close())
        log = stage.instance.log.read_text(errors="replace")
        status = stage.close()
    assert status == 0, log[-3000:]


async def refused_once(stage: Stage) -> Any:
    """Calls until one is refused: the first ones may be what finds out that nothing can be written."""
    for n in range(10):
        phone = await stage.phone(f"1555070010{n}")
        call = phone.call(stage.known["number"], stage.platform)
        line = Line(call)
        async with asyncio.timeout(30):
            while line.call.report.answered_ms is None and not call.done.done():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        if call.done.done():
            return call.done.result()
        await line.listen(1_000)
        call.hang_up()
        await call.done
    raise AssertionError("ten calls were let in although the disk is full")
