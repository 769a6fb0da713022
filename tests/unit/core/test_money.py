"""Amounts of money as text and as units."""

import pytest

from offhook.core.errors import Invalid
from offhook.core.money import price_text, price_units


@pytest.mark.parametrize(
    ("text", "units", "shown"),
    [
        ("0", 0, "0.00"),
        ("1.25", 125_000_000, "1.25"),
        ("0,9", 90_000_000, "0.90"),
        ("2.00000001", 200_000_001, "2.00000001"),
    ],
)
def test_prices(text: str, units: int, shown: str) -> None:
    assert price_units(text) == units
    assert price_text(units) == shown


@pytest.mark.parametrize("text", ["", "free", "-1", "1.123456789", "1.2.3"])
def test_what_is_no_price(text: str) -> None:
    with pytest.raises(Invalid, match="amount"):
        price_units(text)
