"""Connections that are kept, lost, waited for and given up, against a server on loopback."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy
from offhook.webhooks import pool
from offhook.webhooks.transport import HttpTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Names:
    """Every name has these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(self, host: str, port: int) -> list[str]:
        return self.addresses


class Server:
    """Answers request after request; notes on which connection each came."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bytes]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.writers)
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line[:15] == b"Content-Length:"), 0
                )
                await reader.readexactly(length)
                self.seen.append((number, head.split(b" ", 2)[0] + b" " + head.split(b" ", 2)[1]))
                await self.answers.wait()
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def run(use: Callable[[HttpTransport, Server], Awaitable[None]], *addresses: str) -> None:
    async def main() -> None:
        server = Server()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        transport = HttpTransport(FetchPolicy(private=True), Names(*(addresses or ("127.0.0.1",))))
        try:
            await use(transport, server)
        finally:
            await transport.close()
            server.answers.set()
            for writer in server.writers:
                writer.close()
            listening.close()
            await listening.wait_closed()

    asyncio.run(main())


async def ask(transport: HttpTransport, server: Server, method: str = "GET", read: float = 20.0) -> bytes:
    url, body = f"http://app.example:{server.port}/x", b"{}" if method == "POST" else b""
    return (await transport.request(method, url, {}, body, 20.0, read, 1000))[2]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 — it looks at the other side of a socket
            await asyncio.sleep(0.01)


def test_one_after_another_on_one_connection_and_two_at_once_on_two() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        for method in ("GET", "POST", "GET"):
            assert await ask(transport, server, method) == b"ok"
        assert [number for number, _ in server.seen] == [0, 0, 0]
        assert transport.connections == 1
        assert await asyncio.gather(*(ask(transport, server) for _ in range(3))) == [b"ok"] * 3
        assert len(server.writers) == transport.connections == 3

    run(use)


def test_what_the_server_has_closed_is_not_used_again() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        await ask(transport, server)
        server.writers[0].close()
        await until(lambda: transport.connections == 0)
        assert await ask(transport, server, "POST") == b"ok"
        assert [number for number, _ in server.seen] == [0, 1]

    run(use)


@pytest.mark.parametrize(("method", "asked"), [("GET", 2), ("POST", 1)])
def test_closed_unnoticed_only_what_may_be_asked_twice_is_asked_again_at_once(
    method: str, asked: int
) -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        await ask(transport, server)
        server.answers.clear()
        answer = asyncio.ensure_future(ask(transport, server, method))
        await until(lambda: len(server.seen) == 2)
        server.writers[0].transport.abort()
        server.answers.set()
        if method == "GET":
            assert await answer == b"ok"
        else:
            with pytest.raises(DeliveryError, match="Connection closed") as failure:
                await answer
            assert failure.value.retryable
        assert len(server.writers) == asked

    run(use)


def test_a_new_connection_that_is_closed_without_a_word_is_a_failure() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        server.answers.clear()
        answer = asyncio.ensure_future(ask(transport, server))
        await until(lambda: len(server.seen) == 1)
        server.writers[0].transport.abort()
        with pytest.raises(DeliveryError, match="Connection closed"):
            await answer
        assert len(server.writers) == 1

    run(use)


def test_an_answer_that_nobody_waits_for_any_more_is_nobody_elses() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        await ask(transport, server)
        server.answers.clear()
        given_up = asyncio.ensure_future(ask(transport, server))
        await until(lambda: len(server.seen) == 2)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        server.answers.set()
        assert await ask(transport, server) == b"ok"
        assert server.seen[-1][0] == 1

    run(use)


def test_silence_ends_the_connection() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        server.answers.clear()
        with pytest.raises(DeliveryError, match="timed out") as failure:
            await ask(transport, server, read=0.05)
        assert failure.value.retryable
        await until(lambda: transport.connections == 0)

    run(use)


def test_idle_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "KEEP_ALIVE_S", 0.05)

    async def use(transport: HttpTransport, server: Server) -> None:
        await asyncio.gather(ask(transport, server), ask(transport, server))
        await until(lambda: transport.connections == 0)
        assert transport._pool._places == {}

    run(use)


def test_who_finds_no_room_waits_for_his_turn_and_no_longer_than_for_connecting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "PER_HOST", 1)

    async def use(transport: HttpTransport, server: Server) -> None:
        server.answers.clear()
        first = asyncio.ensure_future(ask(transport, server))
        await until(lambda: len(server.seen) == 1)
        second = asyncio.ensure_future(ask(transport, server))
        with pytest.raises(DeliveryError, match="timed out"):
            await transport.request("GET", f"http://app.example:{server.port}/", {}, b"", 0.05, 5.0, 10)
        server.answers.set()
        assert [*await asyncio.gather(first, second)] == [b"ok", b"ok"]
        assert len(server.writers) == 1

    run(use)


def test_the_next_address_is_tried_when_one_refuses() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        assert await ask(transport, server) == b"ok"

    run(use, "127.0.0.77", "127.0.0.1")


def test_no_header_ends_a_line() -> None:
    async def use(transport: HttpTransport, server: Server) -> None:
        url = f"http://app.example:{server.port}/"
        with pytest.raises(DeliveryError, match="line break"):
            await transport.request("GET", url, {"A": "b\r\nC: d"}, b"", 5.0, 5.0, 10)
        assert server.seen == []

    run(use)
