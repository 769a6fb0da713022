"""Bodies and query strings, as they go on the wire."""

import pytest

from offhook.webhooks.encode import json_body, query, signed_query, with_query


def test_get_form_of_an_input() -> None:
    params = {
        "speech": {"error": "Speech was not enabled"},
        "dtmf": {"digits": "2", "timed_out": True},
        "timestamp": "2026-01-02T03:04:33.015Z",
        "url": "https://a.example/v1/files/F1",
    }
    assert query(params) == (
        "speech=%7B%22error%22:%22Speech%20was%20not%20enabled%22%7D"
        "&dtmf=%7B%22digits%22:%222%22,%22timed_out%22:true%7D"
        "&timestamp=2026-01-02T03:04:33.015Z&url=https://a.example/v1/files/F1"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (18990, "18990"),
        (None, "null"),
        (True, "true"),
        ("", ""),
        ("a+b&c=d#e", "a%2Bb%26c%3Dd%23e"),
        ("ü", "%C3%BC"),
        ([1, "x"], "%5B1,%22x%22%5D"),
        ("~-._", "~-._"),
        ("\udc80", "%EF%BF%BD"),
    ],
)
def test_values(value: object, text: str) -> None:
    assert query({"k": value}) == f"k={text}"


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://a.example/x", "https://a.example/x?k=v"),
        ("https://a.example/x?", "https://a.example/x?k=v"),
        ("https://a.example/x?user=1&b=%20", "https://a.example/x?user=1&b=%20&k=v"),
        ("https://a.example/x?a=1&", "https://a.example/x?a=1&k=v"),
        ("https://a.example/x?a=1#part", "https://a.example/x?a=1&k=v"),
    ],
)
def test_an_existing_query_is_kept(url: str, whole: str) -> None:
    assert with_query(url, {"k": "v"}) == whole


def test_nothing_to_add() -> None:
    assert with_query("https://a.example/x?a=1", {}) == "https://a.example/x?a=1"


def test_body_is_compact_and_keeps_its_order() -> None:
    assert json_body({"b": [1, {"ü": None}], "a": "\udcff"}) == '{"b":[1,{"ü":null}],"a":"\ufffd"}'.encode()


def test_what_a_signature_of_a_get_covers() -> None:
    url = with_query("https://a.example/x?own=1", {"size": 5, "dtmf": {"digits": "2"}, "empty": ""})
    assert signed_query(url) == b'{"own":"1","size":"5","dtmf":"{\\"digits\\":\\"2\\"}","empty":""}'
