"""Paths and methods that a token opens, and ways around that do not work."""

from typing import Any

import pytest

from offhook.core.errors import Invalid
from offhook.security.acl import Acl


def acl(*patterns: str, **methods: Any) -> Acl:
    return Acl.parse({"paths": {pattern: dict(methods) for pattern in patterns}})


@pytest.mark.parametrize(
    ("pattern", "path", "inside"),
    [
        ("/**", "/", True),
        ("/**", "/v1/calls/x/talk", True),
        ("/*/calls/**", "/v1/calls", True),
        ("/*/calls/**", "/v1/calls/", True),
        ("/*/calls/**", "/v1/calls/abc/talk", True),
        ("/*/calls/**", "/calls/abc", False),
        ("/*/calls/**", "/v1/x/calls", False),
        ("/*/calls", "/v1/calls/abc", False),
        ("/*/calls/*", "/v1/calls/abc", True),
        ("/*/calls/*", "/v1/calls", False),
        ("/**/talk", "/v1/calls/abc/talk", True),
        ("/**/talk", "/talk", True),
        ("/**/talk", "/v1/calls/talk/x", False),
        ("/v1/calls", "/v1/Calls", False),
        ("/v1/call*", "/v1/calls", False),
        ("/*/calls/**", "/v1/calls/../files/x", False),
        ("/*/calls/**", "/v1/calls/%2e%2e/files/x", False),
        ("/*/calls/**", "/v1/calls/%2E./files/x", False),
        ("/*/calls/**", "/v1//calls/x", False),
        ("/*/calls/**", "//v1/calls/x", False),
        ("/*/calls/**", "/v1/calls/./x", False),
        ("/*/calls/**", "/v1/calls\\..\\files", False),
        ("/*/calls/**", "v1/calls/x", False),
        ("/*/calls/**", "", False),
        ("/*/calls/*", "/v1/calls/a%2Fb", False),
        ("/*/calls/**", "/v1/calls/a%2Fb", True),
        ("/*/calls/**", "/v1/files%2F..%2Fcalls/x", False),
        ("/*/calls/**", "/v1/calls/\x00", False),
        ("/**", "/v1/../x", False),
    ],
)
def test_paths(pattern: str, path: str, inside: bool) -> None:
    assert acl(pattern).allows("GET", path) is inside


def test_methods() -> None:
    some = acl("/**", methods=["get", "POST"])
    assert some.allows("GET", "/x")
    assert some.allows("head", "/x")
    assert some.allows("post", "/x")
    assert not some.allows("DELETE", "/x")
    assert not acl("/**", methods=[]).allows("GET", "/x")
    assert acl("/**", filters={"to": "x"}).allows("PUT", "/x")


def test_patterns_add_up() -> None:
    both = Acl.parse({"paths": {"/*/calls/**": {"methods": ["GET"]}, "/v1/calls": {"methods": ["POST"]}}})
    assert both.allows("POST", "/v1/calls")
    assert both.allows("GET", "/v1/calls/x")
    assert not both.allows("POST", "/v1/calls/x")
    assert not both.allows("DELETE", "/v1/calls")


def test_an_empty_list_opens_nothing() -> None:
    assert not Acl.parse({}).allows("GET", "/")
    assert not Acl.parse({"paths": {}}).allows("GET", "/v1/calls")
    assert Acl.parse({"paths": {"/x": None}}).allows("GET", "/x")


@pytest.mark.parametrize(
    "claim",
    [
        [],
        "x",
        {"paths": []},
        {"paths": {"x": {}}},
        {"paths": {"/a b": {}}},
        {"paths": {"/x": []}},
        {"paths": {"/x": {"methods": "GET"}}},
        {"paths": {"/x": {"methods": [1]}}},
        {"paths": {f"/{n}": {} for n in range(201)}},
        {"paths": {"/x" * 41: {}}},
    ],
)
def test_wrong_claims(claim: Any) -> None:
    with pytest.raises(Invalid, match=r"^acl"):
        Acl.parse(claim)


def test_a_pattern_of_many_stars_is_no_burden() -> None:
    nasty = acl("/" + "/".join(["**"] * 20 + ["x"]))
    assert not nasty.allows("GET", "/" + "/".join("a" * 39))
    assert not nasty.allows("GET", "/" + "/".join("a" * 5000))
