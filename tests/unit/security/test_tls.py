"""A server's certificate is replaced under open connections; one that cannot be used changes nothing."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from offhook.core.clock import SystemClock
from offhook.core.errors import Invalid
from offhook.security.certificate_store import authority_file, server_file
from offhook.security.tls import Chosen, ServerTls

WALL = 1_770_000_000_000_000


def made(directory: Path, *names: str) -> Path:
    return server_file(directory, names or ["localhost"], WALL)


def given(directory: Path, *names: str) -> Chosen:
    """Certificate and key as two files."""
    text = made(directory, *names).read_text()
    at = text.index("-----BEGIN PRIVATE KEY-----")
    certificate, key = directory / "cert.pem", directory / "key.pem"
    certificate.write_text(text[:at])
    key.write_text(text[at:])
    return Chosen(certificate, key)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work()

    asyncio.run(bounded())


async def serve(tls: ServerTls) -> tuple[asyncio.Server, int]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=tls.context)
    return server, server.sockets[0].getsockname()[1]


def trusting() -> ssl.SSLContext:
    """A client that looks at nothing but what it is shown: certificates of these tests are of the past."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def shown(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting())
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return reader, writer, found


def test_a_new_certificate_counts_for_the_next_connection_and_no_open_one_ends(tmp_path: Path) -> None:
    chosen = [given(tmp_path / "one")]
    tls = ServerTls(lambda: chosen[0])

    async def work() -> None:
        assert await tls.refresh()
        assert not await tls.refresh(), "the same files"
        server, port = await serve(tls)
        reader, writer, first = await shown(port)
        chosen[0] = given(tmp_path / "two")
        assert await tls.refresh()
        _, other, second = await shown(port)
        assert first != second
        writer.write(b"still here")
        assert await reader.readexactly(10) == b"still here"
        for each in (writer, other):
            each.close()
            await each.wait_closed()
        server.close()
        await server.wait_closed()

    run(work)


def test_a_file_written_over_is_noticed(tmp_path: Path) -> None:
    chosen = given(tmp_path / "one")
    other = given(tmp_path / "two")
    tls = ServerTls(lambda: chosen)

    async def work() -> None:
        assert await tls.refresh()
        chosen.certificate.write_bytes(other.certificate.read_bytes())
        assert other.key
        assert chosen.key
        with pytest.raises(Invalid, match="does not belong to the certificate"):
            await tls.refresh()
        chosen.key.write_bytes(other.key.read_bytes())
        assert await tls.refresh()

    run(work)


def test_what_cannot_be_used_is_refused_with_a_sentence_and_the_old_one_stays(tmp_path: Path) -> None:
    good = given(tmp_path / "good")
    assert good.key
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    sealed = tmp_path / "sealed.pem"
    key = load_pem_private_key(good.key.read_bytes(), None)
    sealed.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    wrong = [
        (Chosen(tmp_path / "none.pem", good.key), "TLS_CERT.*none.pem cannot be read"),
        (Chosen(good.certificate, tmp_path / "none.pem"), "TLS_KEY.*none.pem cannot be read"),
        (Chosen(nonsense, good.key), "must hold a certificate and its chain, .*key.pem its key"),
        (Chosen(good.certificate, nonsense), "nonsense.pem its key, both as PEM"),
        (Chosen(good.certificate), "must be a PEM file with a certificate, its chain and its key"),
        (Chosen(good.certificate, sealed), "TLS_KEY.*passphrase"),
        (Chosen(tmp_path, good.key), "TLS_CERT"),
    ]
    chosen = [good]
    tls = ServerTls(lambda: chosen[0])

    async def work() -> None:
        assert await tls.refresh()
        server, port = await serve(tls)
        for bad, sentence in wrong:
            chosen[0] = bad
            with pytest.raises(Invalid, match=sentence):
                await tls.refresh()
            _, writer, _ = await shown(port)
            writer.close()
            await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(work)


def test_a_client_that_trusts_the_authority_gets_tls_1_2_or_later_and_http_1_1(tmp_path: Path) -> None:
    wall = SystemClock().wall()
    path = server_file(tmp_path, ["localhost"], wall)
    tls = ServerTls(lambda: Chosen(path))

    async def work() -> None:
        await tls.refresh()
        server, port = await serve(tls)
        context = ssl.create_default_context(cafile=str(authority_file(tmp_path, wall)))
        context.set_alpn_protocols(["h2", "http/1.1"])
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        found = writer.get_extra_info("ssl_object")
        assert found.version() == "TLSv1.3"
        assert found.selected_alpn_protocol() == "http/1.1"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    run(work)
    assert tls.context.minimum_version == ssl.TLSVersion.TLSv1_2
