"""How the end of a delivery is written down: with the next write, or at once when somebody waits for it."""

import asyncio
from typing import Any

import pytest
from tests.unit.webhooks.outbox_bench import Bench, E, bodies

from offhook.storage import deliveries
from offhook.storage.database import sqlite_url
from offhook.storage.records import Delivery
from offhook.webhooks.outbox import Outbox


@pytest.fixture
def bench(kit: Any, tmp_path: Any) -> Any:
    bench = Bench(kit, sqlite_url(tmp_path / "lanes.db"))
    yield bench
    bench.database.close_now()


def stored(bench: Bench, delivery: Delivery) -> str:
    """The state in the file, as another process, or the next one after a kill, finds it."""
    with bench.database._read_engine.connect() as connection:
        found = deliveries.get(connection, delivery.delivery_id)
    assert found is not None
    return found.state


def test_the_end_of_the_last_one_rides_with_the_next_write(bench: Bench) -> None:
    async def work(outbox: Outbox) -> None:
        first = await bench.add("leg:1")
        await asyncio.sleep(0.01)
        assert stored(bench, first) == "pending"
        await bench.database.write(lambda c: None)
        assert stored(bench, first) == "delivered"

    bench.run(work)


def test_or_is_written_by_itself_after_a_moment(bench: Bench, kit: Any) -> None:
    async def work(outbox: Outbox) -> None:
        first = await bench.add("leg:1")
        start = kit.loop.time()
        await outbox.wait_empty()
        assert kit.loop.time() - start == pytest.approx(0.05)
        assert stored(bench, first) == "delivered"

    bench.run(work)


def test_one_that_waits_behind_is_sent_after_the_end_is_stored(bench: Bench, kit: Any) -> None:
    seen: list[str] = []

    async def work(outbox: Outbox) -> None:
        rows: list[Delivery] = []

        async def look() -> Any:
            seen.append(stored(bench, rows[0]))
            return 204, {}, b""

        kit.transport.on(E, (204, {}, b""), look)
        rows.append(await bench.add("leg:1", {"n": 0}))
        rows.append(await bench.add("leg:1", {"n": 1}))
        start = kit.loop.time()
        await asyncio.sleep(0.001)
        assert len(kit.transport.sent) == 2
        assert kit.transport.sent[1].at == start  # nobody waited for the moment to pass

    bench.run(work)
    assert seen == ["delivered"]


def test_one_that_comes_while_the_end_rides_finds_it_stored(bench: Bench, kit: Any) -> None:
    seen: list[str] = []

    async def work(outbox: Outbox) -> None:
        first = await bench.add("leg:1", {"n": 0})
        await asyncio.sleep(0.01)
        assert stored(bench, first) == "pending"

        async def look() -> Any:
            seen.append(stored(bench, first))
            return 204, {}, b""

        kit.transport.on(E, look)
        await bench.add("leg:1", {"n": 1})
        await asyncio.sleep(0.001)
        assert [body["n"] for body in bodies(kit)] == [0, 1]

    bench.run(work)
    assert seen == ["delivered"]


def test_one_whose_row_was_on_its_way_already_hurries_the_end_before_it(bench: Bench, kit: Any) -> None:
    """Its transaction was submitted before the end of the one before rode, so that it took nothing along."""
    seen: list[str] = []

    async def work(outbox: Outbox) -> None:
        first = await bench.add("leg:1", {"n": 0})
        await asyncio.sleep(0.01)
        assert stored(bench, first) == "pending"
        database = bench.database
        riding = database._riders.take()  # as if they had come after the next submission

        async def look() -> Any:
            seen.append(stored(bench, first))
            return 204, {}, b""

        kit.transport.on(E, look)
        original = outbox._lanes.put

        def put(delivery: Delivery) -> None:
            for job in riding:
                database._riders.add(job)
            original(delivery)

        outbox._lanes.put = put  # type: ignore[method-assign]
        start = kit.loop.time()
        await bench.add("leg:1", {"n": 1})
        await asyncio.sleep(0.001)
        assert [sent.at for sent in kit.transport.sent[1:]] == [start]

    bench.run(work)
    assert seen == ["delivered"]


def test_a_kill_while_the_end_rides_sends_it_once_more_and_in_order(kit: Any, tmp_path: Any) -> None:
    url = sqlite_url(tmp_path / "killed.db")
    bench = Bench(kit, url)

    async def work(outbox: Outbox) -> list[Delivery]:
        rows = [await bench.add("leg:1", {"n": n}) for n in range(2)]
        await asyncio.sleep(0.01)
        assert [stored(bench, row) for row in rows] == ["delivered", "pending"]
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        return rows

    rows = bench.run(work)
    bench.database.close_now()
    after = Bench(kit, url, seed=8)

    async def again(outbox: Outbox) -> None:
        assert await outbox.start() == 1
        await after.add("leg:1", {"n": 2})
        await outbox.wait_empty()

    after.run(again)
    assert [body["n"] for body in bodies(kit)] == [0, 1, 1, 2]
    heads = [sent.headers["Offhook-Delivery"] for sent in kit.transport.sent]
    assert heads[1] == heads[2] == rows[1].delivery_id
    after.database.close_now()


def test_close_does_not_wait_for_the_moment_and_leaves_nothing_that_was_sent(
    bench: Bench, kit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(outbox: Outbox) -> None:
        row = await bench.add("leg:1")
        await asyncio.sleep(0.01)
        start = kit.loop.time()
        await outbox.close(5)
        assert kit.loop.time() == start
        assert stored(bench, row) == "delivered"

    bench.run(work)
    assert "left for the next start" not in caplog.text


def test_no_share_is_taken_while_ends_ride(kit: Any) -> None:
    bench = Bench(kit, per_application=1)

    async def work(outbox: Outbox) -> None:
        start = kit.loop.time()
        for n in range(5):
            await bench.add(f"leg:{n}")
        await asyncio.sleep(0.001)
        assert [sent.at for sent in kit.transport.sent] == [start] * 5

    bench.run(work)
    bench.database.close_now()
