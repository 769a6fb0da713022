"""What may stand in an Identity header: the structure of RFC 8224, 8225 and 8588."""

import base64
import json
from typing import Any

import pytest

from offhook.core.passport import problem

HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": "https://cert.example.org/c.pem"}
CLAIMS = {
    "attest": "A",
    "dest": {"tn": ["12155550112"]},
    "iat": 1767225600,
    "orig": {"tn": "12155550113"},
    "origid": "de305d54-75b4-431b-adb2-eb6b9e546014",
}
BEHIND = ';info=<https://cert.example.org/c.pem>;alg=ES256;ppt="shaken"'


def coded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def identity(header: Any = HEADER, claims: Any = CLAIMS, behind: str = BEHIND) -> str:
    return f"{coded(header)}.{coded(claims)}.c2lnbmF0dXJl{behind}"


RIGHT = [
    identity(),
    identity(behind=";info=<https://c.example.org/c>;ppt=shaken"),
    identity(behind='; ppt="shaken"; alg=ES256; info=<HTTPS://c.example.org/c>'),
    identity(claims={**CLAIMS, "attest": "C", "more": [1]}),
]
WRONG = [
    ("", "Identity header"),
    ("x", "Identity header"),
    (identity(behind=""), "Identity header"),
    (identity().replace(";ppt", "\r\nX: y;ppt"), "Identity header"),
    (identity(behind=BEHIND + ";" + "a" * 40 + "=b"), "Identity header"),
    (identity(behind=';alg=ES256;ppt="shaken"'), "info"),
    (identity(behind=';info=<http://c.example.org/>;ppt="shaken"'), "info"),
    (identity(behind=';info="https://c.example.org/";ppt="shaken"'), "info"),
    (identity(behind=BEHIND.replace("ES256", "RS256")), "alg"),
    (identity(behind=BEHIND.replace('"shaken"', "div")), "ppt"),
    (identity(behind=";info=<https://c.example.org/c>"), "ppt"),
    ("e30.e30.x" + BEHIND, "alg"),
    ("!!!.e30.x" + BEHIND, "Identity header"),
    ("a.a.a" + BEHIND, "PASSporT"),
    (identity(header=[1]), "PASSporT"),
    (identity(claims="text"), "PASSporT"),
    *((identity(header={**HEADER, name: "other"}), name) for name in ("alg", "ppt", "typ")),
    (identity(header={**HEADER, "x5u": None}), "x5u"),
    (identity(claims={**CLAIMS, "attest": "D"}), "attest"),
    (identity(claims={**CLAIMS, "attest": ["A"]}), "attest"),
    (identity(claims={**CLAIMS, "dest": {"tn": []}}), "dest"),
    (identity(claims={**CLAIMS, "dest": {"tn": "12155550112"}}), "dest"),
    (identity(claims={**CLAIMS, "dest": ["12155550112"]}), "dest"),
    (identity(claims={**CLAIMS, "orig": {}}), "orig"),
    (identity(claims={**CLAIMS, "iat": "1767225600"}), "iat"),
    (identity(claims={**CLAIMS, "iat": True}), "iat"),
    (identity(claims={**CLAIMS, "origid": ""}), "origid"),
]


@pytest.mark.parametrize("text", RIGHT)
def test_the_structure_of_a_signed_call_is_right(text: str) -> None:
    assert problem(text) is None


@pytest.mark.parametrize(("text", "named"), WRONG)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    found = problem(text)
    assert found is not None
    assert named in found


def test_a_long_text_is_refused_as_fast_as_a_short_one() -> None:
    """No pattern backtracks: what would take exponential time does not end in a test run."""
    for hostile in (
        "a" * 8000,
        "a.b.c" + ";a=" * 2700,
        "a.b.c" + ";a=b " * 1600,
        "a.b.c;info=<" + "x" * 8000,
    ):
        assert problem(hostile) is not None
    deep = base64.urlsafe_b64encode(b"[" * 6000).decode().rstrip("=")
    assert problem(f"{deep}.{deep}.x{BEHIND}") is not None
