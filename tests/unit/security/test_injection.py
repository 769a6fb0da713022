"""Line breaks and worse in what an application gives never become a header of a SIP message or a request."""

from typing import Any

import pytest

from offhook.testing.world import World

MARK = "X-Injected"
BREAKS = ["\r\n", "\n", "\r", "\r\n\r\n", "\u2028", "\x0b", "\x00"]
CALLEE = "15550100500"


def endpoints(text: str) -> list[dict[str, Any]]:
    """Endpoints with `text` in every place that is sent on."""
    sip = {"type": "sip", "uri": "sip:bob@127.0.0.1:5070"}
    return [
        {"type": "sip", "uri": f"sip:bob@127.0.0.1:5070{text}"},
        {"type": "sip", "uri": f"sip:bob{text}@127.0.0.1:5070"},
        {**sip, "headers": {"A": f"b{text}"}},
        {**sip, "headers": {f"A{text}": "b"}},
        {**sip, "standard_headers": {"User-to-User": f"a{text};encoding=hex"}},
        {**sip, "standardHeaders": {"User-to-User": f"a{text};encoding=hex"}},
        {"type": "phone", "number": f"{CALLEE}{text}"},
        {"type": "phone", "number": CALLEE, "shaken": f"eyJ.eyJ.sig;info=<http://x>{text}"},
    ]


class Wire:
    """Every datagram that the platform sends."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[bytes] = []
        whole = world.network.send

        def send(data: bytes, *rest: Any) -> None:
            self.sent.append(data)
            whole(data, *rest)

        monkeypatch.setattr(world.network, "send", send)

    @property
    def header_lines(self) -> list[bytes]:
        heads = (data.partition(b"\r\n\r\n")[0] for data in self.sent)
        lines = (line for head in heads for line in head.replace(b"\r", b"\n").split(b"\n"))
        return [line for line in lines if line.strip().lower().startswith(MARK.lower().encode())]


@pytest.mark.parametrize("line_break", BREAKS, ids=repr)
def test_calls_of_rest(line_break: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{line_break}{MARK}: 1"
    caller = {"type": "phone", "number": World.number}
    ncco = [{"action": "talk", "text": "Hello"}]
    with World(seed=31) as world:
        wire = Wire(world, monkeypatch)
        for endpoint in endpoints(text):
            body = {"to": [endpoint], "from": caller, "ncco": ncco}
            status, answer = world.request("POST", "/v1/calls", body)
            assert status in (201, 400), answer
            if line_break != "\u2028":
                assert status == 400, endpoint
        plain = {"to": [{"type": "phone", "number": CALLEE}], "ncco": ncco}
        for changes in (
            {"from": {"type": "phone", "number": World.number + text}},
            {"from": caller, "answer_url": [f"http://app.test/a{text}"], "ncco": None},
            {"from": caller, "event_url": [f"http://app.test/a{text}"]},
        ):
            status, answer = world.request("POST", "/v1/calls", {**plain, **changes})
            assert status == 400, (changes, answer)
        status, _ = world.request("POST", "/v1/calls", {**plain, "from": caller})
        assert status == 201
        world.wait(3)
        assert any(b"INVITE" in data for data in wire.sent), "what is plain is sent"
        assert wire.header_lines == []


@pytest.mark.parametrize("line_break", BREAKS[:3], ids=repr)
def test_nccos(line_break: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{line_break}{MARK}: 1"
    with World(seed=32) as world:
        wire = Wire(world, monkeypatch)
        for number, endpoint in enumerate(endpoints(text)):
            connect = {"action": "connect", "from": World.number, "timeout": 2, "endpoint": [endpoint]}
            world.application({"/answer": [connect, {"action": "talk", "text": "Sorry"}]})
            call = world.dial(f"1555010070{number}", World.number, "wait-hangup")
            world.wait(4)
            if not call.done.done():
                call.hang_up()
            world.wait(1)
        answered = [data for data in wire.sent if data.startswith(b"SIP/2.0 180")]
        assert answered, "the calls came in"
        assert wire.header_lines == []
