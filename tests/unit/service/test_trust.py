"""Which sources a running service trusts: those of enabled trunks, the simulated carrier's on loopback."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from offhook.control import TRUST_EVERY, _keep_trusting
from offhook.service import Service
from offhook.storage import trunks
from offhook.testing.loop import VirtualLoop
from offhook.testing.world import World
from offhook.transport.acl import Acl


def test_trusted_sources_follow_the_trunks() -> None:
    with World(seed=3) as world:
        assert world.run(world.service.trusted_sources()) == ["127.0.0.0/8"]
        simulated = world.database.transact(trunks.list)[0]
        mine = replace(
            simulated, trunk_id=world.ids.uuid(), name="mine", simulated=False, sources=("203.0.113.0/24",)
        )
        world.database.transact(lambda c: trunks.insert(c, mine))
        assert world.run(world.service.trusted_sources()) == ["127.0.0.0/8", "203.0.113.0/24"]
        world.database.transact(lambda c: trunks.change(c, mine.trunk_id, enabled=False))
        assert world.run(world.service.trusted_sources()) == ["127.0.0.0/8"]


class Unsteady:
    """A service whose database fails once."""

    def __init__(self) -> None:
        self.asked = 0

    async def trusted_sources(self) -> list[str]:
        self.asked += 1
        if self.asked == 2:
            raise OSError("the disk is gone")
        return [f"203.0.113.{self.asked}/32"]


def test_a_failed_look_at_the_trunks_is_told_and_repeated(caplog: pytest.LogCaptureFixture) -> None:
    service, acl, loop = Unsteady(), Acl(), VirtualLoop()
    trusted: list[list[str]] = []
    acl.trust = lambda networks: trusted.append(list(networks))  # type: ignore[method-assign]

    async def work() -> None:
        task = asyncio.ensure_future(_keep_trusting(cast(Service, service), acl))
        await asyncio.sleep(2.5 * TRUST_EVERY)
        task.cancel()

    loop.run_until_complete(work())
    loop.close()
    assert trusted == [["203.0.113.1/32"], ["203.0.113.3/32"]]
    assert "the sources trusted before stay so" in caplog.text
