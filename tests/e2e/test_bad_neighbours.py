"""Bad neighbours on real sockets: each gets its documented status or event, and other calls notice nothing.

A witness hears a tone through every scene; what it noticed is printed and judged.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from tests.bad_servers import HERTZ, BadServers
from tests.real import Stage
from tests.witness import Witness

from offhook.cli.context import workspace
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.instance import get_json
from offhook.core.tasks import outside
from offhook.storage import applications, numbers
from offhook.storage.records import Application, Number

pytestmark = pytest.mark.interop
WITNESS, CALLER, PEER = "15550600001", "15550600002", "15550600003"
BAD_NUMBER = "15550600099"
BAD_APPLICATION = "00000000-0000-4000-8000-00000000bad0"
Report = Callable[[str], None]


class Town:
    """The instance, the servers that behave badly, an application whose answers they are, and a witness."""

    def __init__(self) -> None:
        self.stage = Stage(
            OFFHOOK_MEDIA__WORKERS="1",
            OFFHOOK_SHUTDOWN__GRACE="1",
            OFFHOOK_FETCH__PRIVATE="deny",
            OFFHOOK_FETCH__NETWORKS="127.0.0.1/32",
            OFFHOOK_FETCH__TIMEOUT="6",
            OFFHOOK_FETCH__MAX_STREAM_BYTES="2000000",
            OFFHOOK_HTTP__CONNECTIONS="200",
            OFFHOOK_HTTP__HEADER_TIMEOUT="4",
        )
        self.servers = BadServers()
        self.stage.run(self.servers.open())
        self.stage.app.serve("/answer", self._answer)
        self.witness: Witness = self.stage.run(self._witness())

    def _answer(self, hook: Any) -> Any:
        if hook.fields.get("from") == WITNESS:
            return [{"action": "stream", "streamUrl": [self.servers.url("/tone.wav")], "loop": 0}]
        return self.ncco

    ncco: Any = None

    async def _witness(self) -> Witness:
        line = await self.stage.call_in(WITNESS)
        await line.listen(2_000)
        return Witness(line, HERTZ)

    def point(self, path: str) -> None:
        """A number whose application is asked at a bad server."""
        with workspace() as here:
            before = here.database.transact(lambda c: applications.get(c, self.stage.known["application_id"]))
            assert before is not None
            values = {name: getattr(before, name) for name in before.__dataclass_fields__}
            hooks = {
                "answer_url": {
                    "address": self.servers.url(path),
                    "http_method": "GET",
                    "connect_timeout": 1000,
                    "socket_timeout": 2500,
                },
                "event_url": {"address": self.stage.url("/events"), "http_method": "POST"},
            }
            values |= {"application_id": BAD_APPLICATION, "capabilities": {"voice": {"webhooks": hooks}}}
            made = Application(**values)
            number = Number(BAD_NUMBER, made.account_id, BAD_APPLICATION, "US", "landline", ("VOICE",), 1)

            def write(c: Any) -> None:
                if applications.get(c, BAD_APPLICATION) is None:
                    applications.insert(c, made)
                    numbers.insert(c, number)
                else:
                    applications.update(c, made)

            here.database.transact(write)

    async def error(self, since: int, text: str, seconds: float = 30.0) -> str:
        """The reason in the first `error` webhook from then on that holds `text`."""
        fresh = {id(hook) for hook in self.stage.app.webhooks[:since]}

        def is_it(hook: Any) -> bool:
            return id(hook) not in fresh and hook.path == "/events" and text in hook.fields.get("reason", "")

        try:
            return str((await self.stage.app.wait_for(is_it, seconds)).fields["reason"])
        except TimeoutError:
            told = [h.fields for h in self.stage.app.webhooks[since:]]
            raise AssertionError(f"no error with {text!r} in {told}") from None

    def scene(self, name: str, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something bad; afterwards the witness has noticed nothing."""

        async def run() -> Any:
            await self.witness.line.listen(300)
            self.witness.begin()
            result = await work
            await self.witness.line.listen(500)
            return result

        result = self.stage.run(run(), 120)
        noticed = self.witness.noticed()
        print(f"\n[witness] {name}: {noticed}")
        assert noticed.nothing(), f"{name}: {noticed}"
        return result


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    made = Town()
    yield made
    made.stage.run(made.servers.close())
    assert made.stage.close() == 0


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────


async def dial_bad(town: Town) -> Any:
    """A call to the number whose application is asked at a bad server."""
    phone = await town.stage.phone(CALLER)
    return phone.call(BAD_NUMBER, town.stage.platform)


def test_an_answer_that_comes_late_is_still_an_answer(town: Town) -> None:
    town.point("/slow")

    async def work() -> None:
        call = await dial_bad(town)
        line = Line(call)
        await line.answered(45)
        report = await asyncio.wait_for(call.done, 30)
        assert report.ending.by == "far end"
        assert len(report.pcm) > 0

    town.scene("a webhook that answers after 1.5 s", work())


@pytest.mark.parametrize(
    ("path", "text", "tries"),
    [
        ("/never", "Connection timed out.", 2),
        ("/html", "Received Content-Type text/html; an NCCO needs application/json.", 1),
        ("/large", "The reply is larger than 1000000 bytes.", 1),
    ],
)
def test_an_answer_that_is_none_ends_the_call_with_a_reason(
    town: Town, path: str, text: str, tries: int
) -> None:
    town.point(path)

    async def work() -> None:
        since, asked = len(town.stage.app.webhooks), town.servers.asked[path]
        call = await dial_bad(town)
        report = await asyncio.wait_for(call.done, 40)
        assert report.ending.status == 480
        await town.error(since, text)
        uuid = await town.stage.uuid_of(CALLER)
        assert (await town.stage.told(uuid))["sip_code"] == 480
        assert town.servers.asked[path] - asked == tries

    town.scene(f"a webhook that answers {path}", work())


# ── streams ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/missing.wav", "answered with HTTP status 404"),
        ("/page.wav", "audio"),
        ("/endless.wav", "OFFHOOK_FETCH__MAX_STREAM_BYTES"),
        ("/big.wav", "OFFHOOK_FETCH__MAX_STREAM_BYTES"),
        ("/drip.wav", "OFFHOOK_FETCH__TIMEOUT"),
        ("/never", "OFFHOOK_FETCH__TIMEOUT"),
        ("/private", "127.0.0.2 is a private address; set OFFHOOK_FETCH__PRIVATE=allow"),
    ],
)
def test_a_stream_that_cannot_be_played_is_told_and_passed_over(town: Town, path: str, text: str) -> None:
    town.ncco = [
        {"action": "stream", "streamUrl": [town.servers.url(path)]},
        {"action": "talk", "text": "Let us go on."},
    ]

    async def work() -> None:
        since = len(town.stage.app.webhooks)
        line = await town.stage.call_in(CALLER)
        uuid = await town.stage.uuid_of(CALLER)
        await town.error(since, text)
        report = await asyncio.wait_for(line.call.done, 30)
        assert report.ending is not None
        assert report.ending.by == "far end"
        prompt = await town.stage.played.number(uuid, 1)
        assert report.likeness(prompt.pcm[:4000])[1] > 0.9
        await town.stage.told(uuid)

    town.scene(f"a stream from {path}", work())


def test_many_calls_that_want_one_file_fetch_it_once(town: Town) -> None:
    """The witness's file is fresh for ten minutes."""
    town.ncco = [{"action": "stream", "streamUrl": [town.servers.url("/tone.wav")]}]

    async def work() -> None:
        before = town.servers.asked["/tone.wav"]
        lines = await asyncio.gather(*(town.stage.call_in(f"1555060010{n}") for n in range(6)))
        await asyncio.gather(*(asyncio.wait_for(line.call.done, 30) for line in lines))
        assert town.servers.asked["/tone.wav"] == before == 1

    town.scene("six calls that want one file", work())


# ── RTP ──────────────────────────────────────────────────────────────────────────────────────────


def rtp(sequence: int, ssrc: int, payload: bytes = b"\x55" * 160) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, ssrc) + payload


def test_a_peer_that_sends_ten_times_too_much(town: Town) -> None:
    town.ncco = [{"action": "stream", "streamUrl": [town.servers.url("/tone.wav")], "loop": 0}]

    async def work() -> None:
        line = await town.stage.call_in(PEER)
        media = line.call.media
        assert media._negotiated is not None
        remote = media._negotiated.remote
        start = line.now_ms
        for n in range(250):
            for packet in range(10):
                media._wire.send(rtp(10 * n + packet, 0xBAD), media.address, remote)
            await asyncio.sleep(0.02)
        assert not line.call.done.done()
        heard = line.since(start)
        assert heard.size > 8_000
        line.call.hang_up()
        await town.stage.told(await town.stage.uuid_of(PEER))

    town.scene("a peer that sends RTP at ten times the rate", work())


def test_strangers_that_send_to_the_witness_are_not_heard(town: Town) -> None:
    """Other sockets send to the very port of the witness; it can still be understood."""
    uuid = town.stage.run(town.stage.uuid_of(WITNESS))
    body = {"event_url": [town.stage.url("/witness-keys")]}
    town.stage.rest("PUT", f"/v1/calls/{uuid}/input/dtmf", body)

    async def work() -> None:
        media = town.witness.line.call.media
        assert media._negotiated is not None
        remote = media._negotiated.remote
        strangers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(5)]
        try:
            for n in range(100):
                for number, stranger in enumerate(strangers):
                    for packet in range(4):
                        stranger.sendto(rtp(4 * n + packet, 0xA00 + number), remote)
                if n == 50:
                    pressing = asyncio.ensure_future(town.witness.line.press("7"))
                await asyncio.sleep(0.02)
            await pressing
        finally:
            for stranger in strangers:
                stranger.close()
        hook = await town.stage.app.wait_for(lambda h: h.path == "/witness-keys", 20)
        assert hook.json["dtmf"]["digits"] == "7"
        assert len(town.stage.app.at("/witness-keys")) == 1

    town.scene("strangers that send RTP to the witness", work())


# ── REST ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_thousand_slow_connections(town: Town) -> None:
    """They take each other's places; others are answered all the while, and the last ones get 408."""
    address = ("127.0.0.1", town.stage.place.http_port)
    health = f"{town.stage.place.public_url}/health"

    async def work() -> None:
        streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        statuses = []
        for n in range(1_000):
            streams.append(await asyncio.open_connection(*address))
            streams[-1][1].write(b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            if n % 100 == 99:
                statuses.append((await outside(get_json, health, 10.0))[0])
        assert statuses == [200] * 10
        answers = await asyncio.gather(*(_last(*stream) for stream in streams))
        found = {code: answers.count(code) for code in set(answers)}
        assert set(found) <= {b"408", b"503", b""}, found
        assert found[b"408"] >= 100
        status, _ = await outside(get_json, f"{town.stage.place.public_url}/ready", 10.0)
        assert status == 200

    town.scene("a client with 1 000 slow connections", work())


async def _last(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The status of what a connection was told at its end; empty for a connection that was just closed."""
    try:
        answer = await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:
        return b""
    finally:
        writer.close()
    return answer.split(b" ")[1] if answer.startswith(b"HTTP/1.1 ") else b""


def test_afterwards_all_is_as_before(town: Town) -> None:
    status, body = get_json(f"{town.stage.place.public_url}/ready", 10.0)
    assert (status, body) == (200, {"status": "ready"})
    assert not town.witness.line.call.done.done()
