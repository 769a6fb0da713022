"""S03 on real sockets: a file, speech and keys played into a live call by REST."""

import asyncio
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.real import Stage

from offhook.audio.levels import dbov
from offhook.audio.tones import sine
from offhook.cli.demonstration.hearing import find_tone, level_of
from offhook.testing.files import wav

pytestmark = pytest.mark.interop
LOUDNESS = 6_000.0


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing about it."""

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line."""


@pytest.fixture
def tune(tmp_path: Path) -> Iterator[str]:
    """The URL of 0.8 s of 800 Hz."""
    (tmp_path / "tune.wav").write_bytes(wav(sine(800.0, 800, LOUDNESS)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tune.wav"
    server.shutdown()
    thread.join()
    server.server_close()


def test_s03_play_into_a_live_call(stage: Stage, tune: str) -> None:
    stage.app.serve("/answer", [{"action": "conversation", "name": "s03"}])

    async def ask(method: str, path: str, body: Any = None) -> Any:
        return await asyncio.to_thread(stage.rest, method, path, body)

    async def scene() -> None:
        line = await stage.call_in("15550700001")
        other = await stage.call_in("15550700002")
        uuid = await stage.uuid_of("15550700001")
        told = len(stage.app.webhooks)
        call = f"/v1/calls/{uuid}"
        before = len(stage.events(uuid))
        since = line.now_ms
        asked = {"stream_url": [tune], "loop": 0, "level": "0.4"}
        assert await ask("PUT", f"{call}/stream", asked) == {"message": "Stream started", "uuid": uuid}
        await line.listen(4_000)
        stopped = line.now_ms
        assert await ask("DELETE", f"{call}/stream") == {"message": "Stream stopped", "uuid": uuid}
        heard = find_tone(line.since(since), 800.0)
        assert heard is not None
        assert heard.duration_ms > 1_700, "the file goes round without a gap"
        louder = 0.4 * 10.0
        assert level_of(line.since(since), heard) == pytest.approx(
            dbov(sine(800, 800, LOUDNESS)) + louder, abs=1
        )
        await line.listen(2_000)
        assert find_tone(line.since(stopped + 1_200), 800.0) is None
        spoken_at = line.now_ms
        text = {"text": "This is for you alone."}
        assert await ask("PUT", f"{call}/talk", text) == {"message": "Talk started", "uuid": uuid}
        prompt = await stage.played.number(uuid, 2)
        assert (await line.hear(prompt.pcm, spoken_at, 10_000)).alike > 0.9
        assert await ask("DELETE", f"{call}/talk") == {"message": "Talk stopped", "uuid": uuid}
        assert await ask("PUT", f"{call}/dtmf", {"digits": "332393"}) == {
            "message": "DTMF sent",
            "uuid": uuid,
        }
        for _ in range(60):
            if len(line.call.report.digits) >= 6:
                break
            await line.listen(100)
        assert line.call.report.digits == "332393"
        assert find_tone(other.since(0), 800.0) is None
        assert other.call.report.digits == ""
        assert len(stage.events(uuid)) == before
        assert [h.fields for h in stage.app.webhooks[told:] if "reason" in h.fields] == []
        for each in (line, other):
            each.call.hang_up()
        await stage.told(uuid)

    stage.run(scene())
