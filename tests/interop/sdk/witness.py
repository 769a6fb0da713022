"""Which methods the SDK has, and which of them a test really called: no table that could be out of date.

A test says with the mark `covers("voice.mute", …)` what it judges; a fixture holds it to that, and
`test_coverage.py` holds all the marks together to what the installed release of the SDK has.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from vonage_application import Application
from vonage_numbers import Numbers
from vonage_users import Users
from vonage_voice import Voice

APIS = {"voice": Voice, "application": Application, "numbers": Numbers, "users": Users}
"""What Offhook serves, by the attribute of a client."""
_seen: set[str] = set()


def methods_of(api: str) -> list[str]:
    """The public methods of an API class, as `voice.mute`."""
    found = inspect.getmembers(APIS[api], callable)
    return [f"{api}.{name}" for name, _ in found if not name.startswith("_")]


def all_methods() -> list[str]:
    return [name for api in APIS for name in methods_of(api)]


def called(name: str) -> None:
    """A method was called and gave a result."""
    _seen.add(name)


@contextmanager
def watched() -> Iterator[set[str]]:
    """The set of methods that give a result meanwhile. The methods do what they did."""
    _seen.clear()
    with pytest.MonkeyPatch.context() as patch:
        for api, kind in APIS.items():
            for name in methods_of(api):
                method = name.partition(".")[2]
                patch.setattr(kind, method, _noted(name, getattr(kind, method)))
        yield _seen


def _noted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def noted(*given: Any, **named: Any) -> Any:
        result = method(*given, **named)
        called(name)
        return result

    return noted
