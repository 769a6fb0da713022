"""The aiohttp transport against a server on loopback, with a resolver that says what the test wants."""

import asyncio
import gzip
import resource
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy
from offhook.webhooks import lanes, transport
from offhook.webhooks.transport import AiohttpTransport

ALLOW = FetchPolicy(private=True)
DENY = FetchPolicy(private=False)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]"


class FakeResolver:
    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if not self.addresses:
            raise OSError("no such name")
        return self.addresses


class Server:
    """Writes prepared bytes for each connection and keeps what it was sent."""

    def __init__(self, reply: bytes | None) -> None:
        self.reply = reply
        self.requests: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.readexactly(1)
            if first == b"\x16":  # a TLS ClientHello; this server speaks none
                writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            head = first + await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.requests.append(head + await reader.readexactly(length))
            if self.reply is None:
                await reader.read()
            else:
                writer.write(self.reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def exchange(
    use: Callable[[AiohttpTransport, Server], Awaitable[Any]],
    reply: bytes | None = OK,
    policy: FetchPolicy = ALLOW,
    resolver: FakeResolver | None = None,
) -> Any:
    async def main() -> Any:
        server = Server(reply)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        transport = AiohttpTransport(policy, resolver or FakeResolver("127.0.0.1"))
        try:
            return await use(transport, server)
        finally:
            await transport.close()
            listening.close()
            await listening.wait_closed()

    return asyncio.run(main())


async def ask(transport: AiohttpTransport, url: str, **options: Any) -> Any:
    method = options.get("method", "GET")
    body, headers = options.get("body", b""), options.get("headers", {})
    return await transport.request(method, url, headers, body, 0.5, options.get("read", 0.5), 1000)


def failing(url: str, **options: Any) -> DeliveryError:
    async def use(transport: AiohttpTransport, server: Server) -> None:
        await ask(transport, url.replace("PORT", str(server.port)))

    with pytest.raises(DeliveryError) as caught:
        exchange(use, **options)
    return caught.value


def test_a_post_as_it_goes_on_the_wire() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> bytes:
        headers = {"User-Agent": "Offhook", "Offhook-Delivery": "D1", "Content-Type": "application/json"}
        url = f"http://app.example:{server.port}/event"
        answer = await ask(transport, url, method="POST", body=b'{"a":1}', headers=headers)
        assert answer[0] == 200
        assert answer[2] == b"[]"
        return server.requests[0]

    request = exchange(use)
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /event HTTP/1.1"
    assert b"Content-Type: application/json" in lines
    assert b"Content-Length: 7" in lines
    assert b"Offhook-Delivery: D1" in lines
    assert lines[1].startswith(b"Host: app.example:")
    assert body == b'{"a":1}'


def test_a_get_keeps_our_encoding() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> bytes:
        await ask(transport, f"http://app.example:{server.port}/x?d=%7B%22a%22:%22b,c/d%22%7D&e=%2B%20")
        return server.requests[0]

    request = exchange(use)
    assert request.startswith(b"GET /x?d=%7B%22a%22:%22b,c/d%22%7D&e=%2B%20 HTTP/1.1\r\n")
    assert b"content-type" not in request.lower()


def test_other_characters_are_encoded() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> bytes:
        await ask(transport, f"http://app.example:{server.port}/ü?k=ü")
        return server.requests[0]

    assert exchange(use).startswith(b"GET /%C3%BC?k=%C3%BC HTTP/1.1\r\n")


def test_redirects_are_given_back() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

    async def use(transport: AiohttpTransport, server: Server) -> Any:
        return await ask(transport, f"http://app.example:{server.port}/")

    status, headers, _ = exchange(use, reply)
    assert status == 302
    assert headers["Location"] == "http://127.0.0.1:1/"


def test_credentials_in_the_url_give_way_to_a_signature() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> list[bytes]:
        url = f"http://user:pw@app.example:{server.port}/"
        await ask(transport, url)
        await ask(transport, url, headers={"Authorization": "Bearer x"})
        return server.requests

    basic, bearer = exchange(use)
    assert b"Authorization: Basic dXNlcjpwdw==" in basic
    assert b"Authorization: Bearer x" in bearer
    assert b"Basic" not in bearer


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:PORT/",
        "http://[::1]:PORT/",
        "http://[::ffff:127.0.0.1]:PORT/",
        "http://0.0.0.0:PORT/",
        "http://rebound.example:PORT/",
        "http://user@rebound.example:PORT/",
    ],
)
def test_private_addresses_are_refused_by_the_setting_s_name(url: str) -> None:
    error = failing(url, policy=DENY)
    assert not error.retryable
    assert "OFFHOOK_FETCH__PRIVATE" in str(error) or "never fetched" in str(error)


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1"])
def test_disguised_addresses_are_refused(host: str) -> None:
    error = failing(f"http://{host}:PORT/", policy=DENY)
    assert not error.retryable


def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    class Rebinding(FakeResolver):
        async def resolve(self, host: str, port: int) -> list[str]:
            self.asked.append(host)
            return ["192.0.2.1"] if len(self.asked) == 1 else ["127.0.0.1"]

    resolver = Rebinding()

    async def use(transport: AiohttpTransport, server: Server) -> Server:
        url = f"http://rebinding.example:{server.port}/"
        # What a check before the request would have seen; the transport must not rely on it.
        await resolver.resolve("rebinding.example", server.port)
        with pytest.raises(DeliveryError, match="OFFHOOK_FETCH__PRIVATE"):
            await ask(transport, url)
        return server

    assert exchange(use, policy=DENY, resolver=resolver).requests == []


def test_of_several_addresses_only_permitted_ones_are_used() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> Server:
        with pytest.raises(DeliveryError):
            await transport.request("GET", f"http://mixed.example:{server.port}/", {}, b"", 0.05, 0.05, 1000)
        return server

    # Two are refused, 203.0.113.1 is a documentation address: nothing may lead to loopback.
    resolver = FakeResolver("127.0.0.1", "240.0.0.1", "203.0.113.1")
    assert exchange(use, policy=DENY, resolver=resolver).requests == []


@pytest.mark.parametrize(
    ("reply", "retryable", "text"),
    [
        (b"", True, "Connection closed."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", True, "Connection closed."),
        (b"SSH-2.0-OpenSSH\r\n\r\n", False, "not HTTP"),
        (None, True, "Connection timed out."),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, False, "larger than 1000"),
    ],
    ids=["closed", "short", "not http", "silent", "large"],
)
def test_failures(reply: bytes | None, retryable: bool, text: str) -> None:
    error = failing("http://app.example:PORT/", reply=reply)
    assert text in str(error)
    assert error.retryable is retryable


def test_the_cap_counts_what_is_unpacked() -> None:
    packed = gzip.compress(b"x" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    assert len(packed) < 1000
    assert "larger than 1000" in str(failing("http://app.example:PORT/", reply=head + packed))


def test_the_cap_counts_what_a_small_bomb_unpacks_to_without_unpacking_it_all() -> None:
    packed = gzip.compress(b"\0" * 300_000_000, 9)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "larger than 1000" in str(failing("http://app.example:PORT/", reply=head + packed))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(
    "head",
    [b"".join(b"X-%d: y\r\n" % n for n in range(500)), b"X-Long: " + b"y" * 100_000 + b"\r\n"],
    ids=["many lines", "a long line"],
)
def test_heads_without_end(head: bytes) -> None:
    error = failing(
        "http://app.example:PORT/", reply=b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 0\r\n\r\n"
    )
    assert not error.retryable
    assert "not HTTP" in str(error)


def test_tls_failure_is_not_tried_again() -> None:
    error = failing("https://app.example:PORT/")
    assert "TLS failed" in str(error)
    assert not error.retryable


def test_nobody_listens() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        error = failing(f"http://127.0.0.1:{reserved.getsockname()[1]}/")
    assert error.retryable
    assert str(error) == "Connection closed."


def test_a_name_without_address() -> None:
    error = failing("http://nowhere.example:PORT/", resolver=FakeResolver())
    assert error.retryable
    assert "nowhere.example has no address" in str(error)


@pytest.mark.parametrize(
    "url", ["ftp://a/", "http://", "nonsense", "http://a:99999/", "http://a b/", "http://[::1/"]
)
def test_invalid_urls(url: str) -> None:
    assert not failing(url).retryable


def test_connections_are_kept_for_the_next_request() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> None:
        for _ in range(2):
            assert (await ask(transport, f"http://app.example:{server.port}/"))[0] == 200

    exchange(use)


def test_close_twice() -> None:
    async def use(transport: AiohttpTransport, server: Server) -> None:
        await ask(transport, f"http://app.example:{server.port}/")
        await transport.close()

    exchange(use)


def test_events_that_hang_leave_connections_for_the_next_ncco() -> None:
    assert transport.PER_HOST > lanes.PER_APPLICATION
    assert transport.POOL > lanes.IN_ALL
