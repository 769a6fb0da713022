"""Hooks from an application's capabilities, however odd these are."""

from dataclasses import replace
from typing import Any

import pytest

from offhook.storage.records import Application
from offhook.webhooks.hook import Hook


def with_voice(application: Application, voice: Any) -> Application:
    return replace(application, capabilities={"voice": voice})


def test_defaults(application: Application) -> None:
    hook = Hook.of(application, "event_url")
    assert hook == Hook("https://app.example/event", "POST", 1000, 10_000, True, "acc", "app")
    answer = Hook.of(application, "answer_url")
    assert answer is not None
    assert (answer.method, answer.socket_timeout_ms) == ("GET", 5000)


@pytest.mark.parametrize(
    ("entry", "connect", "read"),
    [
        ({"connect_timeout": 500, "socket_timeout": 2000}, 500, 2000),
        ({"connection_timeout": 400}, 400, 5000),
        ({"connect_timeout": 1, "socket_timeout": 1}, 300, 1000),
        ({"connect_timeout": 99_999, "socket_timeout": "99999"}, 1000, 5000),
        ({"connect_timeout": "x", "socket_timeout": None}, 1000, 5000),
        ({"connect_timeout": True, "socket_timeout": float("inf")}, 1000, 5000),
    ],
)
def test_times_are_moved_into_their_range(
    application: Application, entry: dict[str, Any], connect: int, read: int
) -> None:
    voice = {"webhooks": {"answer_url": {"address": "https://a/", **entry}}}
    hook = Hook.of(with_voice(application, voice), "answer_url")
    assert hook is not None
    assert (hook.connect_timeout_ms, hook.socket_timeout_ms) == (connect, read)


@pytest.mark.parametrize(
    "voice",
    [
        None,
        {},
        {"webhooks": None},
        {"webhooks": {"answer_url": {"address": ""}}},
        {"webhooks": {"answer_url": 3}},
    ],
)
def test_no_hook(application: Application, voice: Any) -> None:
    assert Hook.of(with_voice(application, voice), "answer_url") is None


def test_another_url_keeps_times_and_signing(application: Application) -> None:
    voice = {
        "signed_callbacks": False,
        "webhooks": {"event_url": {"address": "https://a/", "socket_timeout": 3000, "http_method": "GET"}},
    }
    hook = Hook.to(with_voice(application, voice), "https://b/", "post")
    assert hook == Hook("https://b/", "POST", 1000, 3000, False, "acc", "app")
    assert Hook.to(with_voice(application, {}), "https://b/", "").method == "POST"
    assert Hook.to(with_voice(application, {}), "https://b/", "", "answer_url").method == "GET"


@pytest.mark.parametrize(("method", "used"), [("get", "GET"), ("PUT", "POST"), (None, "POST"), (5, "POST")])
def test_methods(application: Application, method: Any, used: str) -> None:
    voice = {"webhooks": {"event_url": {"address": "https://a/", "http_method": method}}}
    hook = Hook.of(with_voice(application, voice), "event_url")
    assert hook is not None
    assert hook.method == used
