"""The calls of one round: a mixture of everything the platform does, in a seeded order."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from scripts.crashes.phones import Behaviour, Phones
from scripts.crashes.place import PREFIX, Place

from offhook.simulator.app_server import Webhook

Json = Any
RATE = 25.0
"""Calls begun in a second."""
REST_SECONDS = 15.0

MIXTURE = {
    "talk": 22,
    "input": 14,
    "record": 12,
    "connect": 12,
    "connect-ringing": 8,
    "rest": 14,
    "rest-ringing": 8,
    "rest-late": 6,
    "rest-busy": 4,
}
"""Kinds of calls and how many of a hundred are of each."""
FORMATS = ("wav", "mp3", "ogg")


@dataclass
class Load:
    """What was begun."""

    kinds: dict[str, str] = field(default_factory=dict)
    """Kind by the number of the phone that called, or was called over REST."""
    created: set[str] = field(default_factory=set)
    """Legs that REST gave a 201 for."""
    requests: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def begun(self) -> int:
        return len(self.kinds) + len(self.requests)


def answer(place: Place, load: Load, hook: Webhook) -> list[Json]:
    """The NCCO of an inbound call: what its kind says."""
    number = hook.fields.get("from", "")
    kind = load.kinds.get(number, "talk")
    talk = {"action": "talk", "text": f"This is sentence number {int(number[-4:]) % 40}.", "loop": 0}
    if kind == "input":
        return [{**talk, "loop": 1}, {"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 10}}, talk]
    if kind == "record":
        return [
            {"action": "record", "format": FORMATS[int(number[-4:]) % 3]},
            {"action": "wait", "timeout": 120},
        ]
    if kind.startswith("connect"):
        behaviour = Behaviour.RINGS if kind == "connect-ringing" else Behaviour.ANSWERS
        to = f"{PREFIX}{behaviour}{number[-5:]}"
        return [
            {"action": "connect", "from": place.number, "endpoint": [{"type": "phone", "number": to}]},
            talk,
        ]
    return [talk]


async def begin(
    place: Place, phones: Phones, load: Load, round: int, calls: int, dice: random.Random
) -> None:
    """Begin `calls` calls, one after another; cancelled when the moment has come."""
    kinds = [kind for kind, share in MIXTURE.items() for _ in range(share)]
    kinds *= calls // len(kinds) + 1
    for index, kind in enumerate(dice.sample(kinds, calls)):
        tail = f"{round % 100:02}{index % 1000:03}"
        if kind.startswith("rest"):
            load.requests.append(asyncio.ensure_future(_order(place, load, kind, tail)))
        else:
            number = f"155510{tail}"
            load.kinds[number] = kind
            phones.call(number, place.number, place.platform, loud=kind == "record")
        await asyncio.sleep(1 / RATE)


async def _order(place: Place, load: Load, kind: str, tail: str) -> None:
    behaviour = {
        "rest": Behaviour.ANSWERS,
        "rest-ringing": Behaviour.RINGS,
        "rest-late": Behaviour.RINGS_THEN_ANSWERS,
        "rest-busy": Behaviour.IS_BUSY,
    }[kind]
    body = {
        "to": [{"type": "phone", "number": f"{PREFIX}{behaviour}{tail}"}],
        "from": {"type": "phone", "number": place.number},
        "ncco": [{"action": "talk", "text": f"Sentence {int(tail) % 40} of an order.", "loop": 0}],
        "event_url": [f"{place.app_url}/own-events"],
    }
    uuid = await place.create(body, REST_SECONDS)
    if uuid is not None:
        load.created.add(uuid)
