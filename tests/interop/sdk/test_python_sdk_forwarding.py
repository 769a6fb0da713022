"""Numbers and users by one Python SDK client, as long programs use it: forms after JSON, and a number that is
forwarded to SIP addresses, one of them silent, whose status callback is told over real sockets."""

import asyncio
import itertools

import pytest
from click.testing import CliRunner
from tests.interop.sdk.scene import fresh, has_heard, say, settle
from tests.real import Stage
from vonage import Vonage
from vonage_numbers import ListOwnedNumbersFilter, NumberParams, UpdateNumberParams
from vonage_users import User

from offhook.cli.demonstration.caller import Line
from offhook.cli.main import root
from offhook.simulator.behaviour import Answers

pytestmark = pytest.mark.interop
_NUMBERS = itertools.count(3197010900000)


@pytest.fixture
def offered(stage: Stage) -> str:
    """A number that the operator offers."""
    number = str(next(_NUMBERS))
    done = CliRunner().invoke(root, ["numbers", "range", number, number, "--country", "NL"])
    assert done.exit_code == 0, done.output
    return number


def test_forms_after_json_are_understood(stage: Stage, vonage: Vonage, offered: str) -> None:
    """Once it has sent JSON this client calls everything JSON, forms included."""
    user = vonage.users.create_user(User(display_name="Jan"))
    wanted = NumberParams(country="NL", msisdn=offered)
    assert vonage.numbers.buy_number(wanted).error_code == "200"
    sent = vonage.numbers.http_client.last_request
    assert sent is not None
    assert sent.headers["Content-Type"] == "application/json"
    assert "msisdn=" in str(sent.body)
    assert vonage.numbers.cancel_number(wanted).error_code == "200"
    assert user.id is not None
    vonage.users.delete_user(user.id)


def test_a_number_goes_to_the_sip_address_that_lives(stage: Stage, vonage: Vonage, offered: str) -> None:
    target = fresh()
    vonage.numbers.buy_number(NumberParams(country="NL", msisdn=offered))
    phone = stage.run(stage.phone(target, Answers(0.3)))
    host, port = phone.address
    silent = "sip:nobody@127.0.0.1:9;timeout=2000"
    stage.app.serve("/ended", None)
    vonage.numbers.update_number(
        UpdateNumberParams(
            country="NL",
            msisdn=offered,
            voice_callback_type="sip",
            voice_callback_value=f"{silent},sip:{target}@{host}:{port}",
            voice_status_callback=stage.url("/ended"),
        )
    )
    page, count, _ = vonage.numbers.list_owned_numbers(
        ListOwnedNumbersFilter(pattern=offered, search_pattern=0)
    )
    assert (count, page[0].voice_callback_type) == (1, "sip")
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    caller = stage.run(stage.phone(fresh()))

    async def dial() -> Line:
        return Line(caller.call(offered, stage.platform))

    line = stage.run(dial())
    other = Line(coming.result(65))
    stage.run(line.answered(45))
    stage.run(other.answered(45))
    settle(stage, line, other)
    say(stage, line, 600)
    say(stage, other, 900)
    settle(stage, line, other)
    assert has_heard(other, 600)
    assert has_heard(line, 900)

    async def hang_up() -> None:
        other.call.hang_up()
        await asyncio.wait_for(asyncio.shield(line.call.done), 45)

    stage.run(hang_up())

    async def told() -> list[str]:
        for _ in range(150):
            found = [webhook.json["status"] for webhook in stage.app.at("/ended")]
            if found:
                return found
            await asyncio.sleep(0.1)
        return []

    assert stage.run(told()) == ["completed"]
