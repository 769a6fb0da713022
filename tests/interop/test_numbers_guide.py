"""The commands of the guide to numbers and accounts, run as an operator would: one shell, top to bottom."""

import re
from pathlib import Path

import pytest
from tests.interop.guides import ROOT, blocks, run

PATIENCE = 400

pytestmark = pytest.mark.interop


@pytest.mark.timeout(450)
def test_numbers_are_offered_bought_forwarded_and_given_back(tmp_path: Path) -> None:
    page = ROOT / "docs" / "guides" / "numbers-and-accounts.md"
    told = run(tmp_path, blocks(page, "Run it"), PATIENCE)
    assert "2 of 2 numbers were added" in told
    assert "10 of 10 numbers were added" in told
    search = re.search(r'\{"count":1,"numbers":\[\{[^]]*"msisdn":"31970105001"[^\n]*"cost":"1.25"', told)
    assert search is not None, told
    assert told.count('"error-code":"200"') == 2, "bought and linked"
    heard = [float(seconds) for seconds in re.findall(r"heard (\d+\.\d) s of sound", told)]
    assert max(heard) > 0.8, "the caller hears the phone that the number is forwarded to"
    assert "\n401\n" in told, "a revoked secret"
    assert told.count('"msisdn":"31207650003"') == 2, "the bakery's number, by both of its secrets"
    assert "Front desk" in told
    assert "31970105001 can be bought again." in told
