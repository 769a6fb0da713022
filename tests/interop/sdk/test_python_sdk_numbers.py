"""Numbers by the official Python SDK: found, bought, linked, forwarded and given back, with calls to them."""

import asyncio
import itertools

import pytest
from click.testing import CliRunner
from tests.interop.sdk.conftest import BOTH
from tests.interop.sdk.scene import LINGER, fresh, has_heard, over, say, settle
from tests.real import Stage
from vonage import Vonage
from vonage_http_client.errors import HttpRequestError
from vonage_numbers import (
    ListOwnedNumbersFilter,
    NumberParams,
    SearchAvailableNumbersFilter,
    UpdateNumberParams,
)

from offhook.cli.demonstration.caller import Line
from offhook.cli.main import root
from offhook.simulator.behaviour import Answers

pytestmark = pytest.mark.interop
COUNTRY = "NL"
_BLOCKS = itertools.count(3197010500000, 1000)


def offered() -> tuple[str, str, str]:
    """Three numbers that the operator has put into the inventory; nobody else has any of their thousand."""
    first = next(_BLOCKS)
    command = ["numbers", "range", str(first), str(first + 2), "--country", COUNTRY, "--type", "mobile-lvn"]
    command += ["--features", "VOICE,SMS", "--monthly-price", "1.25"]
    done = CliRunner().invoke(root, command)
    assert done.exit_code == 0, done.output
    return str(first), str(first + 1), str(first + 2)


def call(stage: Stage, number: str) -> Line:
    """A phone that calls a number of the platform."""
    phone = stage.run(stage.phone(fresh()))

    async def dial() -> Line:
        return Line(phone.call(number, stage.platform))

    return stage.run(dial())


@BOTH
@pytest.mark.covers("numbers.search_available_numbers", "numbers.buy_number", "numbers.list_owned_numbers")
def test_numbers_are_searched_bought_and_listed(stage: Stage, vonage: Vonage) -> None:
    numbers = offered()
    wanted = {"country": COUNTRY, "pattern": numbers[0][:-3], "search_pattern": 0}
    page, count, following = vonage.numbers.search_available_numbers(
        SearchAvailableNumbersFilter(**wanted, type="mobile-lvn", features="SMS,VOICE", size=2)
    )
    assert ([each.msisdn for each in page], count, following) == (list(numbers[:2]), 3, 2)
    assert (page[0].country, page[0].type, page[0].cost) == (COUNTRY, "mobile-lvn", "1.25")
    assert sorted(page[0].features or []) == ["SMS", "VOICE"]
    page, count, following = vonage.numbers.search_available_numbers(
        SearchAvailableNumbersFilter(**wanted, size=2, index=2)
    )
    assert ([each.msisdn for each in page], count, following) == ([numbers[2]], 3, None)
    for pattern, where, fits in ((numbers[1][2:], 2, [numbers[1]]), ("00000000", 1, [])):
        found = vonage.numbers.search_available_numbers(
            SearchAvailableNumbersFilter(country=COUNTRY, pattern=pattern, search_pattern=where)
        )
        assert ([each.msisdn for each in found[0]], found[1]) == (fits, len(fits))
    assert vonage.numbers.list_owned_numbers(
        ListOwnedNumbersFilter(pattern=numbers[0][:-3], search_pattern=0)
    ) == ([], 0, None)

    wish = NumberParams(country=COUNTRY, msisdn=numbers[0])
    told = vonage.numbers.buy_number(wish)
    assert (told.error_code, told.error_code_label) == ("200", "success")
    with pytest.raises(HttpRequestError) as caught:
        vonage.numbers.buy_number(wish)
    assert caught.value.response.status_code == 420
    page, count, following = vonage.numbers.list_owned_numbers(
        ListOwnedNumbersFilter(country=COUNTRY, has_application=False, pattern=numbers[0], search_pattern=0)
    )
    assert (count, following) == (1, None)
    assert (page[0].msisdn, page[0].app_id, page[0].type) == (numbers[0], None, "mobile-lvn")


@BOTH
@pytest.mark.covers("numbers.update_number", "numbers.cancel_number")
def test_a_linked_number_is_answered_by_its_application_until_it_is_given_back(
    stage: Stage, vonage: Vonage
) -> None:
    number = offered()[0]
    application = stage.known["application_id"]
    mine = NumberParams(country=COUNTRY, msisdn=number)
    vonage.numbers.buy_number(mine)
    told = vonage.numbers.update_number(
        UpdateNumberParams(
            country=COUNTRY, msisdn=number, app_id=application, mo_http_url=stage.url("/messages")
        )
    )
    assert told.error_code == "200"
    page, count, _ = vonage.numbers.list_owned_numbers(
        ListOwnedNumbersFilter(application_id=application, pattern=number, search_pattern=0)
    )
    assert (count, page[0].app_id, page[0].mo_http_url) == (1, application, stage.url("/messages"))
    linked = vonage.numbers.list_owned_numbers(ListOwnedNumbersFilter(has_application=True))[0]
    assert {number, stage.known["number"]} <= {each.msisdn for each in linked}

    stage.app.serve("/answer", [{"action": "talk", "text": "This number has been bought."}, LINGER])
    line = call(stage, number)
    stage.run(line.answered(45))
    uuid = stage.run(stage.uuid_of(number))
    prompt = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(prompt.pcm, 0, 60_000)).heard
    over(stage, uuid, line)

    assert vonage.numbers.cancel_number(mine).error_code == "200"
    assert vonage.numbers.list_owned_numbers(ListOwnedNumbersFilter(pattern=number, search_pattern=0))[1] == 0
    again = SearchAvailableNumbersFilter(country=COUNTRY, pattern=number, search_pattern=0)
    assert [each.msisdn for each in vonage.numbers.search_available_numbers(again)[0]] == [number]
    refused = call(stage, number)
    ending = stage.run(ended(refused))
    assert ending >= 400, "a number that is given back is nobody's"
    with pytest.raises(HttpRequestError, match="420"):
        vonage.numbers.cancel_number(mine)


@BOTH
@pytest.mark.covers("numbers.update_number")
def test_a_forwarded_number_is_answered_by_a_phone(stage: Stage, vonage: Vonage) -> None:
    number, target = offered()[0], fresh()
    vonage.numbers.buy_number(NumberParams(country=COUNTRY, msisdn=number))
    told = vonage.numbers.update_number(
        UpdateNumberParams(
            country=COUNTRY, msisdn=number, voice_callback_type="tel", voice_callback_value=target
        )
    )
    assert told.error_code == "200"
    page, _, _ = vonage.numbers.list_owned_numbers(ListOwnedNumbersFilter(pattern=number, search_pattern=0))
    assert (page[0].voice_callback_type, page[0].voice_callback_value) == ("tel", target)
    phone = stage.run(stage.phone(target, Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    line = call(stage, number)
    other = Line(coming.result(65))
    stage.run(line.answered(45))
    stage.run(other.answered(45))
    settle(stage, line, other)
    say(stage, line, 600)
    say(stage, other, 900)
    settle(stage, line, other)
    assert has_heard(other, 600)
    assert has_heard(line, 900)
    stage.run(hang_up(line))
    stage.run(ended(other))
    with pytest.raises(HttpRequestError) as caught:
        vonage.numbers.update_number(
            UpdateNumberParams(
                country=COUNTRY, msisdn=number, voice_callback_type="tel", voice_callback_value="nobody"
            )
        )
    assert caught.value.response.status_code == 420


async def ended(line: Line) -> int:
    """The SIP status with which a call ended; 0 for one that was answered."""
    report = await asyncio.wait_for(asyncio.shield(line.call.done), 45)
    assert report.ending is not None
    return report.ending.status


async def hang_up(line: Line) -> None:
    line.call.hang_up()
