"""Every process is killed once during a call, and everything is sent garbage: what must survive does."""

import asyncio
import os
import signal
import socket
import time

import pytest
from tests.real import Stage

from offhook.cli import webhooks
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.hearing import find_tone
from offhook.cli.demonstration.instance import get_json
from offhook.core.errors import Conflict
from offhook.core.tasks import outside
from offhook.simulator.app_server import Webhook

pytestmark = pytest.mark.interop
PATIENCE = 30.0
LONG = [
    {"action": "talk", "text": "Hold on."},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 10}},
]


async def ready_again(stage: Stage) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            status, _ = await outside(get_json, f"{stage.place.public_url}/ready")
            if status == 200:
                return
            await asyncio.sleep(0.2)


async def restarted(stage: Stage, name: str, before: int) -> None:
    """Until the supervisor has started another process of this name."""
    async with asyncio.timeout(PATIENCE):
        while stage.instance.pid(name) == before:  # noqa: ASYNC110 — a file changes
            await asyncio.sleep(0.1)


async def killed(stage: Stage, name: str, how: signal.Signals = signal.SIGKILL) -> None:
    """SIGSTOP makes a process that hangs: the supervisor must take it for a dead one."""
    before = stage.instance.pid(name)
    os.kill(before, how)
    await restarted(stage, name, before)
    await ready_again(stage)


async def hears_the_talk(stage: Stage, number: str) -> tuple[Line, str]:
    """A call that is up, its prompt heard."""
    line = await stage.call_in(number)
    uuid = await stage.uuid_of(number)
    prompt = await stage.played.number(uuid, 1)
    await line.hear(prompt.pcm, 0, 60_000)
    return line, uuid


async def ended(stage: Stage, line: Line, uuid: str) -> dict[str, object]:
    """The phone got its BYE and the application its `completed`."""
    report = await asyncio.wait_for(line.call.done, PATIENCE)
    assert report.ending is not None
    assert report.ending.by == "far end"
    return await stage.told(uuid, seconds=PATIENCE)


@pytest.mark.parametrize("name", ["audio", "speech-0", "carrier"])
def test_a_call_survives_the_death_of_a_helper(stage: Stage, name: str) -> None:
    stage.app.serve("/answer", LONG)
    number = {"audio": "15550500001", "speech-0": "15550500002", "carrier": "15550500003"}[name]

    async def scene() -> None:
        line, uuid = await hears_the_talk(stage, number)
        await killed(stage, name)
        assert not line.call.done.done()
        line.call.hang_up()
        over = await stage.told(uuid)
        assert over["disconnected_by"] == "user"

    stage.run(scene())


def test_a_dead_control_says_goodbye_after_its_restart(stage: Stage) -> None:
    stage.app.serve("/answer", LONG)

    async def scene() -> None:
        line, uuid = await hears_the_talk(stage, "15550500004")
        await killed(stage, "control")
        over = await ended(stage, line, uuid)
        assert over["disconnected_by"] == "platform"
        _, again = await hears_the_talk(stage, "15550500005")
        await stage.told(again)

    stage.run(scene())


def test_the_legs_of_a_dead_media_worker_end(stage: Stage) -> None:
    stage.app.serve("/answer", LONG)

    async def scene() -> None:
        lines = [await hears_the_talk(stage, f"1555050001{n}") for n in range(2)]
        for name in ("media-0", "media-1"):
            before = stage.instance.pid(name)
            os.kill(before, signal.SIGKILL)
            await restarted(stage, name, before)
        await asyncio.gather(*(ended(stage, line, uuid) for line, uuid in lines))
        await ready_again(stage)
        line, uuid = await hears_the_talk(stage, "15550500019")
        line.call.hang_up()
        await stage.told(uuid)

    stage.run(scene())


@pytest.mark.parametrize("name", ["audio", "speech-0", "carrier"])
def test_a_helper_that_hangs_is_replaced_under_a_call(stage: Stage, name: str) -> None:
    stage.app.serve("/answer", LONG)
    number = {"audio": "15550500021", "speech-0": "15550500022", "carrier": "15550500023"}[name]

    async def scene() -> None:
        line, uuid = await hears_the_talk(stage, number)
        await killed(stage, name, signal.SIGSTOP)
        assert not line.call.done.done()
        line.call.hang_up()
        await stage.told(uuid)

    stage.run(scene())


@pytest.mark.parametrize("name", ["control", "media"])
def test_calls_of_a_process_that_hangs_end(stage: Stage, name: str) -> None:
    stage.app.serve("/answer", LONG)
    number = {"control": "15550500024", "media": "15550500025"}[name]

    async def scene() -> None:
        line, uuid = await hears_the_talk(stage, number)
        for each in ["media-0", "media-1"] if name == "media" else [name]:
            await killed(stage, each, signal.SIGSTOP)
        over = await ended(stage, line, uuid)
        assert over["disconnected_by"] == "platform"

    stage.run(scene())


def test_calls_go_on_while_the_supervisor_hangs(stage: Stage) -> None:
    stage.app.serve("/answer", LONG)
    supervisor = stage.instance.process
    assert supervisor is not None

    async def scene() -> None:
        supervisor.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(4.0)  # longer than anybody's silence is borne
            line, uuid = await hears_the_talk(stage, "15550500026")
        finally:
            supervisor.send_signal(signal.SIGCONT)
        line.call.hang_up()
        await stage.told(uuid)
        await ready_again(stage)

    stage.run(scene())


def test_the_next_start_finishes_what_a_dead_supervisor_left() -> None:
    """With a hung control nobody says goodbye: only the next start can, once it has killed that one."""
    own = Stage(OFFHOOK_SHUTDOWN__GRACE="0")
    try:
        own.app.serve("/answer", [{"action": "record", "format": "wav"}, *LONG])

        async def scene() -> None:
            line, uuid = await hears_the_talk(own, "15550500027")
            supervisor = own.instance.process
            assert supervisor is not None
            os.kill(own.instance.pid("control"), signal.SIGSTOP)
            supervisor.kill()
            await supervisor.wait()
            await own.instance.start()
            await own.instance.ready()
            over = await ended(own, line, uuid)
            assert over["disconnected_by"] == "platform"
            hook = await own.app.wait_for(lambda h: "recording_url" in h.fields)
            assert hook.fields["size"] > 1000

        own.run(scene())
    finally:
        own.close()


def test_a_webhook_that_failed_is_sent_again_by_the_running_server(stage: Stage) -> None:
    stage.app.serve("/answer", LONG)
    stage.app.serve("/events", fail_times=1, fail_status=500)

    def of(uuid: str) -> list[Webhook]:
        return [h for h in stage.app.at("/events") if h.fields.get("uuid") == uuid]

    async def scene() -> None:
        line, uuid = await hears_the_talk(stage, "15550500028")
        line.call.hang_up()
        await stage.told(uuid)
        first = of(uuid)[0]
        delivery = first.headers["offhook-delivery"]
        with pytest.raises(Conflict):
            await outside(resend, of(uuid)[1].headers["offhook-delivery"])
        await outside(resend, delivery)
        async with asyncio.timeout(PATIENCE):
            while len([h for h in of(uuid) if h.headers["offhook-delivery"] == delivery]) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert of(uuid)[-1].body == first.body

    stage.run(scene())


def resend(delivery: str) -> None:
    """What `offhook webhooks resend` does, beside the server."""
    arguments = ["resend", delivery]
    webhooks.command().main(arguments, standalone_mode=False)


GARBAGE = [
    b"",
    b"\x00" * 1400,
    b"\xff\xfe" * 300,
    b"INVITE",
    b"INVITE sip:x SIP/2.0\r\n\r\n",
    b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP \x01\r\nContent-Length: 99999999999\r\n\r\n",
    b"SIP/2.0 999 \r\nVia: \r\n" + b"A: b\r\n" * 200 + b"\r\n",
    bytes(range(256)) * 4,
    b"\x80\x00" + b"\x55" * 170,
    b"\x80\xe5" + b"\x00" * 14,
]
REQUESTS = [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, {b"400", b""}),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", {b"400", b""}),
    (b"\x00\xff\r\n\r\n", {b"400", b""}),
    (b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n\xff{not json", {b"401"}),
    (b"DELETE /v1/calls/%00%ff HTTP/1.1\r\nHost: x\r\n\r\n", {b"401", b"404", b"405"}),
]


def spoil(stage: Stage, rtp_port: int) -> list[bytes]:
    """Send garbage to every port; gives the HTTP statuses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(10):
            for data in GARBAGE:
                sock.sendto(data, stage.platform)
                sock.sendto(data, ("127.0.0.1", rtp_port))
    statuses = []
    for data, _ in REQUESTS:
        with socket.create_connection(("127.0.0.1", stage.place.http_port), timeout=3) as stream:
            stream.settimeout(3)
            stream.sendall(data)
            stream.shutdown(socket.SHUT_WR)
            answer = stream.recv(4096)
            statuses.append(answer.split(b" ")[1] if answer.startswith(b"HTTP/1.1 ") else b"")
    return statuses


def test_garbage_to_every_port_leaves_a_call_unharmed(stage: Stage) -> None:
    stage.app.serve("/answer", LONG)

    async def scene() -> None:
        line, uuid = await hears_the_talk(stage, "15550500006")
        negotiated = line.call.media._negotiated
        assert negotiated is not None
        statuses = await outside(spoil, stage, negotiated.remote[1])
        for status, (data, allowed) in zip(statuses, REQUESTS, strict=True):
            assert status in allowed, (data[:40], status)
        seen = len(stage.app.webhooks)
        await line.listen(400)
        assert not line.call.done.done()
        await line.press("5")
        hook = await stage.app.wait_for(lambda h: h.fields.get("dtmf", {}).get("digits") == "5")
        assert stage.app.webhooks.index(hook) >= seen
        await asyncio.wait_for(line.call.done, 45)
        assert line.call.report.lost == 0
        assert find_tone(line.since(0), 1000) is None
        over = await stage.told(uuid)
        assert over["status"] == "completed"
        await ready_again(stage)

    stage.run(scene())


def test_sigterm_says_goodbye_within_ten_seconds() -> None:
    own = Stage(OFFHOOK_SHUTDOWN__GRACE="1")
    try:
        own.app.serve("/answer", LONG)
        line, uuid = own.run(hears_the_talk(own, "15550500007"))
        began = time.monotonic()
        assert own.run(own.instance.stop()) == 0
        assert time.monotonic() - began < 10
        assert own.run(asyncio.wait_for(_done(line), 20)) == "far end"
        assert own.statuses(uuid)[-1] == "completed"
    finally:
        own.close()


async def _done(line: Line) -> str:
    report = await line.call.done
    return report.ending.by if report.ending else ""
