"""Two carriers: when the first cannot take a call, the second does, and the application sees one leg."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from offhook.simulator.behaviour import Answers, Refuses
from offhook.simulator.carrier import Carrier
from offhook.simulator.script import parse
from offhook.storage import trunks
from offhook.testing.wire import Conditions
from offhook.testing.world import CARRIER, World

A, B = "15550100777", "15550100742"
BACKUP = ("127.0.0.1", 5090)
CONNECT = {"action": "connect", "from": World.number, "endpoint": [{"type": "phone", "number": B}]}
FIRST = f"sip:{B}@carrier.offhook.localhost"
TALKS = Answers(1.0, parse("wait 0.3; tone 700 1; wait-hangup"))


@pytest.fixture
def backup(world: World) -> Iterator[Carrier]:
    """A second carrier, after the first in order."""
    (first,) = world.database.transact(trunks.list)
    other = replace(
        first,
        trunk_id="t-backup",
        name="backup",
        simulated=False,
        host=BACKUP[0],
        port=BACKUP[1],
        prefixes=("1555",),
        priority=first.priority + 1,
    )
    world.database.transact(lambda rows: trunks.insert(rows, other))
    carrier = Carrier(world.network, world.clock, world.ids, *BACKUP, tts=world.tones, loop=world.loop)
    carrier.phone(B, TALKS)
    yield carrier
    world.run(carrier.close())


class Invites:
    """Every INVITE to B that left the platform, as (Request-URI, branch, Call-ID)."""

    def __init__(self, world: World) -> None:
        self.seen: list[tuple[str, ...]] = []
        world.network.alter = self._look

    def _look(self, data: bytes) -> bytes:
        text = data.decode("latin-1")
        if text.startswith(f"INVITE sip:{B}@"):
            branch, call_id = re.search("branch=([^;\r]+)", text), re.search("Call-ID: ([^\r]+)", text)
            assert branch
            assert call_id
            self.seen.append((text.split()[1], branch[1], call_id[1]))
        return data


def told(world: World) -> list[str]:
    return [
        event["status"]
        for event in world.scenario.events
        if event.get("direction") == "outbound" and "status" in event
    ]


def hertz(report: Any) -> list[int]:
    return [round(tone.hertz / 10) * 10 for tone in report.tones]


@pytest.mark.parametrize("status", [500, 503])
def test_a_refusing_carrier_is_passed_over_and_both_talk(world: World, backup: Carrier, status: int) -> None:
    world.carrier.phone(B, Refuses(status))
    phone = backup.phone(B, TALKS)
    invites = Invites(world)
    world.application({"/answer": [CONNECT]})
    report = world.call(A, world.number, "wait 2.5; tone 1100 1; wait 0.5; hangup")
    assert hertz(phone.calls[0].report) == [1100]
    assert hertz(report) == [700]
    first, second = dict.fromkeys(invites.seen)
    assert (first[0], second[0]) == (FIRST, f"sip:{B}@127.0.0.1:5090")
    assert len({first[1], second[1]}) == len({first[2], second[2]}) == 2
    assert told(world) == ["started", "ringing", "answered", "completed"]
    out = [event for event in world.scenario.events if event.get("direction") == "outbound"]
    assert len({event["uuid"] for event in out}) == 1


@pytest.mark.parametrize(
    ("behaviour", "cause"), [(Refuses(486), "busy"), (Refuses(603), "rejected"), (Refuses(404), "failed")]
)
def test_a_callee_who_declines_is_not_called_again(
    world: World, backup: Carrier, behaviour: Refuses, cause: str
) -> None:
    world.carrier.phone(B, behaviour)
    invites = Invites(world)
    world.application({"/answer": [CONNECT, {"action": "talk", "text": "Next."}]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Next."]
    assert {uri for uri, *_ in invites.seen} == {FIRST}
    assert told(world) == (["started", cause] if cause == "rejected" else ["started", cause, "completed"])


def test_a_carrier_that_says_nothing_is_given_up_after_32_seconds(world: World, backup: Carrier) -> None:
    world.network.degrade(CARRIER, Conditions(loss=1.0))
    invites = Invites(world)
    body = {
        "to": [{"type": "phone", "number": B}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [{"action": "wait", "timeout": 2}],
    }
    status, made = world.request("POST", "/v1/calls", body)
    assert status == 201
    world.wait(31)
    assert {uri for uri, *_ in invites.seen} == {FIRST}
    world.wait(9)
    assert world.scenario.statuses(made["uuid"]) == ["started", "ringing", "answered", "completed"]


def test_when_both_carriers_refuse_the_program_goes_on(world: World, backup: Carrier) -> None:
    world.carrier.phone(B, Refuses(503))
    backup.phone(B, Refuses(502))
    world.application({"/answer": [CONNECT, {"action": "talk", "text": "Nobody."}]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Nobody."]
    assert told(world) == ["started", "failed", "completed"]
    (failed,) = [event for event in world.scenario.events if event.get("status") == "failed"]
    assert (failed["sip_code"], failed["detail"]) == (502, "internal_error")
