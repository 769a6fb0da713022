"""Which Accept headers admit JSON (RFC 9110 §12.4.2, §12.5.1)."""

from typing import Any

import pytest

from offhook.http.accept import admits_json


@pytest.mark.parametrize(
    ("accept", "admitted"),
    [
        ("", True),
        (" , ", True),
        ("*/*", True),
        ("*", True),
        ("text/html, image/gif, *; q=.2, */*; q=.2", True),
        ("application/json", True),
        ("APPLICATION/JSON; charset=utf-8", True),
        ("application/json;charset=iso-8859-1", True),
        ("application/hal+json", True),
        ("application/*;q=0.001", True),
        ("text/html;q=1, */*;q=0.1", True),
        ("application/json;q=1.0, */*;q=0", True),
        ("application/json;q=0.0001", True),
        ("text/html", False),
        ("application/problem+json", False),
        ("text/*, image/png", False),
        ("application/json;q=0", False),
        ("application/json; Q=0.000", False),
        ("application/json;q=0, */*", False),
        ("*/*;q=0", False),
        ("application/*; q=0., */*", False),
        ("application/json;q=0, application/hal+json", False),
    ],
)
def test_what_admits_json(accept: str, admitted: bool) -> None:
    assert admits_json(accept) is admitted


def test_a_weight_of_nothing_is_406_on_the_wire(http: Any) -> None:
    for accept, status in (("application/json;q=0, */*", 406), ("text/html, */*;q=0.1", 200)):
        assert http("GET", "/v1/calls", headers={"accept": accept}).status == status
    for other in ({"accept-charset": "iso-8859-1"}, {"accept-encoding": "identity;q=0, *;q=0"}):
        answer = http("GET", "/v1/calls", headers=other)
        assert (answer.status, answer.headers.get("content-encoding")) == (200, None)
