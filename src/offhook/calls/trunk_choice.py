"""Which trunks dial a number: enabled, listing the prefix, lowest priority number first.

Emergency, short and premium numbers are never dialled (`core/e164.py` names the rule). A real trunk dials
only the prefixes listed on it, or what the destination rules allow (`destinations.py`); the simulated carrier
dials anything else, and only while SIP is on loopback.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from offhook.calls.destinations import Destinations, dials
from offhook.core import e164
from offhook.storage.records import Trunk

NO_RULES = Destinations()


@dataclass(frozen=True, slots=True)
class NoTrunk:
    """Nothing dials this number, and why."""

    reason: str
    rule: str = "no-route"


def choose(
    trunks: Iterable[Trunk],
    number: str,
    *,
    simulator_active: bool,
    destinations: Destinations = NO_RULES,
) -> list[Trunk] | NoTrunk:
    """The trunks for `number` (E.164 digits), in the order in which they are tried; at least one."""
    forbidden = e164.refusal(number)
    if forbidden is not None:
        return NoTrunk(forbidden.message, forbidden.rule)
    verdict = destinations.of(number)
    usable = [
        trunk
        for trunk in trunks
        if trunk.enabled and (simulator_active if trunk.simulated else dials(trunk, number, verdict))
    ]
    if not usable and verdict.reason is not None:
        return NoTrunk(verdict.reason, verdict.name)
    if not usable:
        return NoTrunk(
            f"no enabled trunk lists a prefix of {number}; add one: offhook trunks update NAME --prefix …"
        )
    return sorted(usable, key=lambda trunk: (trunk.priority, trunk.trunk_id))
