"""One request to an application, and what its outcome means for a second one.

A connection that fails, closes or takes too long, and the statuses 429, 502, 503 and 504, are worth one more
attempt after a second; everything else is an answer, if not a good one. Redirects are not followed: a webhook
that moved says so in its settings. Shared by the outbox and the fetch of NCCOs. See docs/specs/webhooks.md.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from offhook.core.errors import DeliveryError, NccoError, OffhookError
from offhook.webhooks.encode import json_body, signed_query, with_query
from offhook.webhooks.hook import Hook
from offhook.webhooks.sign import Signer

Json = Any
T = TypeVar("T")

ATTEMPTS = 2
PAUSE_S = 1.0
RETRYABLE_STATUSES = frozenset({429, 502, 503, 504})
MAX_BODY = 1_000_000
"""Bytes of a reply; more would be parsed on the loop."""
DELIVERY_HEADER = "Offhook-Delivery"
USER_AGENT = "Offhook"

CLOSED = "Connection closed."
TIMED_OUT = "Connection timed out."
TOO_LARGE = "The reply is larger than {} bytes."

Sleep = Callable[[float], Awaitable[object]]
Check = Callable[[Json], object]
"""Raises NccoError for a reply that is neither empty nor an NCCO that can run."""


class Answer(NamedTuple):
    """What a server said. Header names are in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; empty when it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


class Transport(Protocol):
    """Sends one HTTP request. Failures are DeliveryError, TimeoutError or OSError."""

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_timeout_s: float,
        read_timeout_s: float,
        max_bytes: int,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body). Redirects are given back, not followed."""
        ...


class AttemptFailed(DeliveryError):  # noqa: N818 — read as a sentence, like its kin
    """One attempt got no usable answer. The text is also the `reason` that the fallback URL is told."""

    def __init__(self, reason: str, *, retryable: bool = False, status: int | None = None) -> None:
        super().__init__(reason, retryable=retryable)
        self.status = status


class BrokenDocument(AttemptFailed):
    """The server answered, but not with an NCCO that can run; `error` says where it is wrong."""

    def __init__(self, reason: str, error: NccoError, status: int) -> None:
        super().__init__(reason, status=status)
        self.error = error


@dataclass(frozen=True, slots=True)
class Caller:
    """What every request needs."""

    transport: Transport
    signer: Signer | None
    """None: nothing is signed."""
    sleep: Sleep = asyncio.sleep
    check: Check | None = None
    """Looks at replies that may replace a program; None: any JSON is taken."""


async def ask(caller: Caller, hook: Hook, data: Mapping[str, Json], delivery_id: str) -> Answer:
    """One attempt. A status of 2xx is an answer; anything else raises AttemptFailed."""
    try:
        url, body = _address_and_body(hook, data)
        headers = {"User-Agent": USER_AGENT, DELIVERY_HEADER: delivery_id}
        if hook.method == "POST":
            headers["Content-Type"] = "application/json"
        if hook.signed and caller.signer is not None and hook.account_id:
            payload = body if hook.method == "POST" else signed_query(url)
            signature = await caller.signer.authorization(hook.account_id, hook.application_id, payload)
            headers["Authorization"] = signature
    except OffhookError as error:
        raise AttemptFailed(f"The webhook cannot be signed: {error}") from error
    except ValueError as error:
        raise AttemptFailed(f"The webhook cannot be written for this address: {error}") from error
    answer = await _send(caller.transport, hook, url, headers, body)
    if 200 <= answer.status < 300:
        return answer
    hint = " Redirects are not followed; set the new address." if 300 <= answer.status < 400 else ""
    raise AttemptFailed(
        f"Received HTTP status {answer.status}.{hint}",
        retryable=answer.status in RETRYABLE_STATUSES,
        status=answer.status,
    )


async def twice(
    attempt: Callable[[], Awaitable[T]],
    sleep: Sleep,
    failed: Callable[[AttemptFailed], None] = lambda failure: None,
) -> T:
    """Make an attempt and, where that makes sense, one more. Each failure is told before the next."""
    for number in range(1, ATTEMPTS + 1):
        try:
            return await attempt()
        except AttemptFailed as failure:
            failed(failure)
            if number == ATTEMPTS or not failure.retryable:
                raise
        await sleep(PAUSE_S)
    raise AssertionError("the last attempt returns or raises")


def document_of(answer: Answer) -> Json:
    """The NCCO in an answer. Raises AttemptFailed, never retryable, when there is none.

    Whether the document can run is not looked at.
    """
    kind = _media_type(answer)
    if kind and not _is_json(kind):
        raise AttemptFailed(
            f"Received Content-Type {kind[:100]}; an NCCO needs application/json.", status=answer.status
        )
    return _parsed(answer)


def reply_of(answer: Answer, check: Check | None = None) -> Json | None:
    """The JSON in the answer to an event, None when there is none. Raises BrokenDocument.

    Servers acknowledge events with all sorts of text; only what calls itself JSON has to be JSON.
    """
    if not answer.body.strip():
        return None
    kind = _media_type(answer)
    if kind and not _is_json(kind):
        return None
    reply = _parsed(answer)
    if check is not None:
        try:
            check(reply)
        except NccoError as error:
            raise BrokenDocument(NccoError.REASON, error, answer.status) from error
    return reply


def _address_and_body(hook: Hook, data: Mapping[str, Json]) -> tuple[str, bytes]:
    return (hook.url, json_body(data)) if hook.method == "POST" else (with_query(hook.url, data), b"")


async def _send(
    transport: Transport, hook: Hook, url: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    connect, read = hook.connect_timeout_ms / 1000, hook.socket_timeout_ms / 1000
    try:
        # The whole exchange is bounded too: a server that sends a byte a second is not waited for.
        async with asyncio.timeout(connect + read):
            sent = transport.request(hook.method, url, headers, body, connect, read, MAX_BODY)
            answer = Answer(*await sent)
    except AttemptFailed:
        raise
    except DeliveryError as error:
        raise AttemptFailed(str(error), retryable=error.retryable) from error
    except TimeoutError as error:
        raise AttemptFailed(TIMED_OUT, retryable=True) from error
    except ssl.SSLError as error:
        raise AttemptFailed(f"TLS failed: {error}.") from error
    except OSError as error:
        raise AttemptFailed(CLOSED, retryable=True) from error
    if len(answer.body) > MAX_BODY:
        raise AttemptFailed(TOO_LARGE.format(MAX_BODY), status=answer.status)
    return answer


def _media_type(answer: Answer) -> str:
    return answer.header("content-type").partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _parsed(answer: Answer) -> Json:
    try:
        return json.loads(answer.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        where = f" ({error})" if isinstance(error, json.JSONDecodeError) else ""
        problem = f"The reply is not valid JSON{where}."
        raise BrokenDocument(problem, NccoError("", problem), answer.status) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
