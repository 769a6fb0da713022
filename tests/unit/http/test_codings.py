"""Bodies that are compressed, or text in another character set: refused with what is right."""

import gzip
import json
import zlib
from typing import Any

import pytest

CALL = {"to": [{"type": "phone", "number": "31201234567"}], "from": "15550100001", "ncco": []}
PLAIN = json.dumps(CALL).encode()
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("X-Gzip", gzip.compress(PLAIN, mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
        ("identity, gzip", gzip.compress(PLAIN, mtime=0)),
        ("zstd", b"\x28\xb5\x2f\xfd" + PLAIN),
    ],
)
@pytest.mark.parametrize("path", ["/v1/calls", "/v2/applications"])
def test_a_compressed_body_is_415_and_says_which_coding_is_taken(
    http: Any, path: str, coding: str, body: bytes
) -> None:
    answer = http("POST", path, body, headers={**JSON, "content-encoding": coding})
    assert (answer.status, answer.headers["accept-encoding"]) == (415, "identity"), answer.body
    assert "Content-Encoding" in answer.json["detail"]


def test_a_compressed_form_as_well(http: Any) -> None:
    form = gzip.compress(b"country=US&msisdn=15550100001")
    answer = http("POST", "/number/update", form, headers={"content-encoding": "gzip"}, auth="")
    assert (answer.status, answer.headers["accept-encoding"]) == (415, "identity")


@pytest.mark.parametrize("coding", ["identity", "IDENTITY", "utf-8", ""])
def test_a_plain_body_counts_whatever_it_says_of_itself(http: Any, coding: str) -> None:
    assert http("POST", "/v1/calls", PLAIN, headers={**JSON, "content-encoding": coding}).status == 201


@pytest.mark.parametrize(
    "body",
    [
        PLAIN.decode().encode("utf-16"),
        b'{"a": "\xe9"}',
    ],
)
def test_another_character_set_is_told_the_right_one(http: Any, body: bytes) -> None:
    kind = {"content-type": "application/json; charset=iso-8859-1"}
    answer = http("POST", "/v1/calls", body, headers=kind)
    assert (answer.status, answer.wrong) == (400, ["body"])
    assert answer.json["invalid_parameters"][0]["reason"] == "is not UTF-8; send JSON in UTF-8"
