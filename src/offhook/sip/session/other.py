"""Requests that are no part of the INVITE usage: OPTIONS and INFO, and what a stateless answer is.

OPTIONS: RFC 3261 §11. INFO: RFC 6086 §4.2.2, no package is supported: one without a body is a sign of life,
one with a body is refused so that its sender knows that nobody has read it.
"""

import hashlib
import hmac
from collections.abc import Iterable

from offhook.core.errors import RemoteProtocolError
from offhook.sip.build import serialise
from offhook.sip.flow import Flow
from offhook.sip.message import Request
from offhook.sip.session.context import METHODS, Context
from offhook.sip.transaction.reports import Arrived, Refused

ABILITIES = (("Allow", ", ".join(METHODS)), ("Accept", "application/sdp"), ("Supported", ""))
"""What an OPTIONS is told: no extension is supported beyond RFC 3261 and UPDATE."""
BUSY_SECONDS = 5
"""Retry-After of a 503 when the transaction store is full."""


CLOSED_SECONDS = 10
"""Retry-After of an OPTIONS while no call is taken."""


def asked(ctx: Context, arrived: Arrived) -> None:
    """OPTIONS outside a dialog: what an INVITE would be told (§11.2), so that a proxy sends no calls here."""
    if ctx.takes_calls:
        stateless(ctx, arrived, 200, ABILITIES)
    else:
        stateless(ctx, arrived, 503, [*ABILITIES, ("Retry-After", str(CLOSED_SECONDS))])


def options(ctx: Context, arrived: Arrived) -> None:
    """OPTIONS inside a dialog."""
    ctx.respond(arrived, 200, ABILITIES)


def info(ctx: Context, arrived: Arrived) -> None:
    """INFO inside a dialog."""
    if arrived.request.body:
        ctx.respond(arrived, 415, [("Accept", "application/sdp")])
    else:
        ctx.respond(arrived, 200)


def stateless(ctx: Context, arrived: Arrived, status: int, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Answer a request that belongs to nothing and keep nothing of it (§8.2.7)."""
    record = ctx.layer.records.get(arrived.key)
    if record is not None:
        say(ctx, arrived.request, record.flow, status, None, headers)
        ctx.take(ctx.layer.forget(arrived.key))


def refused(ctx: Context, report: Refused) -> None:
    """What the transaction layer will not take in: merged requests, and everything when it is full."""
    headers = [("Retry-After", str(BUSY_SECONDS))] if report.status == 503 else []
    say(ctx, report.request, report.reply_to, report.status, None, headers)


def say(
    ctx: Context,
    request: Request,
    flow: Flow,
    status: int,
    reason: str | None,
    headers: Iterable[tuple[str, str]] = (),
) -> None:
    """Send a response without a transaction; copies of the request get the same To tag.

    Works for requests that the validator has refused: a To that cannot be read is echoed without a tag.
    """
    try:
        made = ctx.compose(request, status, reason, _tag(ctx, request), headers)
    except RemoteProtocolError:
        made = ctx.compose(request, status, reason, None, headers)
    ctx.transmit(serialise(made), flow)


def _tag(ctx: Context, request: Request) -> str:
    parts = [request.headers.get(name) or "" for name in ("Call-ID", "From", "CSeq")]
    text = "\n".join(parts).encode("utf-8", "surrogateescape")
    return hmac.digest(ctx.config.nonce_secret, text, hashlib.sha256).hex()[:16]
