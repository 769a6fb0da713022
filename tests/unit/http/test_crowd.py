"""Who is let in and who makes room; and a real server whose clients are slow, many, or do not read."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from offhook.http.connections import guarded
from offhook.http.crowd import Crowd, Limits

FAR, OTHER = "203.0.113.1", "203.0.113.2"


@dataclass(eq=False)
class Guest:
    name: str
    crowd: Crowd
    waiting: bool = True
    asked: list[str] = field(default_factory=list)

    def leave(self) -> None:
        self.asked.append(self.name)


def let_in(crowd: Crowd, host: str, count: int) -> list[Guest]:
    guests = [Guest(f"{host}#{n}", crowd) for n in range(count)]
    for guest in guests:
        assert crowd.enter(guest, host) is None
    return guests


def asked(guests: list[Guest]) -> list[int]:
    return [n for n, guest in enumerate(guests) if guest.asked]


def test_a_source_makes_room_among_its_own() -> None:
    crowd = Crowd(Limits(in_all=10, per_source=3))
    others = let_in(crowd, OTHER, 2)
    mine = let_in(crowd, FAR, 5)
    assert asked(mine) == [0, 1]
    assert asked(others) == []
    assert len(crowd) == 5


def test_who_was_heard_of_goes_last_and_who_works_stays() -> None:
    crowd = Crowd(Limits(per_source=3))
    mine = let_in(crowd, FAR, 3)
    crowd.heard(mine[0])
    mine[1].waiting = False
    let_in(crowd, FAR, 2)
    assert asked(mine) == [0, 2]


def test_when_all_work_a_newcomer_is_told_the_setting() -> None:
    crowd = Crowd(Limits(in_all=3, per_source=2))
    for guest in [*let_in(crowd, FAR, 2), *let_in(crowd, OTHER, 1)]:
        guest.waiting = False
    assert "CONNECTIONS_PER_SOURCE" in str(crowd.enter(Guest("new", crowd), FAR))
    assert "OFFHOOK_HTTP__CONNECTIONS" in str(crowd.enter(Guest("new", crowd), OTHER))
    assert len(crowd) == 3


def test_loopback_and_unix_sockets_have_no_share_but_the_whole() -> None:
    crowd = Crowd(Limits(in_all=5, per_source=1))
    mine = let_in(crowd, "127.0.0.1", 3) + let_in(crowd, "", 2)
    assert asked(mine) == []
    let_in(crowd, FAR, 1)
    assert asked(mine) == [0]


def test_gone_is_gone_once() -> None:
    crowd = Crowd(Limits(per_source=2))
    one, two = let_in(crowd, FAR, 2)
    crowd.gone(one)
    crowd.gone(one)
    crowd.heard(one)
    assert len(crowd) == 1
    let_in(crowd, FAR, 1)
    assert asked([one, two]) == []


# ── on a socket ──────────────────────────────────────────────────────────────────────────────────

LIMITS = Limits(in_all=20, per_source=20, head_s=0.5, body_s=0.5, stalled_s=0.5)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """`/` answers at once, `/echo` once the body is there, `/large` without end."""
    while scope["path"] == "/echo":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    body = b"ok" if scope["path"] != "/large" else b"x" * 50_000_000
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


class Server:
    def __init__(self, limits: Limits) -> None:
        self.closed: list[str] = []
        self.crowd = Crowd(limits)
        config = uvicorn.Config(
            app, http=guarded(self.crowd, self.closed.append), port=0, log_config=None, lifespan="off"
        )
        self.server = uvicorn.Server(config)
        self.port = 0

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, data: bytes) -> bytes:
        """Send once and read to the end."""
        reader, writer = await self.open()
        writer.write(data)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


def served(use: Callable[[Server], Awaitable[None]], limits: Limits = LIMITS) -> Server:
    async def main() -> Server:
        made = Server(limits)
        made.server.config.load()
        made.server.lifespan = made.server.config.lifespan_class(made.server.config)
        await made.server.startup()
        made.port = made.server.servers[0].sockets[0].getsockname()[1]
        try:
            await use(made)
        finally:
            await made.server.shutdown()
        assert len(made.crowd) == 0
        return made

    return asyncio.run(main())


GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "part", "setting"),
    [
        (b"", "head", "HEADER_TIMEOUT"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "head", "HEADER_TIMEOUT"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", "body", "BODY_TIMEOUT"),
        (GET.replace(b"Connection: close\r\n", b"") + b"GET", "head", "HEADER_TIMEOUT"),
    ],
    ids=["nothing", "half a head", "half a body", "half a second head"],
)
def test_slow_clients_are_told_408(data: bytes, part: str, setting: str) -> None:
    async def use(server: Server) -> None:
        answer = await server.ask(data)
        *_, last = answer.split(b"HTTP/1.1 ")
        assert last.startswith(b"408 Request Timeout\r\n")
        body = json.loads(last.partition(b"\r\n\r\n")[2])
        assert body["type"] == "REQUEST_TIMEOUT"
        assert setting in body["detail"]

    assert served(use).closed == [part]


def test_a_head_that_drips_is_given_up_although_octets_come() -> None:
    async def use(server: Server) -> None:
        reader, writer = await server.open()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        answer = asyncio.ensure_future(reader.read())
        while not answer.done():
            writer.write(b"X: y\r\n")
            await asyncio.wait([answer], timeout=0.1)
        assert b"408" in answer.result()
        writer.close()

    assert served(use).closed == ["head"]


def test_a_head_without_end_is_too_large() -> None:
    async def use(server: Server) -> None:
        answer = await server.ask(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000)
        assert answer.startswith(b"HTTP/1.1 431 ")

    assert served(use).closed == ["large"]


def test_many_slow_connections_leave_room_for_the_next() -> None:
    async def use(server: Server) -> None:
        slow = [await server.open() for _ in range(100)]
        for _, writer in slow:
            writer.write(b"GET / HTTP/1.1\r\n")
        assert (await server.ask(GET)).endswith(b"ok")
        for _, writer in slow:
            writer.close()

    made = served(use, Limits(in_all=20, head_s=60))
    assert made.closed.count("room") == 81


def test_who_does_not_read_is_let_go() -> None:
    async def use(server: Server) -> None:
        reader, writer = await server.open()
        writer.write(GET.replace(b"/ ", b"/large ", 1))
        async with asyncio.timeout(10):
            while not server.closed:  # noqa: ASYNC110 — nothing tells
                await asyncio.sleep(0.05)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(50_000_000)
        writer.close()

    assert served(use).closed == ["stalled"]


def test_kept_connections_may_be_idle_longer_than_a_head_may_take() -> None:
    async def use(server: Server) -> None:
        reader, writer = await server.open()
        for _ in range(2):
            writer.write(GET.replace(b"Connection: close\r\n", b""))
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.8)
        writer.close()
        await writer.wait_closed()

    assert served(use).closed == []


def test_when_all_are_busy_the_next_gets_503_with_advice() -> None:
    async def use(server: Server) -> None:
        reader, writer = await server.open()
        writer.write(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
        async with asyncio.timeout(5):
            while all(guest.waiting for guest in server.crowd._guests):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        answer = await server.ask(GET)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"OFFHOOK_HTTP__CONNECTIONS" in answer
        writer.write(b"defghi")
        assert b"ok" in await reader.readuntil(b"ok")
        writer.close()

    assert served(use, Limits(in_all=1, body_s=30)).closed == ["full"]


def test_octets_after_a_request_do_not_take_its_answer_away() -> None:
    """Node's `http` sends the body of a DELETE without its length."""

    async def use(server: Server) -> None:
        for path, body in (("/", b"{}"), ("/echo", b"{}"), ("/", b'{"a": "' + b"b" * 5_000 + b'"}\r\n\r\n')):
            answer = await server.ask(f"DELETE {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() + body)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
            assert b"connection: close" in answer
            assert answer.endswith(b"\r\n\r\nok"), "one answer, then the end"

    assert served(use).closed == ["malformed"] * 3
