"""Downloads: redirects under the policy, retries, limits, files."""

from pathlib import Path
from typing import Any

import pytest

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy
from offhook.webhooks.download import Downloads, DownloadSettings

U = "https://cdn.example/a.mp3"


@pytest.fixture
def downloads(kit: Any, tmp_path: Path) -> Downloads:
    policy = FetchPolicy(private=False)
    return Downloads(kit.transport, policy, kit.ids, DownloadSettings(tmp_path / "fetched"))


def redirect(to: str) -> Any:
    return 302, {"LOCATION": to}, b""


def test_a_copy_and_its_end(kit: Any, downloads: Downloads, tmp_path: Path) -> None:
    kit.transport.on(U, (200, {}, b"ID3"))
    path = kit.run(downloads.download(U))
    assert Path(path).read_bytes() == b"ID3"
    downloads.discard(path)
    downloads.discard("a path nobody knows")
    kit.run(downloads.close())
    assert list((tmp_path / "fetched").iterdir()) == []


def test_leftovers_are_cleared(kit: Any, downloads: Downloads, tmp_path: Path) -> None:
    kit.run(downloads.clear())
    kit.transport.on(U, (200, {}, b"ID3"))
    kit.run(downloads.download(U))
    kit.run(downloads.clear())
    assert list((tmp_path / "fetched").iterdir()) == []


def test_redirects_are_followed_and_checked(kit: Any, downloads: Downloads) -> None:
    kit.transport.on(U, redirect("/b.mp3"))
    kit.transport.on("https://cdn.example/b.mp3", redirect("https://other.example/c.mp3"))
    kit.transport.on("https://other.example/c.mp3", (200, {}, b"x"))
    kit.run(downloads.download(U))
    assert kit.transport.urls[-1] == "https://other.example/c.mp3"


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("https://127.0.0.1/", "OFFHOOK_FETCH__PRIVATE"),
        ("http://other.example/", "from https to http"),
        ("file:///etc/passwd", "scheme"),
        ("https://other.example:22/", "port 22"),
        ("//10.0.0.1/", "OFFHOOK_FETCH__PRIVATE"),
    ],
)
def test_bad_redirects(kit: Any, downloads: Downloads, to: str, text: str) -> None:
    kit.transport.on(U, redirect(to))
    with pytest.raises(DeliveryError, match=text):
        kit.run(downloads.download(U))
    assert kit.transport.urls == [U]


def test_a_loop_ends(kit: Any, downloads: Downloads) -> None:
    kit.transport.on(U, *[redirect(U)] * 20)
    with pytest.raises(DeliveryError, match="more than 5 times"):
        kit.run(downloads.download(U))


@pytest.mark.parametrize("trouble", [(503, {}, b""), ConnectionResetError(), TimeoutError()])
def test_one_more_attempt(kit: Any, downloads: Downloads, trouble: Any) -> None:
    kit.transport.on(U, trouble, (200, {}, b"x"))
    kit.run(downloads.download(U))
    assert kit.transport.sent[1].at - kit.transport.sent[0].at == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("reply", "text"),
    [((404, {}, b""), "HTTP status 404"), ((200, {}, b""), "is empty"), ((302, {}, b""), "302")],
)
def test_no_file(kit: Any, downloads: Downloads, reply: Any, text: str) -> None:
    kit.transport.on(U, reply)
    with pytest.raises(DeliveryError, match=text):
        kit.run(downloads.download(U))
    assert len(kit.transport.sent) == 1


def test_the_first_url_is_checked_too(kit: Any, downloads: Downloads) -> None:
    with pytest.raises(DeliveryError, match="OFFHOOK_FETCH__PRIVATE"):
        kit.run(downloads.download("http://192.168.1.1/a.mp3"))
    assert kit.transport.sent == []


def test_a_disk_that_takes_nothing_is_a_sentence_and_leaves_no_piece(
    kit: Any, downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, body: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    kit.transport.on(U, (200, {}, b"ID3"))
    with pytest.raises(DeliveryError, match=r"could not be kept: .*No space left") as caught:
        kit.run(downloads.download(U))
    assert not caught.value.retryable
    assert list((tmp_path / "fetched").iterdir()) == []
