"""What a call shows as its origin, by what was asked for."""

import pytest

from offhook.calls.identity import Wish, for_phone
from offhook.core.errors import Invalid
from offhook.storage.records import Number

OWN = Number("15550100001", "account", "application", "US", "landline", ("VOICE",), 0)
TO = "31201234567"


@pytest.mark.parametrize(
    "asked",
    [
        "15550100001",
        "+1 555 010 0001",
        "sip:15550100001@sip.example.com",
        "SIPS:+15550100001@sip.example.com;transport=tls",
        "sip:15550100001;phone-context=x@sip.example.com",
    ],
)
def test_a_number_in_any_spelling_is_shown_as_digits(asked: str) -> None:
    assert for_phone(Wish(asked), [OWN], "application", TO, unowned="refuse") == "15550100001"


@pytest.mark.parametrize("asked", ["31209999999", "sip:31209999999@h", "sip:h.example.com", "sip:", "jamie"])
def test_what_is_no_own_number_is_refused_or_unknown(asked: str) -> None:
    with pytest.raises(Invalid, match="not a number of this account"):
        for_phone(Wish(asked), [OWN], "application", TO, unowned="refuse")
    assert for_phone(Wish(asked), [OWN], "application", TO, unowned="unknown") == "unknown"
