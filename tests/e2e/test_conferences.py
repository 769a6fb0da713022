"""S15 and S16 on real sockets: three phones in one conversation over two media workers, judged by what each
heard.
"""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.real import Stage, pcm_file

from offhook.audio.decode import decode
from offhook.audio.levels import dbov
from offhook.audio.tables import Pcm
from offhook.audio.tones import sine
from offhook.cli.demonstration.caller import AMPLITUDE, Line
from offhook.cli.demonstration.hearing import find_tone, level_of

pytestmark = pytest.mark.interop
VOICES = {"15550600001": 700.0, "15550600002": 1_300.0, "15550600003": 1_900.0}


def has_tone(heard: Pcm, hertz: float) -> bool:
    tone = find_tone(heard, hertz)
    return tone is not None and tone.duration_ms >= 600


async def transferred(stage: Stage, uuid: str) -> dict[str, Any]:
    hook = await stage.app.wait_for(
        lambda h: h.fields.get("type") == "transfer" and h.fields.get("uuid") == uuid, 20.0
    )
    return hook.fields


def test_s15_all_hear_all_and_the_recording_has_every_voice(stage: Stage, tmp_path: Path) -> None:
    record = {"record": True, "eventUrl": [stage.url("/conference")]}
    stage.app.serve("/answer", [{"action": "conversation", "name": "standup", **record}])

    async def scene() -> str:
        lines = {number: await stage.call_in(number) for number in VOICES}
        legs = {number: await stage.uuid_of(number) for number in VOICES}
        rooms = {(await transferred(stage, leg))["conversation_uuid_to"] for leg in legs.values()}
        assert len(rooms) == 1
        await asyncio.sleep(0.6)
        for speaker, hertz in VOICES.items():
            since = {number: line.now_ms for number, line in lines.items()}
            await lines[speaker].tone(hertz, 1.5)
            for number, line in lines.items():
                await line.listen(500)
                heard = line.since(since[number])
                assert has_tone(heard, hertz) == (number != speaker), (speaker, number)
                if number != speaker:
                    tone = find_tone(heard, hertz)
                    assert tone is not None
                    assert level_of(heard, tone) == pytest.approx(dbov(sine(hertz, 1000, AMPLITUDE)), abs=2)
        for line in lines.values():
            line.call.hang_up()
        hook = await stage.app.wait_for(lambda h: h.path == "/conference", 30.0)
        assert {hook.json["conversation_uuid"]} == rooms
        for leg in legs.values():
            await stage.told(leg)
            assert stage.statuses(leg) == ["started", "ringing", "answered", "completed"]
        return str(hook.json["recording_url"])

    url = stage.run(scene())
    recorded = decode(pcm_file(tmp_path, "room.mp3", stage.download(url)), 120.0)
    for hertz in VOICES.values():
        assert has_tone(np.ascontiguousarray(recorded), hertz)


def test_s16_the_conference_ends_with_its_moderator(stage: Stage) -> None:
    room = {"action": "conversation", "name": "moderated"}
    attendee = [{**room, "startOnEnter": "false"}]
    moderator = [{**room, "endOnExit": "true"}]
    stage.app.serve("/answer", attendee, attendee, moderator)

    async def scene() -> None:
        first, second = [await stage.call_in(number) for number in ("15550600011", "15550600012")]
        legs = [await stage.uuid_of(number) for number in ("15550600011", "15550600012")]
        for leg in legs:
            await transferred(stage, leg)
        await asyncio.sleep(0.6)
        since = second.now_ms
        await first.tone(700, 1.2)
        await second.listen(500)
        assert not has_tone(second.since(since), 700), "those who wait do not hear each other"
        third: Line = await stage.call_in("15550600013")
        legs.append(await stage.uuid_of("15550600013"))
        await transferred(stage, legs[-1])
        await asyncio.sleep(0.6)
        since = second.now_ms
        await first.tone(700, 1.2)
        await second.listen(500)
        assert has_tone(second.since(since), 700)
        third.call.hang_up()
        for line in (first, second):
            await asyncio.wait_for(line.call.done, 45)
        for leg, by in zip(legs, ("platform", "platform", "user"), strict=True):
            assert (await stage.told(leg))["disconnected_by"] == by

    stage.run(scene())
