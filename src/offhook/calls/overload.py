"""When a new call is refused, before anything is looked up for it: limits, lateness, shutdown.

Calls that were accepted are never refused for the sake of the installation: what they add (`connect`) counts
towards its rate and is bounded by the number of legs alone. What one account places in a second, by REST and
by `connect` together, may have a limit of its own. Each refusal says which setting to change. RFC 3261
§21.5.4.
"""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offhook.core.buckets import Buckets
from offhook.core.clock import NS_PER_SECOND

if TYPE_CHECKING:
    from offhook.calls.exchange import Exchange

RETRY_LATER, RETRY_SOON = 10, 1
"""Seconds of Retry-After: for a platform that is full or ends, and for a rate."""
ALL = ""
"""The one source of the rate of the installation."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no call may begin now."""

    kind: str
    """`closing`, `draining`, `full`, `rate`, `account`, `media` or `lag`: the label in /metrics."""
    reason: str
    retry_after: int = RETRY_LATER


class Gate:
    """`per_second` calls may begin each second, 0 for any number; a second's worth may begin at once.

    `per_account` is the same for the calls that one account places.
    """

    def __init__(self, per_second: int, per_account: int = 0) -> None:
        self._per_account = per_account
        self._placed = Buckets(per_account, per_account)
        self._per_second = per_second
        self._begun = Buckets(per_second, per_second, 1)
        self._told = -NS_PER_SECOND
        self.refused: Counter[str] = Counter()
        """Calls refused, by kind."""

    def refusal(self, exchange: "Exchange") -> Refusal | None:
        """Why a call that nobody has looked at may not begin; None when it may. Cheap looks come first."""
        ports, settings = exchange.ports, exchange.settings
        if exchange.closing:
            return Refusal("closing", "the platform is shutting down")
        if exchange.draining:
            return Refusal("draining", "the platform takes no new calls: it is being drained")
        if exchange.full:
            return Refusal("full", exchange.too_full)
        if self._per_second and self._begun.empty(exchange.now(), ALL):
            rate = f"{self._per_second} calls have begun in a second; raise OFFHOOK_CALLS__PER_SECOND or wait"
            return Refusal("rate", rate, RETRY_SOON)
        media = ports.media.overload(settings.max_skipped)
        if media is not None:
            return Refusal("media", media)
        lag = ports.lag()
        if 0 < settings.max_lag_ms < lag:
            return Refusal("lag", f"control is {lag:.0f} ms late; see OFFHOOK_CALLS__MAX_LAG_MS", RETRY_SOON)
        return None

    def of_account(self, now: int, account_id: str) -> Refusal | None:
        """Why this account may not place another call; None when it may."""
        if not self._per_account or not self._placed.empty(now, account_id):
            return None
        return Refusal(
            "account",
            f"the account has placed {self._per_account} calls in a second; "
            "wait, or raise OFFHOOK_CALLS__PER_SECOND_PER_ACCOUNT",
            RETRY_SOON,
        )

    def began(self, now: int, account_id: str | None = None) -> None:
        """A call begins: one that comes in, or one that `account_id` places."""
        if account_id is not None and self._per_account:
            self._placed.take(now, account_id)
        if self._per_second:
            self._begun.take(now, ALL)

    def note(self, now: int, refusal: Refusal) -> bool:
        """Count a refusal; True when it should be logged: once a second is enough."""
        self.refused[refusal.kind] += 1
        due = now - self._told >= NS_PER_SECOND
        if due:
            self._told = now
        return due
