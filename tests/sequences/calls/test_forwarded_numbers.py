"""Numbers that forward: the caller rings until somebody else answers; no application takes part."""

from dataclasses import replace
from typing import Any

import pytest

from offhook.simulator.report import Report
from offhook.storage import legs, numbers
from offhook.storage.records import Leg
from offhook.testing.world import World

A = "15550100777"
B = "15550100742"
CARRIER = "sip:{}@carrier.offhook.localhost:5070"


def forward(world: World, kind: str, value: str, **more: Any) -> None:
    """What `/number/update` writes."""
    world.database.transact(
        lambda c: numbers.change(c, world.number, forward_type=kind, forward_to=value, **more)
    )


def hertz(report: Report) -> list[int]:
    return [round(tone.hertz / 10) * 10 for tone in report.tones]


def rows(world: World) -> dict[str, Leg]:
    """The legs of the calls, by their direction: the last one of each."""
    page = world.database.transact(lambda c: legs.list(c, page_size=100))
    return {leg.direction: leg for leg in page.rows}


def test_a_number_that_forwards_to_a_phone_connects_both(world: World) -> None:
    phone = world.phone(B, "wait 1; tone 700 1; wait-hangup", after=2.0)
    forward(world, "tel", B)
    report = world.call(A, world.number, "wait 2.5; tone 1100 1; wait 1; hangup")
    callee = phone.calls[0].report
    assert hertz(report) == [700]
    assert hertz(callee) == [1100]
    for heard in (report, callee):
        assert abs(heard.tones[0].duration_ms - 1000) <= 60
        assert heard.gaps == []
    assert report.answered_ms is not None
    assert report.answered_ms >= 2000  # the caller's 200 waited for the callee's
    assert callee.ending is not None
    assert callee.ending.by == "far end"
    assert f"sip:{world.number}@" in callee.peer  # a phone sees a number of the account
    assert world.app.webhooks == []


def test_the_application_of_a_forwarded_number_does_not_see_the_call(world: World) -> None:
    world.phone(B, "wait 1; hangup")
    forward(world, "tel", B)
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.by == "far end"
    assert world.request("GET", "/v1/calls")[1]["count"] == 0
    found = rows(world)
    assert {leg.account_id for leg in found.values()} == {world.provisioned.account.account_id}
    assert {leg.application_id for leg in found.values()} == {""}
    assert {leg.status for leg in found.values()} == {"completed"}
    assert found["inbound"].conversation_id == found["outbound"].conversation_id
    assert found["outbound"].disconnected_by == "user"


def test_the_status_callback_hears_the_end_of_the_call_and_nothing_else(world: World) -> None:
    world.phone(B, "wait 2; hangup")
    world.application({"/ended": None})
    forward(world, "tel", B, status_url="http://app.test/ended")
    world.call(A, world.number, "wait-hangup")
    world.wait(1)
    (webhook,) = world.app.webhooks
    assert (webhook.path, webhook.method) == ("/ended", "POST")
    body = webhook.json
    assert (body["status"], body["direction"], body["from"], body["to"]) == (
        "completed",
        "inbound",
        A,
        world.number,
    )
    assert body["duration"] == "2"


def test_a_sip_address_sees_the_caller_and_is_dialled_as_it_was_written(world: World) -> None:
    phone = world.phone(B, "wait 1; tone 700 1; hangup")
    forward(world, "sip", CARRIER.format(B) + ";timeout=3000")
    report = world.call(A, world.number, "wait-hangup")
    callee = phone.calls[0].report
    assert f"sip:{A}@" in callee.peer
    assert hertz(report) == [700]
    assert rows(world)["outbound"].to == {"type": "sip", "uri": CARRIER.format(B)}


@pytest.mark.parametrize(
    ("number", "status"), [("15550100790", 486), ("15550100791", 603), ("15550100794", 480)]
)
def test_the_caller_of_somebody_who_does_not_take_it_is_told_as_a_phone_would(
    world: World, number: str, status: int
) -> None:
    forward(world, "tel", number)
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert (report.ending.status, report.answered_ms) == (status, None)
    assert rows(world)["inbound"].status == "completed"


def test_nobody_answers_within_a_minute(world: World) -> None:
    forward(world, "tel", "15550100792")
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    assert 60_000 <= report.ending.at_ms <= 63_000
    assert rows(world)["outbound"].cause == "timeout"


def test_a_caller_who_gives_up_takes_the_dialled_phone_along(world: World) -> None:
    forward(world, "tel", "15550100792")
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(3)

    async def give_up() -> None:
        call.hang_up()

    world.run(give_up())
    world.wait(1)
    ending = world.carrier.dialled[0].calls[0].report.ending
    assert ending is not None
    assert ending.status == 487
    assert rows(world)["outbound"].cause == "cancelled"


def test_the_next_address_is_tried_when_a_server_is_silent(world: World) -> None:
    world.phone(B, "wait 1; tone 700 1; hangup")
    silent = "sip:nobody@192.0.2.77:5060;timeout=2000"
    forward(world, "sip", f"{silent}, {CARRIER.format(B)}")
    report = world.call(A, world.number, "wait-hangup")
    assert hertz(report) == [700]
    assert report.answered_ms is not None
    assert 2500 <= report.answered_ms <= 5000


def test_the_next_address_is_not_tried_when_the_callee_is_busy(world: World) -> None:
    phone = world.phone(B, "wait-hangup")
    forward(world, "sip", f"{CARRIER.format('15550100790')},{CARRIER.format(B)}")
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 486
    assert phone.calls == []


def test_forwarding_to_itself_ends(world: World) -> None:
    """Every turn has one hop less; the simulated carrier hands an own number back to the platform."""
    forward(world, "sip", f"sip:{world.number}@127.0.0.1:5060")
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status in (480, 503)
    page = world.database.transact(lambda c: legs.list(c, page_size=1000))
    assert 2 <= page.total <= 200
    assert {leg.status for leg in page.rows} == {"completed"}


def test_without_the_forwarding_the_application_answers_again(world: World) -> None:
    forward(world, "tel", B)
    world.application({"/answer": [{"action": "talk", "text": "Hello."}]})
    found = world.database.transact(lambda c: numbers.get(c, world.number))
    assert found is not None
    cleared = replace(found, forward_type=None, forward_to=None)
    world.database.transact(lambda c: numbers.update(c, cleared))
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Hello."]


def test_after_a_crash_the_status_callback_is_told(make_world: Any) -> None:
    world = make_world(durable=True)
    world.phone(B, "wait-hangup")
    world.application({"/ended": None})
    forward(world, "tel", B, status_url="http://app.test/ended")
    world.dial(A, world.number, "wait-hangup")
    world.wait(4)
    world.kill_control()
    world.wait(5)
    (webhook,) = world.app.webhooks
    assert webhook.json["status"] == "completed"
    assert webhook.json["disconnected_by"] == "platform"


def test_forwarded_calls_count_towards_the_accounts_rate(make_world: Any) -> None:
    world = make_world(settings={"calls": {"per_second_per_account": 1}})
    for number in (B, "15550100743"):
        world.phone(number, "wait-hangup")
    world.own("15550100002")
    forward(world, "tel", B)
    world.database.transact(
        lambda c: numbers.change(c, "15550100002", forward_type="tel", forward_to="15550100743")
    )
    calls = [
        world.dial(A, world.number, "wait 2; hangup"),
        world.dial("15550100778", "15550100002", "wait 2; hangup"),
    ]
    for call in calls:
        world.run(call.done)
    answered = [call.report.answered_ms is not None for call in calls]
    assert sorted(answered) == [False, True]
