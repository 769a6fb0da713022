"""Which trunks dial a number: enabled, listing the prefix, lowest priority number first.

Emergency, short and premium numbers are never dialled (`core/e164.py` names the rule). A real trunk dials
only the prefixes listed on it; the simulated carrier dials anything, and only while SIP is on loopback.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from offhook.core import e164
from offhook.storage.records import Trunk


@dataclass(frozen=True, slots=True)
class NoTrunk:
    """Nothing dials this number, and why."""

    reason: str
    rule: str = "no-route"


def choose(trunks: Iterable[Trunk], number: str, *, simulator_active: bool) -> list[Trunk] | NoTrunk:
    """The trunks for `number` (E.164 digits), in the order in which they are tried; at least one."""
    forbidden = e164.refusal(number)
    if forbidden is not None:
        return NoTrunk(forbidden.message, forbidden.rule)
    usable = [trunk for trunk in trunks if trunk.enabled and _dials(trunk, number, simulator_active)]
    if not usable:
        return NoTrunk(
            f"no enabled trunk lists a prefix of {number}; add one: offhook trunks update NAME --prefixes …"
        )
    return sorted(usable, key=lambda trunk: (trunk.priority, trunk.trunk_id))


def _dials(trunk: Trunk, number: str, simulator_active: bool) -> bool:
    if trunk.simulated:
        return simulator_active
    return any(number.startswith(prefix.removeprefix("+")) for prefix in trunk.prefixes if prefix)
