"""Which sources a running service trusts: those of enabled trunks, the simulated carrier's on loopback."""

from dataclasses import replace

from offhook.storage import trunks
from offhook.testing.world import World


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
