"""One URL, one fetch: who shares a copy, for how long, and when its file goes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy
from offhook.webhooks import copies
from offhook.webhooks.copies import freshness
from offhook.webhooks.download import Downloads, DownloadSettings

U = "https://cdn.example/a.mp3"
FOR_ALL = {"Cache-Control": "public, max-age=60"}


@pytest.fixture
def downloads(kit: Any, tmp_path: Path) -> Downloads:
    return make(kit, tmp_path)


def make(kit: Any, tmp_path: Path, **settings: Any) -> Downloads:
    where = DownloadSettings(tmp_path / "fetched", **settings)
    return Downloads(kit.transport, FetchPolicy(private=False), kit.ids, where)


def slow(answer: Any, seconds: float = 1.0) -> Any:
    async def reply() -> Any:
        await asyncio.sleep(seconds)
        return answer

    return reply


def files(tmp_path: Path) -> int:
    return len(list((tmp_path / "fetched").iterdir()))


def read(path: str) -> bytes:
    return Path(path).read_bytes()


async def settled(seconds: float = 0.1) -> None:
    """Long enough for removals, whose threads virtual time waits for."""
    await asyncio.sleep(seconds)


def test_many_calls_at_once_fetch_once(kit: Any, downloads: Downloads, tmp_path: Path) -> None:
    kit.transport.on(U, slow((200, {}, b"ID3")))

    async def scene() -> None:
        paths = await asyncio.gather(*(downloads.download(U) for _ in range(50)))
        assert len(set(paths)) == 1
        for path in paths[1:]:
            downloads.discard(path)
        await settled(copies.SHARED_S + 1)
        assert read(paths[0]) == b"ID3"
        downloads.discard(paths[0])
        await settled()

    kit.run(scene())
    assert len(kit.transport.sent) == 1
    assert files(tmp_path) == 0


def test_a_fresh_copy_is_used_again_and_goes_when_it_is_stale(
    kit: Any, downloads: Downloads, tmp_path: Path
) -> None:
    kit.transport.on(U, (200, FOR_ALL, b"1"), (200, FOR_ALL, b"2"))

    async def scene() -> list[bytes]:
        heard = []
        for pause in (30.0, 29.0, 2.0):
            path = await downloads.download(U)
            heard.append(read(path))
            downloads.discard(path)
            await settled(pause)
        await settled(61.0)
        return heard

    assert kit.run(scene()) == [b"1", b"1", b"1"]
    assert files(tmp_path) == 0
    assert len(kit.transport.sent) == 1


def test_no_store_is_one_calls_alone(kit: Any, downloads: Downloads, tmp_path: Path) -> None:
    replies = [slow((200, {"cache-control": "No-Store"}, str(n).encode())) for n in range(3)]
    kit.transport.on(U, *replies)

    async def scene() -> list[bytes]:
        paths = await asyncio.gather(*(downloads.download(U) for _ in range(3)))
        found = [read(path) for path in paths]
        for path in paths:
            downloads.discard(path)
        await settled()
        return found

    assert sorted(kit.run(scene())) == [b"0", b"1", b"2"]
    assert files(tmp_path) == 0


def test_a_failure_is_everybodys_and_is_not_kept(kit: Any, downloads: Downloads) -> None:
    kit.transport.on(U, slow((404, {}, b"")), (200, {}, b"x"))

    async def scene() -> list[Any]:
        return await asyncio.gather(*(downloads.download(U) for _ in range(3)), return_exceptions=True)

    found = kit.run(scene())
    assert [type(each) for each in found] == [DeliveryError] * 3
    assert len(kit.transport.sent) == 1
    assert kit.run(downloads.download(U))


def test_who_gives_up_waiting_takes_nothing_from_the_others(
    kit: Any, downloads: Downloads, tmp_path: Path
) -> None:
    kit.transport.on(U, slow((200, {"Cache-Control": "max-age=1"}, b"x")))

    async def scene() -> None:
        first, second = (asyncio.ensure_future(downloads.download(U)) for _ in range(2))
        await asyncio.sleep(0.5)
        first.cancel()
        downloads.discard(await second)
        await settled(1.5)

    kit.run(scene())
    assert len(kit.transport.sent) == 1
    assert files(tmp_path) == 0


def test_when_all_have_given_up_the_file_goes(kit: Any, downloads: Downloads, tmp_path: Path) -> None:
    kit.transport.on(U, slow((200, {"Cache-Control": "no-store"}, b"x")))

    async def scene() -> None:
        task = asyncio.ensure_future(downloads.download(U))
        await asyncio.sleep(0.5)
        task.cancel()
        await settled(1.0)

    kit.run(scene())
    assert files(tmp_path) == 0


def test_the_oldest_idle_copies_make_room(
    kit: Any, downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST_KEPT", 2)
    monkeypatch.setattr(copies, "MOST_BYTES", 5)

    async def scene() -> None:
        for name, size in (("a", 1), ("b", 1), ("c", 1), ("d", 4), ("e", 9)):
            url = f"https://cdn.example/{name}"
            kit.transport.on(url, (200, FOR_ALL, b"x" * size))
            downloads.discard(await downloads.download(url))
            await settled()
        assert len(downloads.copies) == 0  # the last alone is more than may be kept
        assert files(tmp_path) == 0
        kit.transport.on("https://cdn.example/f", (200, FOR_ALL, b"x"))
        downloads.discard(await downloads.download("https://cdn.example/f"))
        assert files(tmp_path) == len(downloads.copies) == 1

    kit.run(scene())


def test_close_breaks_off_and_leaves_nothing(kit: Any, downloads: Downloads, tmp_path: Path) -> None:
    kit.transport.on(U, (200, FOR_ALL, b"x"))
    kit.transport.on("https://cdn.example/b", slow((200, {}, b"x"), 1000))

    async def scene() -> None:
        await downloads.download(U)
        waiting = asyncio.ensure_future(downloads.download("https://cdn.example/b"))
        await asyncio.sleep(0.1)
        await downloads.close()
        with pytest.raises(DeliveryError, match="broken off"):
            await waiting

    kit.run(scene())
    assert files(tmp_path) == 0


def test_so_many_at_once_and_half_for_one_host(kit: Any, tmp_path: Path) -> None:
    downloads = make(kit, tmp_path, at_once=4)
    for number in range(10):
        kit.transport.on(f"https://slow.example/{number}", slow((200, {}, b"x"), 5.0))
    kit.transport.on("https://quick.example/", slow((200, {}, b"x"), 0.1))

    async def scene() -> None:
        others = [
            asyncio.ensure_future(downloads.download(f"https://slow.example/{number}"))
            for number in range(10)
        ]
        await asyncio.sleep(0.1)
        assert kit.transport.running == 2
        begun = asyncio.get_running_loop().time()
        await downloads.download("https://quick.example/")
        assert asyncio.get_running_loop().time() - begun < 0.5
        await asyncio.gather(*others)

    kit.run(scene())
    assert kit.transport.most == 3


def test_a_server_that_drips_is_given_up_once_and_the_setting_is_named(
    kit: Any, downloads: Downloads
) -> None:
    kit.transport.on(U, slow((200, {}, b"x"), 1000), (200, {}, b"x"))
    with pytest.raises(DeliveryError, match=r"after 30 s.*OFFHOOK_FETCH__TIMEOUT") as caught:
        kit.run(downloads.download(U))
    assert not caught.value.retryable
    assert len(kit.transport.sent) == 1


def test_too_large_names_the_setting(kit: Any, tmp_path: Path) -> None:
    kit.transport.on(U, DeliveryError("The reply is larger than 1000 bytes."))
    kit.transport.on("https://cdn.example/b", (200, {}, b"x" * 1001))
    downloads = make(kit, tmp_path, max_bytes=1000)
    for url in (U, "https://cdn.example/b"):
        with pytest.raises(DeliveryError, match="OFFHOOK_FETCH__MAX_STREAM_BYTES"):
            kit.run(downloads.download(url))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, copies.SHARED_S),
        ({"Cache-Control": "public, max-age=60"}, 60),
        ({"cache-control": "max-age=60, s-maxage=5"}, 5),
        ({"cache-control": 'MAX-AGE="60"'}, 60),
        ({"cache-control": "max-age=9999999999"}, 300),
        ({"cache-control": "max-age=60", "Age": "50"}, 10),
        ({"cache-control": "max-age=60", "Age": "70"}, 0),
        ({"cache-control": "max-age=60", "Age": "x"}, 60),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "max-age=60, no-store"}, 0),
        ({"cache-control": "no-cache=x"}, 0),
        ({"cache-control": "private"}, 0),
        ({"vary": "*"}, 0),
        ({"vary": "Accept-Encoding"}, copies.SHARED_S),
        ({"cache-control": "nonsense,,=;"}, copies.SHARED_S),
    ],
)
def test_freshness(headers: dict[str, str], seconds: float) -> None:
    assert freshness(headers, 300.0) == seconds


def test_a_bound_of_nothing_shares_nothing() -> None:
    assert freshness(FOR_ALL, 0.0) == 0.0
