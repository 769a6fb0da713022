"""HTTP and HTTPS of one control process on real loopback sockets, and the names in the certificate."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from offhook import config, serving
from offhook.core.clock import SystemClock
from offhook.core.errors import Invalid
from offhook.security.certificate_store import authority_file
from offhook.security.tls import Chosen, ServerTls
from offhook.serving import Web, chooser, server_names

REQUEST = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Tells the scheme under which it was asked."""
    body = str(scope["scheme"]).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def listening() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen()
    made.setblocking(False)
    return made


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(bounded())


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, sock: socket.socket, authority: Path | None = None) -> "Client":
        port = sock.getsockname()[1]
        tls = ssl.create_default_context(cafile=str(authority)) if authority else None
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name))

    async def ask(self) -> bytes:
        self._writer.write(REQUEST)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return await self._reader.readexactly(length)

    @property
    def certificate(self) -> bytes:
        found = self._writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert isinstance(found, bytes)
        return found

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def settings(tmp_path: Path, **http: Any) -> config.Settings:
    return config.Settings(data_dir=tmp_path, http=config.Http(**http))


def test_both_serve_the_same_and_a_renewed_certificate_touches_no_connection(tmp_path: Path) -> None:
    async def work() -> None:
        plain, secure = listening(), listening()
        tls = ServerTls(chooser(settings(tmp_path), SystemClock()))
        web = Web(application, plain, secure, tls, HttpToolsProtocol)
        await web.start()
        authority = authority_file(tmp_path, SystemClock().wall())
        one, two = await Client.to(plain), await Client.to(secure, authority)
        assert (await one.ask(), await two.ask()) == (b"http", b"https")
        (tmp_path / "tls" / "server.pem").unlink()
        await web.look()
        three = await Client.to(secure, authority)
        assert three.certificate != two.certificate
        assert (await two.ask(), await three.ask()) == (b"https", b"https")
        for each in (one, two, three):
            await each.close()
        await web.stop()
        with pytest.raises(OSError):
            await Client.to(secure, authority)

    run(work)


def test_without_a_usable_certificate_http_is_served_and_https_as_soon_as_there_is_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        plain, secure = listening(), listening()
        broken = settings(tmp_path, tls_cert=str(tmp_path / "none.pem"))
        tls = ServerTls(chooser(broken, SystemClock()))
        web = Web(application, plain, secure, tls, HttpToolsProtocol)
        with caplog.at_level(logging.ERROR):
            await web.start()
        assert "HTTPS is not served: OFFHOOK_HTTP__TLS_CERT" in caplog.text
        one = await Client.to(plain)
        assert await one.ask() == b"http"
        tls.choose = chooser(settings(tmp_path), SystemClock())
        await web.look()
        two = await Client.to(secure, authority_file(tmp_path, SystemClock().wall()))
        assert await two.ask() == b"https"
        tls.choose = chooser(broken, SystemClock())
        await web.look()
        assert "HTTPS goes on with the certificate it has" in caplog.text
        assert await two.ask() == b"https"
        for each in (one, two):
            await each.close()
        await web.stop()

    run(work)


@pytest.mark.parametrize("told", [b"", b"198.51.100.7", b"127.0.0.1, 198.51.100.7"])
def test_who_comes_over_a_proxy_of_this_machine_is_who_the_proxy_says(tmp_path: Path, told: bytes) -> None:
    """Else everybody behind it would be this machine, for which /metrics is open."""
    found: list[str] = []

    async def seen(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["client"][0])
        await application(scope, receive, send)

    async def work() -> None:
        sock = listening()
        tls = ServerTls(chooser(settings(tmp_path), SystemClock()))
        web = Web(seen, sock, None, tls, HttpToolsProtocol)
        await web.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", sock.getsockname()[1])
        forwarded = b"X-Forwarded-For: " + told + b"\r\n" if told else b""
        writer.write(REQUEST.replace(b"\r\n\r\n", b"\r\n" + forwarded + b"\r\n"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        await web.stop()

    run(work)
    assert found == ["198.51.100.7" if told else "127.0.0.1"]


def test_port_0_makes_no_certificate(tmp_path: Path) -> None:
    async def work() -> None:
        plain = listening()
        web = Web(
            application, plain, None, ServerTls(chooser(settings(tmp_path), SystemClock())), HttpToolsProtocol
        )
        await web.start()
        await web.look()
        one = await Client.to(plain)
        assert await one.ask() == b"http"
        await one.close()
        await web.stop()

    run(work)
    assert not (tmp_path / "tls").exists()


def test_a_client_that_never_shakes_hands_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HANDSHAKE", 0.2)

    async def work() -> None:
        plain, secure = listening(), listening()
        tls = ServerTls(chooser(settings(tmp_path), SystemClock()))
        web = Web(application, plain, secure, tls, HttpToolsProtocol)
        await web.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", secure.getsockname()[1])
        assert await reader.read() == b""
        writer.close()
        await web.stop()

    run(work)


def test_the_names_are_all_by_which_this_machine_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "switchboard")
    monkeypatch.setattr(serving, "default_route_address", lambda wildcard: f"route of {wildcard}")
    names = server_names(settings(tmp_path, host="192.0.2.7", public_url="https://[2001:db8::7]:8443/x"))
    assert names[:3] == ["localhost", "127.0.0.1", "::1"]
    assert set(names[3:]) == {"2001:db8::7", "192.0.2.7", "switchboard", "sip.offhook.localhost"}
    assert "route of 0.0.0.0" in server_names(settings(tmp_path, host="0.0.0.0"))

    def no_route(wildcard: str) -> str:
        raise Invalid("x", "no network")

    monkeypatch.setattr(serving, "default_route_address", no_route)
    assert "127.0.0.1" in server_names(settings(tmp_path, host="::"))


def test_given_files_are_taken_as_they_are(tmp_path: Path) -> None:
    one = chooser(settings(tmp_path, tls_cert="/c.pem"), SystemClock())()
    two = chooser(settings(tmp_path, tls_cert="/c.pem", tls_key="/k.pem"), SystemClock())()
    assert (one, two) == (Chosen(Path("/c.pem")), Chosen(Path("/c.pem"), Path("/k.pem")))
    assert not (tmp_path / "tls").exists()
