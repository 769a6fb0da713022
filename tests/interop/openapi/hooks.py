"""Loaded by Schemathesis: what it makes up stays on the machine, and leaves the test its credentials."""

import os
from typing import Any

import schemathesis

APP = os.environ["OFFHOOK_TEST_APP"]
KEPT = os.environ["OFFHOOK_TEST_KEPT"]
"""The application whose token the requests carry: without it all that follows would be 401."""
PUBLIC_KEY = os.environ["OFFHOOK_TEST_PUBLIC_KEY"]
MAKES_KEYS = ("/v2/applications", "/communication/nexmo/applications/v2")
"""Without a key in the body the platform makes one for every application: seconds of a core in all."""
OTHER = "00000000-0000-4000-8000-000000000000"
NOBODY = "sip:nobody@127.0.0.1:9"


def at_home(value: Any, name: str = "") -> Any:
    """URLs go to the application of the test, SIP addresses to a port where nobody is."""
    if isinstance(value, dict):
        return {key: at_home(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [at_home(each, name) for each in value]
    if isinstance(value, str) and value.lower().startswith(("http:", "https:")):
        return f"{APP}/somewhere"
    return NOBODY if name == "uri" and isinstance(value, str) else value


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    case.body = at_home(case.body)
    if case.method == "POST" and case.path in MAKES_KEYS and isinstance(case.body, dict):
        case.body = {"keys": {"public_key": PUBLIC_KEY}, **case.body}
    parameters = case.path_parameters or {}
    if case.method in ("PUT", "DELETE") and KEPT in parameters.values():
        case.path_parameters = {name: OTHER if each == KEPT else each for name, each in parameters.items()}
