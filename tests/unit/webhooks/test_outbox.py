"""Contract 5: order, one in flight per key, attempts, replies, closing, retention."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.unit.webhooks.outbox_bench import HOOK, Bench, E, F, bodies

from offhook.core.errors import Conflict, DeliveryError
from offhook.core.ids import SeededIds
from offhook.storage import applications, deliveries
from offhook.storage.database import Database, sqlite_url
from offhook.storage.records import Application, Delivery
from offhook.webhooks.outbox import Outbox, OutboxSettings


@pytest.fixture
def bench(kit: Any) -> Any:
    bench = Bench(kit)
    yield bench
    bench.database.close_now()


def test_delivered(bench: Bench, kit: Any) -> None:
    async def work(outbox: Outbox) -> Delivery:
        delivery = await bench.add(body={"z": 1, "a": "x"})
        await outbox.wait_empty()
        return delivery

    delivery = bench.run(work)
    sent = kit.transport.sent[0]
    assert sent.body == b'{"z":1,"a":"x"}'
    assert sent.headers["Offhook-Delivery"] == delivery.delivery_id
    assert sent.headers["Content-Type"] == "application/json"
    row = bench.row(delivery)
    assert (row.state, row.attempts, row.last_status, row.last_error) == ("delivered", 1, 204, None)
    assert row.finished_at is not None
    assert [line.data["status"] for line in bench.journal.read("1")] == [204]


def test_nothing_is_sent_when_the_transaction_fails(bench: Bench, kit: Any) -> None:
    async def work(outbox: Outbox) -> None:
        def spoilt(connection: Any) -> None:
            outbox.add(
                connection, account_id="a", application_id="b", order_key="k", kind="s", hook=HOOK, body={}
            )
            raise Conflict("no")

        with pytest.raises(Conflict):
            await bench.database.write(spoilt)
        await asyncio.sleep(5)

    bench.run(work)
    assert kit.transport.sent == []
    assert bench.database.transact(lambda c: deliveries.list(c)).total == 0


def test_order_within_a_key_and_freedom_between_keys(bench: Bench, kit: Any) -> None:
    release: list[Any] = []

    async def slow() -> Any:
        release.append(kit.loop.create_future())
        await release[-1]
        return 200, {}, b""

    kit.transport.on(E, slow)

    async def work(outbox: Outbox) -> None:
        for n in range(3):
            await bench.add("leg:1", {"leg": 1, "n": n})
        await bench.add("leg:2", {"leg": 2, "n": 0})
        await asyncio.sleep(0.5)
        assert [(b["leg"], b["n"]) for b in bodies(kit)] == [(1, 0), (2, 0)]
        release[0].set_result(None)
        await outbox.wait_empty()

    bench.run(work)
    assert [b["n"] for b in bodies(kit) if b["leg"] == 1] == [0, 1, 2]


def test_a_retry_holds_back_its_key(bench: Bench, kit: Any) -> None:
    kit.transport.on(E, kit.status(503))

    async def work(outbox: Outbox) -> tuple[Delivery, Delivery]:
        pair = await bench.add(body={"n": 0}), await bench.add(body={"n": 1})
        await outbox.wait_empty()
        return pair

    first, second = bench.run(work)
    assert [b["n"] for b in bodies(kit)] == [0, 0, 1]
    heads = [sent.headers["Offhook-Delivery"] for sent in kit.transport.sent]
    assert heads == [first.delivery_id, first.delivery_id, second.delivery_id]
    assert kit.transport.sent[1].at - kit.transport.sent[0].at == pytest.approx(1.0)
    assert bench.row(first).attempts == 2


def test_failed_after_two_and_after_one_when_a_second_is_useless(bench: Bench, kit: Any) -> None:
    kit.transport.on(E, kit.status(503), kit.status(503), kit.status(404))

    async def work(outbox: Outbox) -> tuple[Delivery, Delivery, Delivery]:
        rows = await bench.add(), await bench.add(), await bench.add()
        await outbox.wait_empty()
        return rows

    twice, once, fine = bench.run(work)
    assert (bench.row(twice).state, bench.row(twice).attempts, bench.row(twice).last_status) == (
        "failed",
        2,
        503,
    )
    assert (bench.row(once).state, bench.row(once).attempts) == ("failed", 1)
    assert bench.row(once).last_error == "Received HTTP status 404."
    assert bench.row(fine).state == "delivered"


def test_a_failed_one_can_be_sent_again_with_the_same_id(bench: Bench, kit: Any) -> None:
    kit.transport.on(E, kit.status(404))

    async def work(outbox: Outbox) -> Delivery:
        delivery = await bench.add()
        await outbox.wait_empty()
        await outbox.resend(delivery.delivery_id)
        await outbox.wait_empty()
        with pytest.raises(Conflict):
            await outbox.resend(delivery.delivery_id)
        return delivery

    delivery = bench.run(work)
    assert [s.headers["Offhook-Delivery"] for s in kit.transport.sent] == [delivery.delivery_id] * 2
    assert (bench.row(delivery).state, bench.row(delivery).attempts) == ("delivered", 2)


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ((200, {"Content-Type": "application/json"}, b'[{"action":"talk"}]'), [{"action": "talk"}]),
        ((204, {}, b""), None),
        ((200, {"Content-Type": "text/plain"}, b"OK"), None),
        ((200, {"Content-Type": "text/html"}, b"<p>thanks</p>"), None),
        ((200, {"Content-Type": "application/json"}, b"  "), None),
        ((200, {"Content-Type": "application/json"}, b"{}"), {}),
    ],
)
def test_replies(bench: Bench, kit: Any, reply: Any, value: Any) -> None:
    kit.transport.on(E, reply, reply)

    async def work(outbox: Outbox) -> None:
        early = await bench.add(expects_ncco=True)
        assert await outbox.reply_of(early.delivery_id) == (value, ())
        late = await bench.add(expects_ncco=True)
        await outbox.wait_empty()
        assert await outbox.reply_of(late.delivery_id) == (value, ())

    bench.run(work)


@pytest.fixture
def with_fallback(bench: Bench, application: Application) -> Bench:
    bench.database.transact(lambda c: applications.insert(c, application))
    return bench


def test_an_event_that_wants_an_ncco_goes_to_the_fallback(with_fallback: Bench, kit: Any) -> None:
    bench = with_fallback
    kit.transport.on(E, ConnectionResetError(), ConnectionResetError())
    kit.transport.on(F, kit.status(503), kit.ok([{"action": "talk"}]))

    async def work(outbox: Outbox) -> tuple[Delivery, Any]:
        delivery = await bench.add(expects_ncco=True)
        reply = await outbox.reply_of(delivery.delivery_id)
        await outbox.wait_empty()
        return delivery, reply

    delivery, reply = bench.run(work)
    assert reply == ([{"action": "talk"}], ())
    assert kit.transport.urls == [E, E, F, F]
    assert bodies(kit)[2] == {
        "n": 1,
        "reason": "Connection closed.",
        "original_request": {"url": E, "type": "event"},
    }
    assert {s.headers["Offhook-Delivery"] for s in kit.transport.sent} == {delivery.delivery_id}
    row = bench.row(delivery)
    assert (row.state, row.attempts) == ("delivered", 4)


def test_both_fail(with_fallback: Bench, kit: Any) -> None:
    bench = with_fallback
    kit.transport.on(E, kit.status(500))
    kit.transport.on(F, kit.status(404))

    async def work(outbox: Outbox) -> Delivery:
        delivery = await bench.add(expects_ncco=True)
        with pytest.raises(DeliveryError, match=r"status 500\. The fallback URL: Received HTTP status 404"):
            await outbox.reply_of(delivery.delivery_id)
        await outbox.wait_empty()
        return delivery

    assert bench.row(bench.run(work)).state == "failed"


def test_a_notification_never_goes_to_the_fallback(with_fallback: Bench, kit: Any) -> None:
    kit.transport.on(E, kit.status(503), kit.status(503))

    async def work(outbox: Outbox) -> None:
        await with_fallback.add()
        await outbox.wait_empty()

    with_fallback.run(work)
    assert kit.transport.urls == [E, E]


def test_close_lets_the_grace_pass_and_leaves_the_rest_pending(bench: Bench, kit: Any) -> None:
    async def hang() -> Any:
        await asyncio.sleep(4)
        return 200, {}, b""

    kit.transport.on(E, hang, hang)

    async def work(outbox: Outbox) -> list[Delivery]:
        rows = [await bench.add(), await bench.add(), await bench.add("leg:2", expects_ncco=True)]
        reply = outbox.reply_of(rows[2].delivery_id)
        kit.transport.on(E, hang)
        start = kit.loop.time()
        await outbox.close(6)
        assert kit.loop.time() - start == pytest.approx(6)
        assert await reply == (None, ())
        rows.append(await bench.add())
        await asyncio.sleep(10)
        with pytest.raises(DeliveryError, match="stopping"):
            await outbox.reply_of(rows[3].delivery_id)
        return rows

    rows = bench.run(work)
    assert [bench.row(row).state for row in rows] == ["delivered", "pending", "delivered", "pending"]


def test_closing_fails_replies_that_wait(bench: Bench, kit: Any) -> None:
    async def hang() -> Any:
        await asyncio.sleep(1e6)

    kit.transport.on(E, hang)

    async def work(outbox: Outbox) -> None:
        delivery = await bench.add(expects_ncco=True)
        reply = outbox.reply_of(delivery.delivery_id)
        await outbox.close(1)
        with pytest.raises(DeliveryError, match="stopping"):
            await reply

    bench.run(work)


def test_close_ends_at_once_when_nothing_waits(bench: Bench, kit: Any) -> None:
    async def work(outbox: Outbox) -> None:
        start = kit.loop.time()
        await outbox.close(5)
        assert kit.loop.time() == start

    bench.run(work)


def test_one_application_fills_its_share_and_no_more(kit: Any) -> None:
    bench = Bench(kit, per_application=3, in_all=5)

    async def slow() -> Any:
        await asyncio.sleep(1)
        return 200, {}, b""

    kit.transport.on(E, *[slow] * 30)

    async def work(outbox: Outbox) -> None:
        for n in range(20):
            await bench.add(f"leg:{n}")
        await asyncio.sleep(0.5)
        assert kit.transport.running == 3
        for n in range(10):
            await bench.add(f"leg:b{n}", application_id="other")
        await asyncio.sleep(0.1)
        assert kit.transport.running == 5
        await outbox.wait_empty()

    bench.run(work)
    assert kit.transport.most == 5
    assert len(kit.transport.sent) == 30
    bench.database.close_now()


def test_a_transport_that_breaks_fails_the_delivery_not_the_outbox(bench: Bench, kit: Any) -> None:
    kit.transport.on(E, KeyError("bug"))

    async def work(outbox: Outbox) -> tuple[Delivery, Delivery]:
        broken = await bench.add(expects_ncco=True)
        with pytest.raises(DeliveryError, match="could not send"):
            await outbox.reply_of(broken.delivery_id)
        fine = await bench.add()
        await outbox.wait_empty()
        return broken, fine

    broken, fine = bench.run(work)
    assert [bench.row(broken).state, bench.row(fine).state] == ["failed", "delivered"]


def test_with_the_writer_thread(kit: Any, tmp_path: Any) -> None:
    async def main() -> None:
        database = Database(sqlite_url(tmp_path / "real.db"))
        await asyncio.to_thread(database.migrate)
        outbox = Outbox(database, kit.caller, kit.loop.clock, SeededIds(3))

        def numbered(n: int) -> Callable[[Connection], Delivery]:
            return lambda connection: outbox.add(
                connection,
                account_id="acc",
                application_id="app",
                order_key=f"leg:{n % 3}",
                kind="status",
                hook=HOOK,
                body={"leg": n % 3, "n": n},
            )

        await asyncio.gather(*(database.write(numbered(n)) for n in range(30)))
        await outbox.wait_empty()
        page = await database.read(lambda c: deliveries.list(c, state="delivered"))
        assert page.total == 30
        await outbox.close(1)
        await database.close()

    asyncio.run(main())
    for leg in range(3):
        assert [b["n"] for b in bodies(kit) if b["leg"] == leg] == list(range(leg, 30, 3))


def test_finished_webhooks_are_removed_after_the_retention_time(bench: Bench, kit: Any) -> None:
    async def story(outbox: Outbox) -> list[int]:
        await outbox.start()
        await bench.add()
        counts = []
        for _ in range(4):
            await asyncio.sleep(86_400)
            counts.append(bench.database.transact(lambda c: deliveries.list(c).total))
        await outbox.close(0)
        return counts

    bench.settings = OutboxSettings(keep_days=2)
    assert bench.run(story) == [1, 1, 0, 0]


def test_removing_old_webhooks_reads_an_index(bench: Bench) -> None:
    rows = bench.database.transact(
        lambda c: c.exec_driver_sql(
            "EXPLAIN QUERY PLAN "
            + str(deliveries.old(0, 1).compile(c, compile_kwargs={"literal_binds": True}))
        ).all()
    )
    assert all("SCAN" not in row[-1] for row in rows)
