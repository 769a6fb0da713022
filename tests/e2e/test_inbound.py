"""S04 and S20 on real sockets: a menu that a key cuts short, and a mailbox, judged by what was heard."""

import asyncio
from pathlib import Path

import pytest
from tests.real import Stage, pcm_file

from offhook.audio.levels import correlate
from offhook.audio.tables import RATE
from offhook.cli.demonstration.hearing import find_prompt, find_tone
from offhook.simulator.speak import read_wav

pytestmark = pytest.mark.interop
MENU = "For the opening hours press one. For the address press two. To hear this again, press nine."


def test_s04_a_key_cuts_the_menu_within_300_ms(stage: Stage) -> None:
    menu = [
        {"action": "talk", "text": MENU, "bargeIn": True},
        {
            "action": "input",
            "type": ["dtmf"],
            "dtmf": {"maxDigits": 1, "timeOut": 3},
            "eventUrl": [stage.url("/key")],
        },
    ]
    stage.app.serve("/answer", menu)
    stage.app.serve("/key", [{"action": "talk", "text": "We are open from nine to five."}], menu)

    async def scene() -> None:
        line = await stage.call_in("15550300001")
        uuid = await stage.uuid_of("15550300001")
        first = await stage.played.number(uuid, 1)
        begun = await line.hear(first.pcm, 0, 1_500)
        pressed = await line.press("1")
        key = await stage.app.wait_for(lambda h: h.path == "/key" and h.fields.get("uuid") == uuid)
        assert key.json["dtmf"] == {"digits": "1", "timed_out": False}
        second = await stage.played.number(uuid, 2)
        await line.hear(second.pcm, pressed, 60_000)
        start_ms = begun.start * 1000 // RATE
        cut = find_prompt(first.pcm, line.since(start_ms)[: (pressed + 700 - start_ms) * 8])
        assert start_ms + cut.end / 8 - pressed < 300
        report = await asyncio.wait_for(line.call.done, 45)
        assert report.lost == 0
        await stage.told(uuid)
        assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]

    stage.run(scene())


MAILBOX = [
    {"action": "talk", "text": "Nobody is here. Speak after the tone."},
    {"action": "record", "endOnSilence": "3", "beepStart": "true", "endOnKey": "#", "format": "wav"},
    {"action": "talk", "text": "Thank you for your message."},
]


def mailbox(stage: Stage, path: str) -> None:
    record = {**MAILBOX[1], "eventUrl": [stage.url(path)]}
    stage.app.serve("/answer", [MAILBOX[0], record, MAILBOX[2]])


def test_s20_the_message_is_recorded_and_told_before_the_thanks(stage: Stage, tmp_path: Path) -> None:
    mailbox(stage, "/message")

    async def scene() -> str:
        line = await stage.call_in("15550300002")
        uuid = await stage.uuid_of("15550300002")
        greeting = await stage.played.number(uuid, 1)
        await line.hear(greeting.pcm, 0, 60_000)
        start = line.now_ms - 200
        for _ in range(40):
            await line.listen(100)
            beep = find_tone(line.since(start), 1000)
            if beep is not None and beep.duration_ms >= 360:
                break
        assert beep is not None
        await line.listen(300)
        await line.tone(1234, 1.5)
        told_at = line.now_ms
        await line.press("#")
        hook = await stage.app.wait_for(lambda h: h.path == "/message")
        thanks = await stage.played.number(uuid, 2)
        heard = await line.hear(thanks.pcm, told_at, 60_000)
        assert heard.alike > 0.95
        await asyncio.wait_for(line.call.done, 45)
        await stage.told(uuid)
        told = [h for h in stage.app.webhooks if h.path == "/message" or h.fields.get("uuid") == uuid]
        assert told.index(hook) < len(told) - 1
        assert hook.json["conversation_uuid"] == stage.events(uuid)[0]["conversation_uuid"]
        return str(hook.json["recording_url"])

    url = stage.run(scene())
    pcm = read_wav(pcm_file(tmp_path, "message.wav", stage.download(url)))
    marker = find_tone(pcm, 1234)
    assert marker is not None
    assert 1100 <= marker.duration_ms <= 1660  # a busy machine loses packets to lateness
    assert pcm.size / RATE < 4
    greeting = stage.played.of(stage.run(stage.uuid_of("15550300002")))[0].pcm
    assert correlate(greeting[: RATE // 2], pcm)[1] < 0.5


def test_s20_hanging_up_while_recording_still_tells_of_it(stage: Stage, tmp_path: Path) -> None:
    mailbox(stage, "/cut-short")

    async def scene() -> str:
        line = await stage.call_in("15550300003")
        uuid = await stage.uuid_of("15550300003")
        greeting = await stage.played.number(uuid, 1)
        await line.hear(greeting.pcm, 0, 60_000)
        await line.listen(900)
        await line.tone(1234, 1.0)
        line.call.hang_up()
        hook = await stage.app.wait_for(lambda h: h.path == "/cut-short")
        over = await stage.told(uuid)
        assert over["disconnected_by"] == "user"
        return str(hook.json["recording_url"])

    url = stage.run(scene())
    pcm = read_wav(pcm_file(tmp_path, "cut.wav", stage.download(url)))
    marker = find_tone(pcm, 1234)
    assert marker is not None
    assert 600 <= marker.duration_ms <= 1160  # what is in the jitter buffer at the BYE is lost
