"""S13 and S14: what happens when the first party is not reached."""

from typing import Any

import pytest

from offhook.testing.world import World

A, C = "15550100777", "15550100743"
BUSY, SILENT, DECLINING = "15550100790", "15550100792", "15550100791"


def connect(number: str, **options: Any) -> dict[str, Any]:
    return {
        "action": "connect",
        "from": World.number,
        "endpoint": [{"type": "phone", "number": number}],
        **options,
    }


def synchronous(number: str) -> dict[str, Any]:
    return connect(number, timeout=5, eventType="synchronous", eventUrl=["http://app.test/fallback"])


def answer(status: str, document: Any) -> Any:
    """An application that answers one status with an NCCO."""
    return lambda webhook: document if webhook.json["status"] == status else None


@pytest.mark.parametrize(
    ("number", "status"),
    [(SILENT, "timeout"), (BUSY, "busy"), (DECLINING, "rejected"), ("15550100794", "failed")],
)
def test_s13_the_reply_to_the_failure_replaces_the_document(world: World, number: str, status: str) -> None:
    world.application(
        {
            "/answer": [synchronous(number), {"action": "talk", "text": "Not this."}],
            "/fallback": answer(status, [{"action": "talk", "text": "We call you back."}]),
        }
    )
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["We call you back."]
    assert status in [hook.json["status"] for hook in world.app.at("/fallback")]
    # The caller's end comes after all of the fallback.
    last = world.scenario.events[-1]
    assert (last["status"], last["direction"]) == ("completed", "inbound")


def test_s13_the_reply_connects_somebody_else(world: World) -> None:
    phone = world.phone(C, "wait 0.5; tone 700 1; hangup")
    document = [{"action": "talk", "text": "One moment."}, connect(C)]
    world.application({"/answer": [synchronous(SILENT)], "/fallback": answer("timeout", document)})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["One moment."]
    assert [round(tone.hertz, -1) for tone in report.tones if tone.duration_ms > 500] == [700]
    assert len(phone.calls) == 1


NEVER = [{"action": "talk", "text": "Not this."}]


def test_s13_only_the_failure_is_asked_for_an_answer(world: World) -> None:
    world.application(
        {
            "/answer": [synchronous(BUSY), {"action": "talk", "text": "Next."}],
            "/fallback": lambda webhook: None if webhook.json["status"] == "busy" else NEVER,
        }
    )
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Next."]
    assert [hook.json["status"] for hook in world.app.at("/fallback")] == ["started", "busy", "completed"]


def test_s13_an_answered_party_is_never_replaced(world: World) -> None:
    phone = world.phone(C, "wait 0.5; tone 700 1; hangup")
    world.application({"/answer": [synchronous(C), *NEVER], "/fallback": NEVER})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == []
    assert [round(tone.hertz, -1) for tone in report.tones if tone.duration_ms > 500] == [700]
    assert len(phone.calls) == 1
    assert [hook.json["status"] for hook in world.app.at("/fallback")] == [
        "started",
        "ringing",
        "answered",
        "completed",
    ]


def test_s13_a_reply_may_hunt_on(world: World) -> None:
    world.phone(C, "wait 0.5; tone 700 1; hangup")

    def next_one(webhook: Any) -> Any:
        hunt = {BUSY: synchronous(DECLINING), DECLINING: synchronous(C)}
        failed = webhook.json["status"] in ("busy", "rejected")
        return [hunt[webhook.json["to"]]] if failed else None

    world.application({"/answer": [synchronous(BUSY), *NEVER], "/fallback": next_one})
    report = world.call(A, world.number, "wait-hangup")
    assert [round(tone.hertz, -1) for tone in report.tones if tone.duration_ms > 500] == [700]
    told: dict[str, list[str]] = {}
    for hook in world.app.at("/fallback"):
        told.setdefault(hook.json["to"], []).append(hook.json["status"])
    assert list(told) == [BUSY, DECLINING, C]
    assert told[BUSY] == ["started", "busy", "completed"]
    assert told[DECLINING][-1] == "rejected"
    assert told[C] == ["started", "ringing", "answered", "completed"]


def test_s13_the_caller_hangs_up_while_the_answer_is_awaited(world: World) -> None:
    world.app.serve("/fallback", lambda webhook: NEVER, delay=3.0)
    world.application({"/answer": [synchronous(BUSY)]})
    report = world.call(A, world.number, "wait 2; hangup")
    world.wait(12)
    assert world.heard(report) == []
    assert world.scenario.events[-1]["status"] == "completed"
    assert len(world.carrier.dialled) == 1


@pytest.mark.parametrize("reply", [None, [], {}, ""])
def test_s13_without_a_document_the_next_action_runs(world: World, reply: Any) -> None:
    world.application(
        {
            "/answer": [synchronous(BUSY), {"action": "talk", "text": "Next."}],
            "/fallback": answer("busy", reply),
        }
    )
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Next."]


def test_s13_without_event_type_the_reply_is_not_looked_at(world: World) -> None:
    action = connect(BUSY, eventUrl=["http://app.test/fallback"])
    world.application(
        {
            "/answer": [action, {"action": "talk", "text": "Next."}],
            "/fallback": [{"action": "talk", "text": "Not this."}],
        }
    )
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Next."]


def test_s14_hunting_until_nobody_is_left(world: World) -> None:
    hunt = [connect(BUSY, timeout=10), connect(SILENT, timeout=10), {"action": "talk", "text": "Nobody."}]
    world.application({"/answer": hunt})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Nobody."]
    told = [
        (event["to"], event["status"]) for event in world.scenario.events if event["direction"] == "outbound"
    ]
    assert told == [
        (BUSY, "started"),
        (BUSY, "busy"),
        (BUSY, "completed"),
        (SILENT, "started"),
        (SILENT, "ringing"),
        (SILENT, "timeout"),
        (SILENT, "completed"),
    ]
    assert world.scenario.events[-1]["direction"] == "inbound"
    at = {
        (hook.json["to"], hook.json["status"]): hook.at
        for hook in world.app.at("/event")
        if hook.json["direction"] == "outbound"
    }
    assert abs(at[SILENT, "timeout"] - at[SILENT, "ringing"] - 10_000_000_000) < 100_000_000
    # Silence for a caller whom nobody answers: a phone that rings sends none of its own here.
    assert world.utterances(report)[0].start_ms > 10_000


def test_s14_once_somebody_answers_nobody_else_is_dialled(world: World) -> None:
    world.phone(C, "wait 1; hangup")
    hunt = [connect(BUSY), connect(C), connect(SILENT), {"action": "talk", "text": "Never."}]
    world.application({"/answer": hunt})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == []
    assert {event["to"] for event in world.scenario.events} == {World.number, BUSY, C}
