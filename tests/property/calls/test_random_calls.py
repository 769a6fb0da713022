"""Whatever calls do to each other, in whatever order: tables hold what is alive, and at the end nothing."""

import random
from pathlib import Path
from typing import Any

import pytest
from tests.property.calls.scripts import Life, slow_down
from tests.unit.calls.bench import Bench

from offhook.testing.loop import VirtualLoop

STEPS = 100


@pytest.mark.parametrize("seed", range(12))
def test_no_order_of_things_leaves_anything_behind(
    seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(bench: Bench) -> None:
        r = random.Random(seed)
        slow_down(bench, r)
        life = Life(bench, r)
        for _ in range(STEPS):
            await life.step()
            check_tables(bench)
        await life.end()
        check_nothing_is_left(bench)
        check_events(bench)

    loop = VirtualLoop()
    unforeseen: list[Any] = []
    loop.set_exception_handler(lambda _, context: unforeseen.append(context))

    async def run() -> None:
        bench = Bench(loop, tmp_path, {"conversation_size": 3})
        try:
            await script(bench)
        finally:
            await bench.close()

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    assert unforeseen == []
    assert [each.getMessage() for each in caplog.records if each.exc_info and "written" not in each.msg] == []


def check_tables(bench: Bench) -> None:
    """Legs and conversations know each other, and nobody else."""
    live = bench.calls.exchange.live
    for leg in live.legs.values():
        assert leg.leg_id in leg.conversation.legs
        assert live.conversations[leg.conversation.conversation_id] is leg.conversation
    for conversation in live.conversations.values():
        assert conversation.legs
        assert set(conversation.legs) <= live.legs.keys()
        assert conversation.room is None or conversation.room.members.keys() <= set(conversation.legs)


def check_nothing_is_left(bench: Bench) -> None:
    live = bench.calls.exchange.live
    for name in live.__slots__:
        assert not len(getattr(live, name)), name
    assert len(bench.calls.exchange.owed) == 0
    assert len(bench.calls.exchange.tasks) == 0
    assert {row.status for row in bench.rows()} <= {"completed", "rejected"}


def check_events(bench: Bench) -> None:
    """Each leg has one beginning and one end, and after that only what its recordings still have to say."""
    for key in {posted.order_key for posted in bench.outbox.posted}:
        mine = [posted for posted in bench.outbox.posted if posted.order_key == key]
        steps = [posted.body["status"] for posted in mine if posted.kind == "status"]
        assert steps[0] == "started"
        assert len(steps) == len(set(steps))
        assert steps[-1] in ("completed", "rejected")
        last = max(n for n, posted in enumerate(mine) if posted.kind == "status")
        assert {posted.kind for posted in mine[last + 1 :]} <= {"record"}
