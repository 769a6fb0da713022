"""Fetching an NCCO: two attempts, the fallback, and which failures lead where."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from offhook.core.errors import DeliveryError, NccoError
from offhook.storage.records import Application, Leg
from offhook.webhooks import payloads
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.hook import Hook

A = "https://app.example/answer"
F = "https://app.example/fallback"
NCCO = [{"action": "talk", "text": "hello"}]


@pytest.fixture
def hooks(application: Application) -> tuple[Hook, Hook]:
    answer, fallback = Hook.of(application, "answer_url"), Hook.of(application, "fallback_answer_url")
    assert answer is not None
    assert fallback is not None
    return answer, fallback


def fetch(kit: Any, hooks: tuple[Hook, Hook | None], params: dict[str, Any], **options: Any) -> Any:
    return kit.run(WebhookClient(kit.caller, kit.ids).fetch_ncco(hooks[0], hooks[1], params, **options))


def test_first_try(kit: Any, hooks: tuple[Hook, Hook], leg: Callable[..., Leg]) -> None:
    kit.transport.on(A, kit.ok(NCCO))
    assert fetch(kit, hooks, payloads.answer(leg())) == NCCO
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
def test_a_second_attempt_after_a_second(kit: Any, hooks: tuple[Hook, Hook], trouble: Any) -> None:
    kit.transport.on(A, trouble, kit.ok(NCCO))
    assert fetch(kit, hooks, {}) == NCCO
    first, second = kit.transport.sent
    assert second.at - first.at == pytest.approx(1.0)
    assert first.headers["Offhook-Delivery"] == second.headers["Offhook-Delivery"]
    assert first.headers["Authorization"] != second.headers["Authorization"]


def test_s33_503_twice_then_the_fallback(kit: Any, hooks: tuple[Hook, Hook], leg: Callable[..., Leg]) -> None:
    kit.transport.on(A, kit.status(503), kit.status(503))
    kit.transport.on(F, kit.status(503), kit.ok(NCCO))
    assert fetch(kit, hooks, payloads.answer(leg())) == NCCO
    assert len(kit.transport.sent) == 4
    sent = kit.transport.sent[2]
    assert sent.url == F
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.body == (
        b'{"to":"14155550199","from":"14155550100","conversation_uuid":"CON-1","uuid":"U1",'
        b'"reason":"Received HTTP status 503.",'
        b'"original_request":{"url":"https://app.example/answer","type":"answer"}}'
    )


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
def test_others_go_straight_to_the_fallback(
    kit: Any, hooks: tuple[Hook, Hook], reply: Any, reason: str
) -> None:
    kit.transport.on(A, reply)
    kit.transport.on(F, kit.ok(NCCO))
    assert fetch(kit, hooks, {}) == NCCO
    assert [sent.url for sent in kit.transport.sent] == [A, F]
    assert reason.encode() in kit.transport.sent[1].body


def test_connection_closed_in_these_words(kit: Any, hooks: tuple[Hook, Hook]) -> None:
    kit.transport.on(A, ConnectionResetError(), ConnectionResetError())
    kit.transport.on(F, kit.ok(NCCO))
    fetch(kit, hooks, {})
    assert b'"reason":"Connection closed."' in kit.transport.sent[2].body


def test_everything_fails(kit: Any, hooks: tuple[Hook, Hook]) -> None:
    kit.transport.on(A, kit.status(503), kit.status(503))
    kit.transport.on(F, kit.status(404))
    with pytest.raises(DeliveryError, match=r"status 503\. The fallback URL: Received HTTP status 404"):
        fetch(kit, hooks, {})
    assert len(kit.transport.sent) == 3


def test_no_fallback(kit: Any, hooks: tuple[Hook, Hook]) -> None:
    kit.transport.on(A, kit.status(404))
    with pytest.raises(DeliveryError, match="status 404"):
        fetch(kit, (hooks[0], None), {})


def test_s34_an_ncco_that_cannot_run_goes_to_the_fallback(kit: Any, hooks: tuple[Hook, Hook]) -> None:
    kit.transport.on(A, kit.ok([{"action": "tlak"}]))
    kit.transport.on(F, kit.ok(NCCO))

    def check(document: Any) -> None:
        if document != NCCO:
            raise NccoError("[0].action", "tlak is not an action")

    assert fetch(kit, hooks, {}, check=check) == NCCO
    assert b"Syntax error in NCCO. [0].action: tlak is not an action" in kit.transport.sent[1].body


def test_a_server_that_never_answers_costs_two_timeouts_and_a_pause(
    kit: Any, hooks: tuple[Hook, Hook]
) -> None:
    async def never() -> Any:
        await kit.loop.create_future()

    kit.transport.on(A, never, never)
    start = kit.loop.time()
    with pytest.raises(DeliveryError, match="timed out"):
        fetch(kit, (hooks[0], None), {})
    assert kit.loop.time() - start == pytest.approx(2 * (1.0 + 5.0) + 1.0)


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.api+json", ""])
def test_content_types_that_are_json(kit: Any, hooks: tuple[Hook, Hook], kind: str) -> None:
    kit.transport.on(A, (200, {"Content-Type": kind} if kind else {}, b"[]"))
    assert fetch(kit, hooks, {}) == []


def test_a_value_that_json_cannot_hold_is_refused_without_a_request(
    kit: Any, hooks: tuple[Hook, Hook]
) -> None:
    with pytest.raises(DeliveryError, match="cannot be written"):
        fetch(kit, (hooks[1], None), {"x": float("nan")})
    assert kit.transport.sent == []
