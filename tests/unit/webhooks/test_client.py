"""Fetching an NCCO from one address: two attempts, and what is no answer."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from offhook.core.errors import DeliveryError
from offhook.storage.records import Application, Leg
from offhook.webhooks import payloads
from offhook.webhooks.attempts import BrokenDocument
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.hook import Hook

A = "https://app.example/answer"
NCCO = [{"action": "talk", "text": "hello"}]


@pytest.fixture
def hook(application: Application) -> Hook:
    answer = Hook.of(application, "answer_url")
    assert answer is not None
    return answer


def fetch(kit: Any, hook: Hook, params: dict[str, Any]) -> Any:
    return kit.run(WebhookClient(kit.caller, kit.ids).fetch_ncco(hook, params))


def test_first_try(kit: Any, hook: Hook, leg: Callable[..., Leg]) -> None:
    kit.transport.on(A, kit.ok(NCCO))
    assert fetch(kit, hook, payloads.answer(leg())) == NCCO
    sent = kit.transport.sent[0]
    assert sent.method == "GET"
    assert sent.url == A + "?to=14155550199&from=14155550100&conversation_uuid=CON-1&uuid=U1"
    assert sent.body == b""
    assert "Content-Type" not in sent.headers
    assert sent.headers["Authorization"].startswith("Bearer ")
    assert len(kit.transport.sent) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {}, b""),
        (502, {}, b""),
        (503, {}, b""),
        (504, {}, b""),
        ConnectionResetError(),
        TimeoutError(),
        DeliveryError("Connection closed.", retryable=True),
    ],
    ids=["429", "502", "503", "504", "reset", "timeout", "retryable"],
)
def test_a_second_attempt_after_a_second(kit: Any, hook: Hook, trouble: Any) -> None:
    kit.transport.on(A, trouble, kit.ok(NCCO))
    assert fetch(kit, hook, {}) == NCCO
    first, second = kit.transport.sent
    assert second.at - first.at == pytest.approx(1.0)
    assert first.headers["Offhook-Delivery"] == second.headers["Offhook-Delivery"]
    assert first.headers["Authorization"] != second.headers["Authorization"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ((404, {}, b""), "Received HTTP status 404."),
        ((500, {}, b""), "Received HTTP status 500."),
        ((302, {"Location": "/x"}, b""), "Received HTTP status 302. Redirects are not followed"),
        ((200, {"content-type": "text/html"}, b"[]"), "Received Content-Type text/html"),
        ((200, {"Content-Type": "application/json"}, b"[{]"), "The reply is not valid JSON"),
        ((200, {"Content-Type": "application/json"}, b"[NaN]"), "The reply is not valid JSON"),
        ((200, {"Content-Type": "application/json"}, b""), "The reply is not valid JSON"),
        ((200, {"Content-Type": "application/json"}, b"[" * 100_000), "The reply is not valid JSON"),
        ((200, {"Content-Type": "application/json"}, b" " * 1_000_001), "larger than 1000000 bytes"),
        (ssl.SSLError(1, "CERTIFICATE_VERIFY_FAILED"), "TLS failed"),
        (DeliveryError("192.168.0.1 is a private address"), "private address"),
    ],
)
def test_others_are_not_asked_again(kit: Any, hook: Hook, reply: Any, reason: str) -> None:
    kit.transport.on(A, reply)
    with pytest.raises(DeliveryError, match=reason) as failure:
        fetch(kit, hook, {})
    assert isinstance(failure.value, BrokenDocument) == ("not valid JSON" in reason)
    assert len(kit.transport.sent) == 1


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(ConnectionResetError(), "Connection closed."), (TimeoutError(), "Connection timed out.")],
)
def test_the_reason_of_two_failures(kit: Any, hook: Hook, trouble: Exception, words: str) -> None:
    kit.transport.on(A, trouble, trouble)
    with pytest.raises(DeliveryError) as failure:
        fetch(kit, hook, {})
    assert str(failure.value) == words
    assert len(kit.transport.sent) == 2


def test_a_server_that_never_answers_costs_two_timeouts_and_a_pause(kit: Any, hook: Hook) -> None:
    async def never() -> Any:
        await kit.loop.create_future()

    kit.transport.on(A, never, never)
    start = kit.loop.time()
    with pytest.raises(DeliveryError, match="timed out"):
        fetch(kit, hook, {})
    assert kit.loop.time() - start == pytest.approx(2 * (1.0 + 5.0) + 1.0)


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.api+json", ""])
def test_content_types_that_are_json(kit: Any, hook: Hook, kind: str) -> None:
    kit.transport.on(A, (200, {"Content-Type": kind} if kind else {}, b"[]"))
    assert fetch(kit, hook, {}) == []


def test_a_value_that_json_cannot_hold_is_refused_without_a_request(
    kit: Any, application: Application
) -> None:
    post = Hook.of(application, "fallback_answer_url")
    assert post is not None
    with pytest.raises(DeliveryError, match="cannot be written"):
        fetch(kit, post, {"x": float("nan")})
    assert kit.transport.sent == []
