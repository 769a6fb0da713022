"""Certificates for served names: made on demand, kept, made anew, and verified by a client."""

import ssl
from pathlib import Path

import pytest

from offhook.core.clock import US_PER_SECOND, SystemClock
from offhook.core.errors import Invalid
from offhook.exec.leaves import KEEP, MOST, Leaves
from offhook.security.certificate_store import authority_file, issue_for

START = 1_780_000_000 * US_PER_SECOND


class Maker:
    """Counts what is asked for and makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.asked: list[str] = []
        self.said: list[str] = []
        self.broken = False

    def leaves(self) -> Leaves:
        return Leaves(self.issue, lambda: self.now, self.said.append)

    def issue(self, name: str, wall: int) -> bytes:
        if self.broken:
            raise Invalid("OFFHOOK_DATA_DIR", "the key is gone")
        self.asked.append(name)
        return issue_for(self.folder, [name], wall)


def test_a_name_is_made_once_a_day(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    leaves = maker.leaves()
    first = leaves.context("api.nexmo.com")
    assert leaves.context("API.nexmo.com.") is first
    maker.now += KEEP
    assert leaves.context("api.nexmo.com") is not first
    assert maker.asked == ["api.nexmo.com"] * 2


def test_the_names_kept_are_bounded(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    leaves = maker.leaves()
    pem = issue_for(tmp_path, ["x"], START)
    maker.issue = lambda name, wall: pem  # type: ignore[method-assign]
    leaves = maker.leaves()
    first = leaves.context("api-0.vonage.com")
    for number in range(1, MOST + 1):
        leaves.context(f"api-{number}.vonage.com")
    assert leaves.context("api-0.vonage.com") is not first


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Both sides in memory; gives the client's."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    far = server.wrap_bio(up, down, server_side=True)
    near = client.wrap_bio(down, up, server_hostname=name)
    for _ in range(6):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return near


def test_the_name_that_the_client_says_chooses(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    maker.now = SystemClock().wall()  # OpenSSL reads the real clock
    client = ssl.create_default_context(cafile=str(authority_file(tmp_path, maker.now)))
    server = maker.leaves().server_context()
    for name in ("api-eu-3.vonage.com", "rest.nexmo.com"):
        found = handshake(server, client, name).getpeercert()
        assert found is not None
        assert found["subjectAltName"] == (("DNS", name),)
    with pytest.raises(ssl.SSLError):
        handshake(server, client, "example.org")
    assert "example.org" not in maker.asked


def test_a_broken_authority_is_told_and_ends_the_handshake(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    server = maker.leaves().server_context()
    maker.broken = True
    with pytest.raises(ssl.SSLError):
        handshake(server, ssl.create_default_context(), "rest.nexmo.com")
    assert maker.said == ["no certificate for rest.nexmo.com: OFFHOOK_DATA_DIR: the key is gone"]
