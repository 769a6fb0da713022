"""The status machine of a leg, as data, and the only translation from SIP to call statuses.

The two tables are the specification (`docs/specs/calls.md` §2 and §3); the tests walk their rows. A status
is what the API shows. This module decides nothing else: `lifecycle.py` applies it.
"""

from dataclasses import dataclass

from offhook.core.errors import LocalStateError

NEW = "new"
CAUSES = frozenset({"busy", "cancelled", "unanswered", "timeout", "rejected", "failed"})
"""Why a leg was never answered. Each is a webhook of its own, followed by `completed` except `rejected`."""

TRANSITIONS: dict[str, frozenset[str]] = {
    NEW: frozenset({"started"}),
    "started": frozenset({"ringing", "answered", "completed"}) | CAUSES,
    "ringing": frozenset({"answered", "completed"}) | CAUSES,
    "answered": frozenset({"completed"}),
    "busy": frozenset({"completed"}),
    "cancelled": frozenset({"completed"}),
    "unanswered": frozenset({"completed"}),
    "timeout": frozenset({"completed"}),
    "failed": frozenset({"completed"}),
    "rejected": frozenset(),
    "completed": frozenset(),
}

OVERRIDABLE = frozenset({"timeout", "failed", "rejected", "unanswered", "busy"})
"""Statuses of a connected leg whose webhook may be answered with an NCCO (`eventType: synchronous`)."""

PLATFORM = "platform"
USER = "user"


@dataclass(frozen=True, slots=True)
class Cause:
    """How a leg came to its end."""

    status: str | None
    """One of `CAUSES`; None for a leg that simply completes."""
    detail: str | None = None
    sip_code: int | None = None
    by: str = PLATFORM
    """Who ended it: `platform` or `user`."""


BY_CODE: dict[int, tuple[str, str | None]] = {
    401: ("failed", "cannot_route"),
    403: ("rejected", "restricted"),
    404: ("failed", "number_out_of_service"),
    407: ("failed", "cannot_route"),
    408: ("unanswered", "timeout"),
    410: ("failed", "number_out_of_service"),
    480: ("unanswered", "unavailable"),
    484: ("rejected", "invalid_number"),
    486: ("busy", None),
    487: ("unanswered", "unavailable"),
    600: ("busy", None),
    603: ("rejected", "declined"),
    604: ("failed", "number_out_of_service"),
    607: ("rejected", "declined"),
}
"""Final SIP status of an outbound INVITE → call status and detail (RFC 3261 §21, RFC 8197 for 607)."""

BY_CLASS: dict[int, tuple[str, str | None]] = {
    3: ("failed", "cannot_route"),
    4: ("failed", "cannot_route"),
    5: ("failed", "internal_error"),
    6: ("rejected", "declined"),
}

HUNG_UP_BY_PEER = Cause(None, sip_code=200, by=USER)
HUNG_UP_BY_US = Cause(None, sip_code=200, by=PLATFORM)
NEVER_ANSWERED = Cause(None, sip_code=480, by=PLATFORM)
"""An inbound call for which no application had a usable NCCO."""
NEVER_CONFIRMED = Cause("failed", "internal_error", sip_code=408, by=PLATFORM)
"""The peer did not acknowledge our 200."""
WORKER_LOST = Cause(None, sip_code=500, by=PLATFORM)
CALLER_GAVE_UP = Cause("cancelled", sip_code=487, by=USER)
GIVEN_UP = Cause("cancelled", sip_code=487, by=PLATFORM)
RANG_OUT = Cause("timeout", sip_code=487, by=PLATFORM)
NO_ROUTE = Cause("failed", "cannot_route", sip_code=404, by=PLATFORM)
NO_RESOURCES = Cause("failed", "internal_error", sip_code=503, by=PLATFORM)
NOT_ACCEPTABLE = Cause("failed", "internal_error", sip_code=488, by=PLATFORM)


def of_failure(status: int, *, local: bool) -> Cause:
    """The cause behind a final status to our INVITE. `local`: no peer said so."""
    name, detail = BY_CODE.get(status) or BY_CLASS.get(status // 100, ("failed", "internal_error"))
    return Cause(name, detail, status, PLATFORM if local else USER)


def tries_elsewhere(status: int, *, local: bool, rang: bool) -> bool:
    """Whether an INVITE that failed like this may go to another trunk (RFC 3261 §21.5, RFC 3263 §4.3).

    A server that says it cannot has ended the attempt for good. One that was lost on the way (`local`: nobody
    answered, or the transport failed) may still be ringing the phone, once it `rang`. What the callee or the
    network decided (4xx, 6xx) holds for every trunk.
    """
    if local:
        return status in (408, 503) and not rang
    return 500 <= status <= 599


def check(old: str, new: str) -> None:
    """Raise LocalStateError unless the table has the step."""
    if new not in TRANSITIONS[old]:
        raise LocalStateError(f"a leg that is {old} cannot become {new}")


def completes(status: str) -> bool:
    """Whether `completed` may follow: not after `rejected`, not twice."""
    return "completed" in TRANSITIONS[status]
