"""Who may be dialled: the floor, the operator's rules, the lists of the trunks."""

from dataclasses import replace
from typing import Any

import pytest

from offhook.calls.destinations import Destinations, explain
from offhook.calls.trunk_choice import NoTrunk, choose
from offhook.core.errors import Invalid
from offhook.storage.records import Trunk

REAL = Trunk("T1", "acc", "real", False, "c.example", 5060, "udp", None, None, (), (), 10, True, 0)
SIMULATED = replace(REAL, trunk_id="T2", name="simulated", simulated=True, prefixes=("",), priority=99)


def trunk(*prefixes: str, **changes: Any) -> Trunk:
    return replace(REAL, prefixes=prefixes, **changes)


def chosen(
    number: str, *trunks: Trunk, allow: str = "", deny: str = "", simulator: bool = False
) -> list[str] | str:
    """Names of the trunks, or the rule."""
    rules = Destinations.read(allow, deny)
    found = choose(trunks, number, simulator_active=simulator, destinations=rules)
    return found.rule if isinstance(found, NoTrunk) else [each.name for each in found]


def test_without_rules_only_listed_prefixes_are_dialled() -> None:
    assert chosen("442071234567", trunk("44")) == ["real"]
    assert chosen("442071234567", trunk("31", "+44207")) == ["real"]
    assert chosen("442071234567", trunk("31")) == "no-route"
    assert chosen("442071234567", trunk()) == "no-route"
    assert chosen("442071234567", trunk("")) == "no-route"


def test_a_trunk_may_bar_a_part_of_its_prefix() -> None:
    barred = trunk("44", "!44208", "442081")
    assert chosen("442071234567", barred) == ["real"]
    assert chosen("442082345678", barred) == "no-route"
    assert chosen("442081234567", barred) == ["real"]


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("442071234567", ["real"]),
        ("447912345678", "destination:deny:447"),
        ("447777000000", ["real"]),
        ("33612345678", "destination:not-allowed"),
    ],
)
def test_the_longest_rule_decides(number: str, found: Any) -> None:
    assert chosen(number, trunk(), allow="44, +447777", deny="447") == found


def test_where_two_rules_are_alike_it_is_denied() -> None:
    assert chosen("442071234567", trunk("44"), allow="44", deny="44") == "destination:deny:44"
    assert chosen("442071234567", trunk("44"), allow="*", deny="*") == "destination:deny:*"


def test_denials_alone_open_nothing() -> None:
    assert chosen("442071234567", trunk(), deny="33") == "no-route"
    assert chosen("442071234567", trunk("44"), deny="33") == ["real"]
    assert chosen("33612345678", trunk("33"), deny="33") == "destination:deny:33"


def test_rules_do_not_widen_a_trunk_that_has_a_list() -> None:
    assert chosen("33612345678", trunk("44"), allow="*") == "no-route"
    assert chosen("442071234567", trunk("44"), allow="33") == "destination:not-allowed"
    assert chosen("442071234567", trunk("!441"), allow="*") == ["real"]
    assert chosen("441212345678", trunk("!441"), allow="*") == "no-route"


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("112", "emergency"),
        ("44999", "emergency"),
        ("19005551234", "premium:NANP-900"),
        ("4409012345678", "premium:GB-09"),
        ("870123456789", "satellite:870"),
        ("0044207123456", "not-e164"),
        ("12345", "short-number"),
    ],
)
def test_nothing_opens_the_floor(number: str, rule: str) -> None:
    every = (trunk("1", "4", "8", "9", "1900", "449", "112", "44999"), SIMULATED)
    assert chosen(number, *every, allow="*", simulator=True) == rule


def test_the_simulated_carrier_knows_no_rules() -> None:
    assert chosen("33612345678", trunk(), SIMULATED, deny="*", simulator=True) == ["simulated"]
    assert chosen("33612345678", trunk(), SIMULATED, deny="*", simulator=False) == "destination:deny:*"


def test_trunks_in_their_order() -> None:
    other = trunk("44", name="other", priority=5)
    assert chosen("442071234567", trunk("44"), other, SIMULATED, simulator=True) == [
        "other",
        "real",
        "simulated",
    ]
    assert chosen("442071234567", trunk("44"), replace(other, enabled=False)) == ["real"]


def test_a_refusal_says_what_to_do() -> None:
    rules = Destinations.read("44", "447")
    for number, setting in (("447912345678", "DENY"), ("33612345678", "ALLOW")):
        found = choose([trunk()], number, simulator_active=False, destinations=rules)
        assert isinstance(found, NoTrunk)
        assert number in found.reason
        assert f"OFFHOOK_DESTINATIONS__{setting}" in found.reason


@pytest.mark.parametrize("text", ["0044", "abc", "44,0", "4 4,,x", "٤٤"])
def test_wrong_rules_are_named(text: str) -> None:
    with pytest.raises(Invalid, match="beginning of an international number") as caught:
        Destinations.read("", text)
    assert caught.value.field == "OFFHOOK_DESTINATIONS__DENY"


@pytest.mark.parametrize(
    ("found", "rules", "text"),
    [
        (trunk("44", "!447"), Destinations(), "numbers that begin with 44; not with 447"),
        (trunk(), Destinations(), "nothing: list prefixes"),
        (trunk(), Destinations.read("", "33"), "nothing: list prefixes"),
        (
            trunk(),
            Destinations.read("*", "33"),
            "what the destination rules allow; allowed: everything; denied: 33",
        ),
        (SIMULATED, Destinations(), "any number"),
    ],
)
def test_explained(found: Trunk, rules: Destinations, text: str) -> None:
    assert text in explain(found, rules)
