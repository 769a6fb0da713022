"""The Numbers API, row by row: what clients may send, what they get back, who may do it."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection
from tests.unit.http.conftest import BASIC, Answer, Client

from offhook.core.money import price_text, price_units
from offhook.security.passwords import hash_secret
from offhook.storage import accounts, inventory, numbers, tables
from offhook.storage.accounts import ApiSecret
from offhook.storage.records import Account, AvailableNumber, Number
from offhook.testing.provision import API_KEY, API_SECRET, add_number
from offhook.testing.world import World

OTHER = "Basic " + base64.b64encode(b"otherkey:OtherSecret1").decode()
KEYS = {"api_key": API_KEY, "api_secret": API_SECRET}
DONE = {"error-code": "200", "error-code-label": "success"}
LINKED = World.number
PLAIN = "31201234567"
MOBILE = "31612345678"


@pytest.fixture(scope="module")
def platform() -> Iterator[World]:
    with World(seed=1) as world:
        other(world)
        yield world


@pytest.fixture
def world(platform: World) -> World:
    """The platform with the numbers it had at the beginning."""
    world = platform

    def empty(connection: Connection) -> None:
        connection.execute(tables.available_numbers.delete())
        connection.execute(tables.numbers.delete())

    world.database.transact(empty)
    world.app.webhooks.clear()
    fill(world)
    return world


def fill(world: World) -> None:
    add(world, "31970001001", "NL", "mobile-lvn", ("VOICE", "SMS"), 100_000_000, 125_000_000)
    add(world, "31970001002", "NL", "landline", ("VOICE",), 0, 50_000_000)
    add(world, "442071838750", "GB", "landline-toll-free", ("VOICE", "SMS", "MMS"))
    add(world, "31970001009", "NL", "landline", ("VOICE",), kept_for="other")
    own(world, PLAIN, "NL", "landline", ("VOICE",))
    own(world, MOBILE, "NL", "mobile-lvn", ("VOICE", "SMS"))
    application = world.provisioned.application
    add_number(world.database, application, LINKED, 1)
    row = Number("33123456789", "other", None, "FR", "landline", ("VOICE",), 1)
    world.database.transact(lambda c: numbers.insert(c, row))


@pytest.fixture
def http(world: World) -> Client:
    return Client(world)


def add(
    world: World,
    msisdn: str,
    country: str,
    kind: str,
    features: tuple[str, ...],
    *prices: int,
    kept_for: str | None = None,
) -> None:
    initial, monthly = prices or (0, 0)
    row = AvailableNumber(msisdn, kept_for, country, kind, features, initial, monthly, 1)
    world.database.transact(lambda c: inventory.insert(c, row))


def own(world: World, msisdn: str, country: str, kind: str, features: tuple[str, ...]) -> None:
    account = world.provisioned.account.account_id
    row = Number(msisdn, account, None, country, kind, features, 1)
    world.database.transact(lambda c: numbers.insert(c, row))


def other(world: World) -> None:
    """A second account."""

    def rows(connection: Connection) -> None:
        accounts.insert(connection, Account("other", "otherkey", "Other", world.sealer.seal(b"x" * 32), 1))
        accounts.add_secret(connection, ApiSecret("s2", "other", hash_secret("OtherSecret1"), 1))

    world.database.transact(rows)


def get(http: Client, path: str, auth: str = BASIC, **query: Any) -> Answer:
    return http("GET", f"{path}?{urlencode(query)}", auth=auth)


def post(http: Client, path: str, auth: str = BASIC, kind: str = "form", **fields: Any) -> Answer:
    types = {"form": "application/x-www-form-urlencoded", "json": "application/json"}
    return http("POST", path, urlencode(fields).encode(), auth=auth, headers={"content-type": types[kind]})


def msisdns(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["msisdn"] for each in answer.json["numbers"]]


def stored(world: World, msisdn: str) -> Number:
    found = world.database.transact(lambda c: numbers.get(c, msisdn))
    assert found is not None
    return found


def failed(answer: Answer, word: str) -> None:
    assert answer.status == 420
    assert set(answer.json) == {"error-code", "error-code-label"}
    assert answer.json["error-code"] == "420"
    assert word in answer.json["error-code-label"]


# --- the account's numbers ------------------------------------------------------------------------------


def test_owned_numbers_have_every_member_that_is_set(world: World, http: Client) -> None:
    answer = get(http, "/account/numbers", country="US")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "count": 1,
        "numbers": [
            {
                "country": "US",
                "msisdn": LINKED,
                "type": "landline",
                "features": ["VOICE"],
                "app_id": world.provisioned.application.application_id,
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [LINKED, PLAIN, MOBILE]),
        ({"country": "nl"}, [PLAIN, MOBILE]),
        ({"country": "FR"}, []),
        ({"has_application": "True"}, [LINKED]),
        ({"has_application": "false"}, [PLAIN, MOBILE]),
        ({"pattern": "316"}, [MOBILE]),
        ({"pattern": "1234567", "search_pattern": 0}, []),
        ({"pattern": "1234567", "search_pattern": 1}, [PLAIN, MOBILE]),
        ({"pattern": "567", "search_pattern": 2}, [PLAIN]),
        ({"size": 2}, [LINKED, PLAIN]),
        ({"size": 2, "index": 2}, [MOBILE]),
        ({"size": 2, "index": 0}, [LINKED, PLAIN]),
        ({"size": 2, "index": 9}, []),
        ({"application_id": "nobody"}, []),
        ({"country": "", "pattern": "", "features": "SMS", "unknown": "1"}, [LINKED, PLAIN, MOBILE]),
    ],
)
def test_filters_of_owned_numbers(http: Client, query: dict[str, Any], expected: list[str]) -> None:
    assert msisdns(get(http, "/account/numbers", **query)) == expected


def test_the_count_is_of_all_pages(world: World, http: Client) -> None:
    assert get(http, "/account/numbers", size=1).json["count"] == 3
    application_id = world.provisioned.application.application_id
    assert get(http, "/account/numbers", application_id=application_id).json["count"] == 1
    assert get(http, "/account/numbers", country="FR").json == {"count": 0, "numbers": []}


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"size": 101}, "size"),
        ({"size": 0}, "size"),
        ({"size": "ten"}, "size"),
        ({"index": -1}, "index"),
        ({"search_pattern": 3}, "search_pattern"),
        ({"pattern": "3*"}, "pattern"),
        ({"country": "NLD"}, "country"),
        ({"has_application": "maybe"}, "has_application"),
        ({"application_id": "a b"}, "application_id"),
    ],
)
def test_a_wrong_filter_is_named(http: Client, query: dict[str, Any], word: str) -> None:
    failed(get(http, "/account/numbers", **query), word)


# --- the inventory --------------------------------------------------------------------------------------


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


# --- buying and giving back -----------------------------------------------------------------------------


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


# --- changing -------------------------------------------------------------------------------------------


def update(http: Client, **fields: str) -> Answer:
    return post(http, "/number/update", **{"country": "NL", "msisdn": PLAIN, **fields})


def test_every_setting_is_kept_and_shown_and_cleared_by_nothing(world: World, http: Client) -> None:
    application_id = world.provisioned.application.application_id
    given = {
        "app_id": application_id,
        "moHttpUrl": "https://app.example/mo",
        "moSmppSysType": "inbound",
        "voiceCallbackType": "tel",
        "voiceCallbackValue": "15550100742",
        "voiceStatusCallback": "https://app.example/ended",
        "messagesCallbackType": "app",
        "messagesCallbackValue": application_id,
    }
    assert update(http, **given).json == DONE
    (shown,) = get(http, "/account/numbers", pattern=PLAIN).json["numbers"]
    described = {"country": "NL", "msisdn": PLAIN, "type": "landline", "features": ["VOICE"]}
    assert shown == {**described, **given}
    assert update(http, app_id=application_id).json == DONE
    assert get(http, "/account/numbers", pattern=PLAIN).json["numbers"] == [shown]
    assert update(http, **dict.fromkeys(given, "")).json == DONE
    assert get(http, "/account/numbers", pattern=PLAIN).json["numbers"] == [described]


def test_an_update_without_app_id_unlinks(world: World, http: Client) -> None:
    fields = {"country": "US", "msisdn": LINKED}
    assert post(http, "/number/update", **fields).json == DONE
    assert stored(world, LINKED).application_id is None


def test_the_deprecated_way_to_link(world: World, http: Client) -> None:
    application_id = world.provisioned.application.application_id
    assert update(http, voiceCallbackType="tel", voiceCallbackValue="15550100742").json == DONE
    assert update(http, voiceCallbackType="app", voiceCallbackValue=application_id).json == DONE
    (shown,) = get(http, "/account/numbers", pattern=PLAIN).json["numbers"]
    assert shown["app_id"] == application_id
    assert "voiceCallbackType" not in shown


SIP = {"voiceCallbackType": "sip"}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"app_id": "00000000-0000-4000-8000-000000000000"}, "app_id"),
        ({"voiceCallbackType": "app", "voiceCallbackValue": "nobody"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "app"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "tel"}, "voiceCallbackValue"),
        ({"voiceCallbackValue": "15550100742"}, "voiceCallbackType"),
        ({"voiceCallbackType": "vxml", "voiceCallbackValue": "http://a.example/"}, "voiceCallbackType"),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": "people"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": "112"}, "voiceCallbackValue"),
        ({"voiceCallbackType": "tel", "voiceCallbackValue": PLAIN}, "itself"),
        ({**SIP, "voiceCallbackValue": "31201234567"}, "SIP URI"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com,"}, "SIP URI"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;timeout=1999"}, "2000 to 20000"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;timeout=20001"}, "2000 to 20000"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com;transport=carrier-pigeon"}, "transport"),
        ({**SIP, "voiceCallbackValue": "sip:a@example.com\r\nX: y"}, "voiceCallbackValue"),
        ({**SIP, "voiceCallbackValue": ",".join(["sip:a@example.com"] * 11)}, "at most 10"),
        ({"voiceStatusCallback": "ftp://a.example/"}, "voiceStatusCallback"),
        ({"moHttpUrl": "not a url"}, "moHttpUrl"),
        ({"messagesCallbackType": "sms"}, "messagesCallbackType"),
        ({"messagesCallbackType": "app", "messagesCallbackValue": "nobody"}, "messagesCallbackValue"),
        ({"country": "GB"}, "not a number of this account in GB"),
        ({"msisdn": "31970001001"}, "not a number of this account"),
        ({"country": "FR", "msisdn": "33123456789"}, "not a number of this account"),
    ],
)
def test_what_cannot_be_set(world: World, http: Client, fields: dict[str, str], word: str) -> None:
    before = stored(world, PLAIN)
    failed(update(http, **fields), word)
    assert stored(world, PLAIN) == before


def test_a_list_of_sip_addresses_is_kept_as_it_was_given(world: World, http: Client) -> None:
    value = "sip:a@pbx.example;transport=tcp;timeout=2000, sips:b@pbx.example"
    assert update(http, voiceCallbackType="SIP", voiceCallbackValue=value).json == DONE
    assert (stored(world, PLAIN).forward_type, stored(world, PLAIN).forward_to) == ("sip", value)


def test_a_forwarding_set_over_http_is_followed_by_the_next_call(world: World, http: Client) -> None:
    phone = world.phone("15550100742", "wait 1; tone 700 1; hangup")
    assert update(http, voiceCallbackType="tel", voiceCallbackValue="15550100742").json == DONE
    report = world.call("15550100777", PLAIN, "wait-hangup")
    assert [round(tone.hertz / 10) * 10 for tone in report.tones] == [700]
    assert len(phone.calls) == 1


# --- how it is asked ------------------------------------------------------------------------------------


def test_a_form_is_one_whatever_its_content_type_says(http: Client) -> None:
    assert post(http, "/number/buy", kind="json", country="NL", msisdn="31970001001").json == DONE


@pytest.mark.parametrize("msisdn", ["31970001001", 31970001001])
def test_json_is_understood_too(http: Client, msisdn: Any) -> None:
    assert http("POST", "/number/buy", {"country": "NL", "msisdn": msisdn}, auth=BASIC).json == DONE


@pytest.mark.parametrize("msisdn", [True, None, ["31970001001"], 3.5])
def test_what_is_no_text_is_not_there(http: Client, msisdn: Any) -> None:
    answer = http("POST", "/number/buy", {"country": "NL", "msisdn": msisdn}, auth=BASIC)
    assert answer.json == {"error-code": "420", "error-code-label": "msisdn: Is required."}


def test_old_clients_put_everything_into_the_query(http: Client) -> None:
    query = urlencode({**KEYS, "country": "NL", "msisdn": "31970001001"})
    assert http("POST", f"/number/buy?{query}", auth="").json == DONE


def test_key_and_secret_in_query_and_body(http: Client) -> None:
    assert get(http, "/account/numbers", "", **KEYS).json["count"] == 3
    assert post(http, "/number/buy", "", **KEYS, country="NL", msisdn="31970001001").json == DONE


WRONG = {
    "nothing": ("", {}),
    "a wrong secret": ("", {"api_key": API_KEY, "api_secret": "no"}),
    "an unknown key": ("", {"api_key": "nobody12", "api_secret": API_SECRET}),
    "two that differ": (BASIC, {"api_key": "otherkey", "api_secret": "OtherSecret1"}),
}


@pytest.mark.parametrize(("auth", "fields"), WRONG.values(), ids=WRONG)
def test_wrong_credentials(http: Client, auth: str, fields: dict[str, str]) -> None:
    for answer in (
        get(http, "/account/numbers", auth, **fields),
        get(http, "/number/search", auth, country="NL", **fields),
        post(http, "/number/buy", auth, country="NL", msisdn="31970001001", **fields),
    ):
        assert answer.status == 401
        assert answer.json == {"error-code": "401", "error-code-label": "authentication failed"}
        assert answer.headers["www-authenticate"] == 'Basic realm="Offhook"'


def test_a_token_is_no_key(http: Client) -> None:
    assert get(http, "/account/numbers", http.bearer).status == 401


def test_accounts_see_their_own_numbers_alone(http: Client) -> None:
    assert msisdns(get(http, "/account/numbers", OTHER)) == ["33123456789"]
    failed(post(http, "/number/update", OTHER, country="NL", msisdn=PLAIN), "not a number of this account")


def test_other_errors_speak_the_same_family(http: Client) -> None:
    wrong_verb = http("DELETE", "/number/buy", auth=BASIC)
    assert (wrong_verb.status, wrong_verb.json["error-code"]) == (405, "405")
    assert wrong_verb.headers["allow"] == "OPTIONS, POST"
    unknown = http("GET", "/number/rent", auth=BASIC)
    assert (unknown.status, unknown.json["error-code"]) == (404, "404")
    huge = http("POST", "/number/buy", b"x" * 1_000_001, auth=BASIC)
    assert (huge.status, huge.json["error-code"]) == (413, "413")
    xml = http("GET", "/account/numbers", auth=BASIC, headers={"accept": "text/xml"})
    assert (xml.status, xml.json["error-code"]) == (406, "406")


@pytest.mark.parametrize(
    ("text", "units", "shown"),
    [
        ("0", 0, "0.00"),
        ("1.25", 125_000_000, "1.25"),
        ("0,9", 90_000_000, "0.90"),
        ("2.00000001", 200_000_001, "2.00000001"),
    ],
)
def test_prices(text: str, units: int, shown: str) -> None:
    assert price_units(text) == units
    assert price_text(units) == shown


@pytest.mark.parametrize("text", ["", "free", "-1", "1.123456789", "1.2.3"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(Exception, match="amount"):
        price_units(text)
