"""`/number/search`, `/number/buy` and `/number/cancel`: numbers are offered, bought and given back."""

from typing import Any

import pytest
from tests.unit.http.conftest import Client
from tests.unit.http.numbers.asking import DONE, OTHER, PLAIN, failed, get, msisdns, post, stored

from offhook.testing.provision import API_KEY
from offhook.testing.world import World


def test_a_number_to_buy_has_its_prices_as_text(http: Client) -> None:
    answer = get(http, "/number/search", country="NL", pattern="31970001001")
    assert answer.json == {
        "count": 1,
        "numbers": [
            {
                "country": "NL",
                "msisdn": "31970001001",
                "type": "mobile-lvn",
                "features": ["VOICE", "SMS"],
                "initialPrice": "1.00",
                "cost": "1.25",
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["31970001001", "31970001002"]),
        ({"type": "mobile-lvn"}, ["31970001001"]),
        ({"features": "VOICE"}, ["31970001001", "31970001002"]),
        ({"features": "SMS,VOICE"}, ["31970001001"]),
        ({"features": "voice, sms"}, ["31970001001"]),
        ({"features": "SMS,VOICE,MMS"}, []),
        ({"pattern": "2", "search_pattern": "2"}, ["31970001002"]),
        ({"size": 1, "index": 2}, ["31970001002"]),
    ],
)
def test_filters_of_the_inventory(http: Client, query: dict[str, Any], expected: list[str]) -> None:
    assert msisdns(get(http, "/number/search", country="NL", **query)) == expected


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({}, "country"),
        ({"country": "NL", "type": "satellite"}, "type"),
        ({"country": "NL", "features": "FAX"}, "features"),
    ],
)
def test_a_search_that_cannot_be_made(http: Client, query: dict[str, Any], word: str) -> None:
    failed(get(http, "/number/search", **query), word)


def test_numbers_that_are_kept_for_an_account_are_offered_to_it_alone(http: Client) -> None:
    assert "31970001009" in msisdns(get(http, "/number/search", OTHER, country="NL"))
    failed(post(http, "/number/buy", country="NL", msisdn="31970001009"), "not available")
    assert post(http, "/number/buy", OTHER, country="NL", msisdn="31970001009").json == DONE


def test_a_number_is_bought_used_and_given_back(world: World, http: Client) -> None:
    assert post(http, "/number/buy", country="NL", msisdn="31970001001").json == DONE
    assert "31970001001" in msisdns(get(http, "/account/numbers"))
    assert msisdns(get(http, "/number/search", country="NL")) == ["31970001002"]
    bought = stored(world, "31970001001")
    assert (bought.account_id, bought.application_id) == (world.provisioned.account.account_id, None)
    assert 0 <= world.clock.wall() - bought.created_at < 10_000_000
    application_id = world.provisioned.application.application_id
    linked = post(http, "/number/update", country="NL", msisdn="31970001001", app_id=application_id)
    assert linked.json == DONE
    world.application({"/answer": [{"action": "talk", "text": "Bought."}]})
    assert world.heard(world.call("15550100777", "31970001001", "wait-hangup")) == ["Bought."]
    assert post(http, "/number/cancel", country="NL", msisdn="31970001001").json == DONE
    again = get(http, "/number/search", country="NL", pattern="31970001001").json["numbers"][0]
    assert (again["initialPrice"], again["cost"]) == ("1.00", "1.25")
    report = world.call("15550100777", "31970001001", "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 404


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"country": "NL"}, "msisdn"),
        ({"msisdn": "31970001001"}, "country"),
        ({"country": "GB", "msisdn": "31970001001"}, "not available in GB"),
        ({"country": "NL", "msisdn": PLAIN}, "not available"),
        ({"country": "FR", "msisdn": "33123456789"}, "not available"),
        ({"country": "NL", "msisdn": "none"}, "msisdn"),
        ({"country": "NL", "msisdn": "31970001001", "target_api_key": "otherkey"}, "target_api_key"),
    ],
)
def test_what_cannot_be_bought(http: Client, fields: dict[str, str], word: str) -> None:
    failed(post(http, "/number/buy", **fields), word)


def test_of_two_buyers_one_gets_the_number(http: Client) -> None:
    first = post(http, "/number/buy", country="NL", msisdn="31970001001")
    second = post(http, "/number/buy", OTHER, country="NL", msisdn="31970001001")
    assert first.json == DONE
    failed(second, "not available")


@pytest.mark.parametrize(
    ("country", "msisdn"),
    [("FR", "33123456789"), ("NL", "31970001001"), ("GB", PLAIN), ("NL", "31999999999")],
)
def test_only_an_own_number_is_given_back(http: Client, country: str, msisdn: str) -> None:
    failed(post(http, "/number/cancel", country=country, msisdn=msisdn), "not a number of this account")


def test_the_own_key_may_be_the_target(http: Client) -> None:
    fields = {"country": "NL", "msisdn": "31970001002", "target_api_key": API_KEY}
    assert post(http, "/number/buy", **fields).json == DONE
    assert post(http, "/number/cancel", **fields).json == DONE
