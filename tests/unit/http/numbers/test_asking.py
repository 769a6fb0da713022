"""How numbers are asked about: forms, JSON, queries, credentials, and errors of the family."""

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.unit.http.conftest import BASIC, Client
from tests.unit.http.numbers.asking import DONE, KEYS, OTHER, PLAIN, failed, get, msisdns, post

from offhook.testing.provision import API_KEY, API_SECRET


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
