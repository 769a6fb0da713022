"""stream: fields, checks, behaviour."""

from typing import Any

import pytest
from tests.unit.ncco.harness import Leg, errors, warnings

from offhook.ncco.effects import Barge, StartStream

URL = "https://files.example/a.mp3"


def test_plays_the_file_and_goes_on() -> None:
    leg = Leg([{"action": "stream", "streamUrl": [URL], "loop": "2", "level": "-1"}])
    (start,) = leg.effects
    assert isinstance(start, StartStream)
    assert start == StartStream(start.playback, URL, 2, -1.0, Barge())
    leg.play_out("failed")
    assert leg.over == "program finished"


def test_bare_string_is_accepted_with_a_warning() -> None:
    document = [{"action": "stream", "streamUrl": URL}]
    assert errors(document) == []
    assert warnings(document)[0][0] == "[0].streamUrl"
    assert Leg(document).heard == [URL]


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        (None, "[0].streamUrl", "is missing"),
        ([], "[0].streamUrl", "not an empty array"),
        ({}, "[0].streamUrl", "not an object"),
        ([URL, URL], "[0].streamUrl", "has 2 URLs; give one"),
        ([7], "[0].streamUrl[0]", "must be a URL in quotes, not 7"),
        (["files/a.mp3"], "[0].streamUrl[0]", "must be an absolute http:// or https:// URL"),
        (["ftp://files.example/a"], "[0].streamUrl[0]", "http:// or https://"),
        (["https://"], "[0].streamUrl[0]", "http:// or https://"),
        (["https://[::1/a"], "[0].streamUrl[0]", "http:// or https://"),
        (["https://a:port/"], "[0].streamUrl[0]", "http:// or https://"),
        (["https://a/b c"], "[0].streamUrl[0]", "http:// or https://"),
        (["https://a/\r\nX: y"], "[0].streamUrl[0]", "http:// or https://"),
        (["https://a/" + "x" * 2040], "[0].streamUrl[0]", "is 2050 characters long; a URL may have 2048"),
    ],
)
def test_refused(value: Any, path: str, words: str) -> None:
    ((found, message),) = errors([{"action": "stream", "streamUrl": value}])
    assert found == path
    assert words in message


def test_s39_endless_loop_is_warned_of() -> None:
    endless = {"action": "stream", "streamUrl": [URL], "loop": 0}
    key = {"action": "input", "type": ["dtmf"]}
    assert warnings([endless]) == []
    assert [path for path, _ in warnings([endless, key])] == ["[0].loop"]
    assert warnings([{**endless, "bargeIn": True}, key]) == []
