"""Cleaning numbers, their countries, and numbers that are never dialled."""

import pytest

from offhook.core.e164 import country_of, is_e164, normalise, refusal
from offhook.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("31201234567", "31201234567"),
        ("+31 (20) 123-4567", "31201234567"),
        ("0031201234567", "31201234567"),
        ("+1.415.555.0100", "14155550100"),
        ("44 20\u00a07123\u20114567", "442071234567"),
    ],
)
def test_normalise(text: str, digits: str) -> None:
    assert normalise(text) == digits


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "digits only"),
        ("abc", "digits only"),
        ("+", "digits only"),
        ("++31201234567", "digits only"),
        ("٣١٢٠١٢٣٤٥٦٧", "digits only"),
        ("0201234567", "country code"),
        ("000201234567", "country code"),
        ("123456", "7 to 15 digits; it has 6"),
        ("1" * 16, "7 to 15 digits; it has 16"),
        ("sip:a@b", "digits only"),
    ],
)
def test_not_a_number(text: str, problem: str) -> None:
    with pytest.raises(Invalid, match=problem) as caught:
        normalise(text, "to[0].number")
    assert caught.value.field == "to[0].number"


@pytest.mark.parametrize(
    ("text", "good"),
    [("1234567", True), ("1" * 15, True), ("123456", False), ("1" * 16, False), ("0123456789", False),
     ("+31201234567", False), ("3120123456a", False), ("١٢٣٤٥٦٧٨", False), ("31201234567\n", False)],
)  # fmt: skip
def test_is_e164(text: str, good: bool) -> None:
    assert is_e164(text) is good


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("31201234567", "NL"),
        ("14155550100", "US"),
        ("14165550100", "CA"),
        ("18765550100", "JM"),
        ("79161234567", "RU"),
        ("77011234567", "KZ"),
        ("442071234567", "GB"),
        ("35312345678", "IE"),
        ("8821234567", None),
        ("", None),
    ],
)
def test_countries(number: str, country: str | None) -> None:
    assert country_of(number) == country


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("112", "emergency"),
        ("+112", "emergency"),
        ("911", "emergency"),
        ("999", "emergency"),
        ("44999", "emergency"),
        ("1911", "emergency"),
        ("31112", "emergency"),
        ("12345", "short-number"),
        ("", "not-e164"),
        ("sip:112@x", "not-e164"),
        ("0201234567", "not-e164"),
        ("19005551234", "premium:NANP-900"),
        ("12129761234", "premium:NANP-976"),
        ("31906123456", "premium:NL-0906"),
        ("449012345678", "premium:GB-09"),
        ("447012345678", "premium:GB-070"),
        ("979123456789", "premium:international-979"),
        ("4409012345678", "premium:GB-09"),
        ("44009012345678", "premium:GB-09"),
        ("119005551234", "premium:NANP-900"),
        ("1019005551234", "premium:NANP-900"),
        ("310906123456", "premium:NL-0906"),
        ("870123456789", "satellite:870"),
        ("88213300000", "network:882"),
    ],
)
def test_refused_with_the_rule_named(number: str, rule: str) -> None:
    found = refusal(number)
    assert found is not None
    assert found.rule == rule
    assert number in found.message


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        ("0031201234567", "give 31201234567"),
        ("01131201234567", "give 31201234567"),
        ("0201234567", "country code first"),
        ("00112345", "country code first"),
        ("3120123456789012", "7 to 15 digits"),
        ("1-800-FLOWERS", "7 to 15 digits"),
        ("31 20 123 4567", "7 to 15 digits"),
    ],
)
def test_what_is_no_number_is_told_how_to_become_one(number: str, advice: str) -> None:
    found = refusal(number)
    assert found is not None
    assert found.rule == "not-e164"
    assert advice in found.message


@pytest.mark.parametrize(
    "number",
    ["31201234567", "31612345678", "14155550100", "19175550100", "442071234567", "447912345678",
     "33612345678", "390166123456", "35315251234", "4915112345678", "+31201234567", "1121234567"],
)  # fmt: skip
def test_ordinary_numbers_are_dialled(number: str) -> None:
    assert refusal(number) is None
