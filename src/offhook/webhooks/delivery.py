"""Sends one delivery of the outbox: its attempts and, where an NCCO is expected, the fallback URL.

Knows nothing of queues and transactions; what happened comes back as an `Outcome`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from offhook.core.errors import DeliveryError, NccoError
from offhook.storage.records import Delivery
from offhook.webhooks.attempts import Answer, AttemptFailed, BrokenDocument, Caller, ask, reply_of, twice
from offhook.webhooks.hook import Hook
from offhook.webhooks.payloads import fallback as fallback_body

Json = Any
FallbackOf = Callable[[str], Awaitable[Hook | None]]
"""The fallback hook of an application id."""
OnAttempt = Callable[[Delivery, int, int | None, str | None], None]
"""(delivery, number of the attempt, HTTP status, reason of a failure)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a delivery ended."""

    delivered: bool
    attempts: int
    status: int | None
    error: str | None = None
    reply: Json | None = None
    broken: tuple[NccoError, ...] = ()
    """What was wrong with replies that should have been an NCCO, the fallback's last."""


class DeliveryRun:
    """The sending of one delivery. `attempts` counts on from those of earlier runs."""

    def __init__(self, caller: Caller, fallback_of: FallbackOf, on_attempt: OnAttempt) -> None:
        self._caller = caller
        self._fallback_of = fallback_of
        self._on_attempt = on_attempt
        self._broken: list[NccoError] = []
        self.attempts = 0

    async def send(self, delivery: Delivery) -> Outcome:
        """Try what the rules allow. Never raises for what the network does."""
        self.attempts = delivery.attempts
        try:
            answer, reply = await self._tried(delivery, hook_of(delivery), delivery.body)
            return Outcome(True, self.attempts, answer.status, None, reply)
        except AttemptFailed as failure:
            if not delivery.expects_ncco:
                return self._ended(failure, str(failure))
            return await self._fall_back(delivery, failure)

    def _ended(self, last: AttemptFailed, error: str) -> Outcome:
        """No usable reply. An event whose receiver has answered, if not with an NCCO, is delivered."""
        return Outcome(bool(self._broken), self.attempts, last.status, error, broken=tuple(self._broken))

    async def _fall_back(self, delivery: Delivery, first: AttemptFailed) -> Outcome:
        try:
            hook = await self._fallback_of(delivery.application_id)
        except DeliveryError:
            hook = None
        if hook is None:
            return self._ended(first, str(first))
        body = fallback_body(delivery.body, reason=str(first), url=delivery.url, kind="event")
        try:
            answer, reply = await self._tried(delivery, hook, body)
            note, broken = f"fallback after: {first}", tuple(self._broken)
            return Outcome(True, self.attempts, answer.status, note, reply, broken)
        except AttemptFailed as second:
            return self._ended(second, f"{first} The fallback URL: {second}")

    async def _tried(
        self, delivery: Delivery, hook: Hook, body: dict[str, Json]
    ) -> tuple[Answer, Json | None]:
        async def attempt() -> tuple[Answer, Json | None]:
            self.attempts += 1
            answer = await ask(self._caller, hook, body, delivery.delivery_id)
            reply = reply_of(answer, self._caller.check) if delivery.expects_ncco else None
            self._on_attempt(delivery, self.attempts, answer.status, None)
            return answer, reply

        def failed(failure: AttemptFailed) -> None:
            if isinstance(failure, BrokenDocument):
                self._broken.append(failure.error)
            self._on_attempt(delivery, self.attempts, failure.status, str(failure))

        return await twice(attempt, self._caller.sleep, failed)


def hook_of(delivery: Delivery) -> Hook:
    """The hook that a delivery was made for."""
    return Hook(
        url=delivery.url,
        method=delivery.method,
        connect_timeout_ms=delivery.connect_timeout_ms,
        socket_timeout_ms=delivery.socket_timeout_ms,
        signed=delivery.signed,
        account_id=delivery.account_id,
        application_id=delivery.application_id,
    )
