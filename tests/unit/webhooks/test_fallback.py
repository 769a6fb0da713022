"""Events whose reply should have been an NCCO: what cannot run leads to the fallback and is kept."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.webhooks.outbox_bench import Bench, E, F, bodies

from offhook.core.errors import NccoError
from offhook.storage import applications
from offhook.storage.records import Application, Delivery
from offhook.webhooks.outbox import Outbox


def check(document: Any) -> None:
    if document and document[0]["action"] == "tlak":
        raise NccoError("[0].action", "there is no action tlak")


@pytest.fixture
def bench(kit: Any) -> Iterator[Bench]:
    kit.caller = replace(kit.caller, check=check)
    bench = Bench(kit)
    yield bench
    bench.database.close_now()


@pytest.fixture
def with_fallback(bench: Bench, application: Application) -> Bench:
    bench.database.transact(lambda c: applications.insert(c, application))
    return bench


BROKEN = (200, {"Content-Type": "application/json"}, b'[{"action":"tlak"}]')
NO_JSON = (200, {"Content-Type": "application/json"}, b"[{")
SYNTAX = "Syntax error in NCCO. Invalid value type or action."


@pytest.mark.parametrize(
    ("first", "second", "said", "wrong"),
    [
        (BROKEN, (200, {}, b"[]"), [], ["[0].action"]),
        (BROKEN, (404, {}, b""), None, ["[0].action"]),
        (BROKEN, BROKEN, None, ["[0].action", "[0].action"]),
        (NO_JSON, NO_JSON, None, ["", ""]),
        ((404, {}, b""), BROKEN, None, ["[0].action"]),
    ],
)
def test_s34_a_reply_that_cannot_run_goes_to_the_fallback(
    with_fallback: Bench, kit: Any, first: Any, second: Any, said: Any, wrong: list[str]
) -> None:
    bench = with_fallback
    kit.transport.on(E, first)
    kit.transport.on(F, second)

    async def work(outbox: Outbox) -> tuple[Delivery, Any]:
        delivery = await bench.add(expects_ncco=True)
        reply = await outbox.reply_of(delivery.delivery_id)
        await outbox.wait_empty()
        return delivery, reply

    delivery, reply = bench.run(work)
    assert kit.transport.urls == [E, F]
    assert reply.document == said
    assert [error.path for error in reply.broken] == wrong
    row = bench.row(delivery)
    assert (row.state, row.attempts) == ("delivered", 2)
    if first is BROKEN:
        assert bodies(kit)[1]["reason"] == SYNTAX
        assert SYNTAX in str(row.last_error)


def test_s34_without_a_fallback_a_reply_that_cannot_run_is_none(bench: Bench, kit: Any) -> None:
    kit.transport.on(E, BROKEN)

    async def work(outbox: Outbox) -> tuple[Delivery, Any]:
        delivery = await bench.add(expects_ncco=True)
        reply = await outbox.reply_of(delivery.delivery_id)
        await outbox.wait_empty()
        return delivery, reply

    delivery, reply = bench.run(work)
    assert reply.document is None
    assert [error.path for error in reply.broken] == ["[0].action"]
    row = bench.row(delivery)
    assert (row.state, row.last_error) == ("delivered", SYNTAX)
