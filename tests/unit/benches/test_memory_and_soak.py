"""The verdicts of the memory bench and of the soak, and the SIP bench's own calls."""

from random import Random
from typing import Any

import pytest
from scripts.benches.rig import sip_stack
from scripts.benches.rig.curve import Point, judge, slope
from scripts.benches.rig.processes import Footprint
from scripts.benches.rig.soak import scenes
from scripts.benches.rig.soak.watch import Minute, verdict

from offhook.ncco.document import parse


def test_a_flat_curve_is_good_and_the_warm_part_does_not_count() -> None:
    points = [
        Point(n, 10_000_000 + min(n, 1000) * 9000, 5000 + min(n, 1000)) for n in range(500, 10_001, 500)
    ]
    found = judge(points)
    assert found.good
    assert found.objects_per_call == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("rss", "objects", "held", "word"),
    [
        (4000, 0, {}, "bytes"),
        (0, 2, {}, "objects"),
        (0, 0, {"SIP timers": 1}, "SIP timers"),
    ],
)
def test_what_grows_or_stays_is_named(rss: int, objects: int, held: dict[str, int], word: str) -> None:
    points = [Point(n, 10_000 + n * rss, 500 + n * objects, held) for n in range(500, 5001, 500)]
    found = judge(points)
    assert not found.good
    assert word in found.sentence


def test_slope() -> None:
    assert slope([(0, 5.0), (10, 25.0), (20, 45.0)]) == pytest.approx(2.0)
    assert slope([(1, 1.0)]) == 0.0


def minute(calls: int = 100, *, rss: int = 1 << 26, fds: int = 20, **changes: Any) -> Minute:
    values: dict[str, Any] = {
        "seconds": 60.0,
        "calls": calls,
        "live": 0,
        "failed": 0,
        "processes": {"control": Footprint(rss, fds, 8)},
        "rows": {},
        "gap_ms": 25.0,
        "lag_ms": 5.0,
        "own_lag_ms": 3.0,
        "load_average": 0.5,
    }
    return Minute(**(values | changes))


def test_a_soak_without_fault() -> None:
    assert verdict([minute(n * 60) for n in range(1, 10)], minute(540), []) == []
    assert "540 calls, 0 up, 0 failed" in minute(540).text()


def test_every_fault_of_a_soak_is_named() -> None:
    grown = [minute(n * 60, rss=(1 << 26) + n * 60 * 9000) for n in range(1, 10)]
    assert "control grows by 9000 bytes" in verdict(grown, grown[-1], [])[0]
    assert "descriptors more" in verdict([minute()], minute(fds=60), [])[0]
    assert "control is gone" in verdict([minute()], minute(processes={}), [])[0]
    assert "3 of 100 calls failed" in verdict([minute()], minute(failed=3), [])[0]
    left = verdict([minute()], minute(live=1, rows={"checkpoints": 2}), [])[0]
    assert "1 live legs" in left
    assert "2 checkpoints" in left
    assert "boom" in verdict([minute()], minute(), ["ERROR boom"])[0]


@pytest.mark.parametrize("scene", scenes.SCENES, ids=lambda scene: scene.name)
def test_documents_of_the_scenes_are_sound(scene: scenes.Scene) -> None:
    words = {"url": "http://127.0.0.1:5000", "number": "15551000001", "own": "15550100001"}
    for document in (scene.ncco, scene.then, scene.transfer):
        if document is not None:
            assert len(parse(scenes.filled(document, words))) == len(document)


def test_scenes_are_picked_by_the_seed() -> None:
    names = [scenes.pick(Random(7)).name for _ in range(3)]
    assert len(set(names)) == 1
    random = Random(1)
    assert {scenes.pick(random).name for _ in range(400)} == {scene.name for scene in scenes.SCENES}


def test_judgement_of_a_call() -> None:
    by_name = {scene.name: scene for scene in scenes.SCENES}
    told = [{"status": status, "path": "/events"} for status in scenes.WHOLE]
    assert scenes.faults(by_name["talk"], scenes.WHOLE, told, True) == []
    assert scenes.faults(by_name["talk"], scenes.WHOLE, told, False) == ["nothing was heard"]
    assert scenes.faults(by_name["talk"], scenes.WHOLE[:3], told, True) != []
    assert scenes.faults(by_name["record"], scenes.WHOLE, told, True) == ["no webhook for /recording/"]
    assert "legs were answered" in scenes.faults(by_name["connect"], scenes.WHOLE, told, True)[0]
    key = {"path": "/key/1", "dtmf": {"digits": "12"}}
    assert "came as ['12']" in scenes.faults(by_name["input"], scenes.WHOLE, [*told, key], True)[0]
    assert scenes.faults(by_name["gives up"], ["started", "cancelled"], [], False) == []
    assert scenes.faults(by_name["gives up"], ["started"], [], False) != []


def test_both_stacks_forget_their_calls() -> None:
    cost = sip_stack.measure_calls(20, before=5)
    assert (cost.calls, cost.left) == (20, 0)
    assert cost.messages == 6 * 20
    assert cost.callee_us > 0
    assert {part.name for part in sip_stack.measure_parts(10)} >= {"parse", "serialise"}
