"""Every method that the installed SDK has for voice, applications, numbers and users is judged by some test.

A release that brings a method, or a whole API, makes these tests name it as NOT COVERED.
"""

import importlib
from pathlib import Path
from types import FunctionType

import pytest
from tests.interop.sdk.conftest import BOTH
from tests.interop.sdk.witness import APIS, all_methods
from vonage import Auth, Vonage

pytestmark = pytest.mark.interop
NOT_SERVED = {
    "account",
    "identity_insights",
    "messages",
    "network_number_verification",
    "network_sim_swap",
    "number_insight",
    "sms",
    "subaccounts",
    "verify",
    "verify_legacy",
    "video",
}
"""APIs of other products."""


def marks() -> list[tuple[str, bool]]:
    """Every method that a test of this folder is marked for, and whether it is run both ways."""
    found: list[tuple[str, bool]] = []
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"tests.interop.sdk.{path.stem}")
        for test in vars(module).values():
            if isinstance(test, FunctionType) and test.__name__.startswith("test_"):
                own = getattr(test, "pytestmark", [])
                both = BOTH.mark in [*own, *getattr(module, "BOTH_WAYS", [])]
                found += [(name, both) for mark in own if mark.name == "covers" for name in mark.args]
    return found


def test_every_method_is_judged_over_the_host_option_and_over_exec() -> None:
    covered = dict(sorted(marks()))
    missing = [name for name in all_methods() if name not in covered]
    assert not missing, f"NOT COVERED: {', '.join(missing)}"
    one_way = [name for name, both in covered.items() if not both]
    assert not one_way, f"NOT COVERED over offhook exec: {', '.join(one_way)}"
    assert covered.keys() <= set(all_methods()), "a mark names a method that the SDK does not have"


def test_every_api_of_the_sdk_is_served_or_known_not_to_be() -> None:
    client = Vonage(Auth(api_key="a", api_secret="b"))
    apis = {name for name in vars(client) if not name.startswith("_")}
    assert apis - NOT_SERVED == APIS.keys(), f"NOT COVERED: {sorted(apis - NOT_SERVED - APIS.keys())}"
    assert apis >= NOT_SERVED
