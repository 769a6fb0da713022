"""Contract 5: what survives a crash, and what is not asked again."""

import asyncio
from typing import Any

import pytest
from tests.unit.webhooks.outbox_bench import Bench, E, bodies

from offhook.storage import deliveries
from offhook.storage.database import sqlite_url
from offhook.storage.records import Delivery
from offhook.webhooks.outbox import CRASHED, Outbox


def crash(kit: Any, tmp_path: Any) -> tuple[str, list[Delivery]]:
    """A process that dies with three deliveries in flight or queued, one of them for an NCCO."""
    url = sqlite_url(tmp_path / "crash.db")
    bench = Bench(kit, url)

    async def hang() -> Any:
        await asyncio.sleep(1e6)

    kit.transport.on(E, hang, hang)

    async def work(outbox: Outbox) -> list[Delivery]:
        rows = [
            await bench.add("leg:1", {"n": 0}),
            await bench.add("leg:1", {"n": 1}),
            await bench.add("leg:2", {"n": 2}, expects_ncco=True),
        ]
        await asyncio.sleep(0.1)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # the process is gone; nothing is written down
        return rows

    rows = bench.run(work)
    bench.database.close_now()
    kit.transport.script.clear()
    kit.transport.sent.clear()
    return url, rows


def test_after_a_crash_the_same_ids_are_sent_in_order_and_nccos_are_not_asked_again(
    kit: Any, tmp_path: Any
) -> None:
    url, rows = crash(kit, tmp_path)
    bench = Bench(kit, url, seed=8)

    async def work(outbox: Outbox) -> None:
        assert await outbox.start() == 2
        await outbox.wait_empty()

    bench.run(work)
    assert [s.headers["Offhook-Delivery"] for s in kit.transport.sent] == [r.delivery_id for r in rows[:2]]
    assert [b["n"] for b in bodies(kit)] == [0, 1]
    assert [bench.row(row).state for row in rows] == ["delivered", "delivered", "failed"]
    assert bench.row(rows[2]).last_error == CRASHED
    bench.database.close_now()


def test_another_start_finds_nothing_and_another_node_touches_nothing(kit: Any, tmp_path: Any) -> None:
    url, rows = crash(kit, tmp_path)
    other = Bench(kit, url, node=5)
    assert other.run(lambda outbox: outbox.start()) == 0
    assert [other.row(row).state for row in rows] == ["pending"] * 3
    other.database.close_now()
    bench = Bench(kit, url)

    async def work(outbox: Outbox) -> None:
        assert await outbox.start() == 2
        assert await outbox.start() == 0  # those are queued already
        await outbox.wait_empty()
        assert await outbox.start() == 0

    bench.run(work)
    assert len(kit.transport.sent) == 2
    bench.database.close_now()


def test_new_events_of_a_key_go_behind_those_from_before_the_crash(kit: Any, tmp_path: Any) -> None:
    url, _ = crash(kit, tmp_path)
    bench = Bench(kit, url, seed=9)

    async def work(outbox: Outbox) -> None:
        await outbox.start()
        await bench.add("leg:1", {"n": 3})
        await outbox.wait_empty()

    bench.run(work)
    assert [b["n"] for b in bodies(kit)] == [0, 1, 3]
    bench.database.close_now()


def test_what_another_process_wants_to_be_sent_again_goes_out_once_under_its_id(
    kit: Any, tmp_path: Any
) -> None:
    url = sqlite_url(tmp_path / "again.db")
    bench = Bench(kit, url)

    async def work(outbox: Outbox) -> Delivery:
        kit.transport.on(E, 500)
        row = await bench.add("leg:1", {"n": 0})
        await outbox.wait_empty()
        assert bench.row(row).state == "failed"
        assert await outbox.take_requeued() == 0
        kit.transport.script.clear()
        await bench.database.write(lambda c: deliveries.requeue(c, row.delivery_id, 7))  # the command line's
        assert await outbox.take_requeued() == 1
        assert await outbox.take_requeued() == 0  # on its way
        await outbox.wait_empty()
        assert await outbox.take_requeued() == 0
        return row

    row = bench.run(work)
    assert {sent.headers["Offhook-Delivery"] for sent in kit.transport.sent} == {row.delivery_id}
    assert bench.row(row).state == "delivered"
    bench.database.close_now()


def test_what_belongs_to_another_node_is_left_to_it(kit: Any, tmp_path: Any) -> None:
    url = sqlite_url(tmp_path / "node.db")
    bench = Bench(kit, url)

    async def fail(outbox: Outbox) -> Delivery:
        kit.transport.on(E, 500)
        row = await bench.add("leg:1", {"n": 0})
        await outbox.wait_empty()
        await bench.database.write(lambda c: deliveries.requeue(c, row.delivery_id, 7))
        return row

    row = bench.run(fail)
    other = Bench(kit, url, node=5)
    assert other.run(lambda outbox: outbox.take_requeued()) == 0
    assert bench.row(row).state == "pending"
    other.database.close_now()
    bench.database.close_now()


def test_many_pending_are_read_in_portions(kit: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("offhook.webhooks.outbox.PORTION", 2)
    url, _ = crash(kit, tmp_path)
    bench = Bench(kit, url)

    async def work(outbox: Outbox) -> None:
        assert await outbox.start() == 2
        await outbox.wait_empty()
        assert await outbox.purge(kit.loop.clock.wall() + 1) == 3

    bench.run(work)
    assert bench.database.transact(lambda c: deliveries.list(c)).total == 0
    bench.database.close_now()
