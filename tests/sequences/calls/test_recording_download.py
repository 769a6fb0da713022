"""What the `record` webhook names is what REST gives."""

from pathlib import Path

from offhook.audio.decode import decode
from offhook.speech.tonecode import spoken
from offhook.testing.world import World

A = "15550100777"


def test_the_recording_is_downloaded_from_the_url_of_the_webhook(world: World, tmp_path: Path) -> None:
    record = {"action": "record", "endOnKey": "#", "format": "wav", "eventUrl": ["http://app.test/recorded"]}
    world.application({"/answer": [record]})
    world.call(A, world.number, 'wait 0.3; say "Download me."; press #; wait-hangup')
    body = world.app.at("/recorded")[0].json
    status, data = world.request("GET", body["recording_url"].removeprefix("http://platform.test"))
    assert status == 200
    assert len(data) == body["size"]
    path = tmp_path / "message.wav"
    path.write_bytes(data)
    assert spoken(decode(str(path), 60.0)) == ["Download me."]


def test_a_recording_needs_a_token(world: World) -> None:
    record = {"action": "record", "timeOut": 3, "eventUrl": ["http://app.test/recorded"]}
    world.application({"/answer": [record]})
    world.call(A, world.number, "wait-hangup")
    url = world.app.at("/recorded")[0].json["recording_url"]
    status, _, _ = world.run(world.web.request("GET", url, {}, b"", 5.0, 5.0, 1_000_000))
    assert status == 401
