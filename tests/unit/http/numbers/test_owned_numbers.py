"""`GET /account/numbers`: what it shows, its filters and its pages."""

from typing import Any

import pytest
from tests.unit.http.conftest import Client
from tests.unit.http.numbers.asking import LINKED, MOBILE, PLAIN, failed, get, msisdns

from offhook.testing.world import World


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
