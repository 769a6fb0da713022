"""The sockets of one instance: opened together or not at all, and found again by the next control process."""

import contextlib
import socket
from pathlib import Path

import pytest

from offhook import config
from offhook.core.errors import Invalid
from offhook.supervisor import sockets


def free() -> int:
    """A port that nobody has, over UDP and TCP."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
        ):
            datagrams.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                stream.bind(datagrams.getsockname())
                return int(datagrams.getsockname()[1])


def settings(tmp_path: Path, tls_port: int | None = None) -> config.Settings:
    return config.Settings(
        data_dir=tmp_path,
        http=config.Http(port=free(), tls_port=free() if tls_port is None else tls_port),
        sip=config.Sip(port=free()),
    )


def test_control_finds_http_and_https_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(tmp_path)
    opened = sockets.open_all(chosen)
    assert opened.https
    assert [sock.getsockname()[1] for sock in opened.all()[-2:]] == [chosen.http.port, chosen.http.tls_port]
    for name, value in opened.environment().items():
        monkeypatch.setenv(name, value)
    found = sockets.inherited()
    assert found
    assert found.https
    assert found.descriptors() == opened.descriptors()
    assert found.https.getsockname() == opened.https.getsockname()
    for sock in found.all():
        sock.detach()
    opened.close()


def test_port_0_serves_no_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(tmp_path, 0)
    assert chosen.https_url is None
    opened = sockets.open_all(chosen)
    assert opened.https is None
    monkeypatch.setenv(sockets.VARIABLE, opened.environment()[sockets.VARIABLE])
    found = sockets.inherited()
    assert found
    assert found.https is None
    for sock in found.all():
        sock.detach()
    opened.close()


def test_a_taken_https_port_is_told_with_the_way_out_and_nothing_stays_open(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        chosen = settings(tmp_path, other.getsockname()[1])
        with pytest.raises(Invalid, match=r"OFFHOOK_HTTP__TLS_PORT.*is in use.*or 0 to serve no HTTPS"):
            sockets.open_all(chosen)
    sockets.open_all(chosen).close()
