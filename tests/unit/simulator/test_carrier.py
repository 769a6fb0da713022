"""The simulated carrier: numbers and what they do."""

import asyncio
from typing import Any

import pytest

from offhook.simulator import behaviour as b
from offhook.simulator.carrier import greeting
from offhook.simulator.report import Report
from offhook.simulator.script import parse
from offhook.speech.tonecode import spoken


def dial(town: Any, carrier: Any, number: str, script: str = "") -> Report:
    platform = town.phone("platform")

    async def body() -> Report:
        report: Report = await platform.call(number, carrier.address, parse(script), ring_seconds=30.0).done
        return report

    result: Report = town.run(body)
    return result


@pytest.mark.parametrize(
    ("number", "statuses"),
    [
        ("15550190", [486]),
        ("15550191", [180, 603]),
        ("15550194", [404]),
        ("15550192", [180, 408]),
    ],
)
def test_last_two_digits_decide(town: Any, number: str, statuses: list[int]) -> None:
    report = dial(town, town.carrier(), number)
    got = [status.status for status in report.statuses]
    assert got[:-1] == statuses[:-1]
    assert got[-1] in (statuses[-1], 487)


def test_any_other_number_answers_after_a_second_and_speaks(town: Any) -> None:
    report = dial(town, town.carrier(), "+1 555 0142", "wait-speech; wait-silence 1; hangup")
    assert report.answered_ms == pytest.approx(1_000, abs=20)
    assert spoken(report.pcm) == [greeting("15550142")]


def test_93_is_a_voicemail(town: Any) -> None:
    report = dial(town, town.carrier(), "15550193", "wait-speech; wait-silence 1; hangup")
    assert any(abs(tone.hertz - 1_000) < 5 for tone in report.tones)


def test_a_phone_that_was_put_there_takes_precedence_until_removed(town: Any) -> None:
    carrier, platform = town.carrier(), town.phone("platform")

    async def body() -> None:
        phone = carrier.phone("+15550190", b.Answers(0.2, parse("say mine; hangup")))
        report = await platform.call("15550190", carrier.address).done
        assert spoken(report.pcm) == ["mine"]
        assert phone.calls[0].report.number == "15550190"
        carrier.remove("15550190")
        report = await platform.call("15550190", carrier.address).done
        assert report.ending.status == 486

    town.run(body)


def test_a_phone_of_another_process_is_reached_through_the_carrier(town: Any) -> None:
    carrier, platform = town.carrier(), town.phone("platform")
    phone = town.phone(
        "15550100", b.Answers(0.5, parse("wait-speech; wait-silence 0.5; press 42; wait-hangup"))
    )
    carrier.connect("15550100", phone.address)

    async def body() -> None:
        script = parse("wait 0.3; say hello; wait 3; hangup")
        headers = (("X-Mark", "7"), ("Subject", "kept back"))
        report = await platform.call("15550100", carrier.address, script, headers=headers).done
        there = await phone.calls[0].done
        assert [status.status for status in report.statuses] == [180, 200]
        assert spoken(there.pcm) == ["hello"]
        assert report.digits == "42"
        assert there.ending.by == "far end"
        names = [name for name, _ in there.headers]
        assert "X-Mark" in names
        assert "Subject" not in names
        phone.behaviour = b.BUSY
        report = await platform.call("15550100", carrier.address).done
        assert report.ending.status == 486
        phone.behaviour = b.NO_ANSWER
        call = platform.call("15550100", carrier.address)
        await asyncio.sleep(1)
        call.hang_up()
        assert (await phone.calls[2].done).ending.status == 487
        assert carrier._bridges == set()

    town.run(body)


def test_a_phone_calls_the_platform(town: Any) -> None:
    carrier, platform = town.carrier(), town.phone("platform", b.Answers(0.1, parse("say welcome; hangup")))

    async def body() -> None:
        waiting = asyncio.create_task(platform.next_call())
        await asyncio.sleep(0)
        report = await carrier.phone("15550123").call("442079460000", platform.address).done
        assert spoken(report.pcm) == ["welcome"]
        inbound = (await waiting).report
        assert inbound.number == "442079460000"
        assert "15550123@" in inbound.peer

    town.run(body)
