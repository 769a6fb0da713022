"""Where a number forwards its calls: `voiceCallbackType` and `voiceCallbackValue`, read and checked.

`tel` is one number. `sip` is a list of SIP URIs separated by commas, tried in turn; `;timeout=` of a URI is
how long its server may be silent, in milliseconds, and is not part of what is dialled.
"""

import re
from dataclasses import dataclass

from offhook.calls.endpoints.plan import Unroutable
from offhook.calls.endpoints.sip import peer_of
from offhook.core import e164
from offhook.core.errors import Invalid
from offhook.ncco.effects import Endpoint, PhoneEndpoint, SipEndpoint

KINDS = ("sip", "tel")
MAX_TARGETS = 10
MAX_VALUE = 2048
SILENCE_MS = (2000, 20_000)
DEFAULT_SILENCE_MS = 5000
_TIMEOUT = re.compile(r";timeout=([^;,]*)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a call may be forwarded to."""

    endpoint: Endpoint
    silence_s: float | None
    """How long it may give no sign of life; None: as long as it may ring."""


def targets(kind: str, value: str) -> tuple[Target, ...]:
    """The places in the order they are tried. Raises Invalid with the name of the wrong parameter."""
    if kind not in KINDS:
        raise Invalid("voiceCallbackType", f"must be one of: {', '.join(KINDS)}")
    if len(value) > MAX_VALUE:
        raise Invalid("voiceCallbackValue", f"must have at most {MAX_VALUE} characters")
    if kind == "tel":
        return (Target(PhoneEndpoint(_number(value)), None),)
    uris = [each.strip() for each in value.split(",")]
    if len(uris) > MAX_TARGETS:
        raise Invalid("voiceCallbackValue", f"must name at most {MAX_TARGETS} SIP URIs, not {len(uris)}")
    return tuple(_sip(uri) for uri in uris)


def check(msisdn: str, kind: str, value: str) -> None:
    """Whether the calls of a number can be forwarded like this. Raises Invalid as `targets` does."""
    for target in targets(kind, value):
        if isinstance(target.endpoint, PhoneEndpoint) and target.endpoint.number == msisdn:
            raise Invalid("voiceCallbackValue", "is the number itself; its calls would never get anywhere")


def _number(value: str) -> str:
    number = e164.normalise(value, "voiceCallbackValue")
    forbidden = e164.refusal(number)
    if forbidden is not None:
        raise Invalid("voiceCallbackValue", f"{forbidden.message} (rule {forbidden.rule})")
    return number


def _sip(text: str) -> Target:
    if not text.lower().startswith(("sip:", "sips:")) or not text.isprintable():
        raise Invalid("voiceCallbackValue", f"{text[:60]!r} is not a SIP URI; write it like sip:user@host")
    silence = DEFAULT_SILENCE_MS
    for given in _TIMEOUT.findall(text):
        silence = _milliseconds(given)
    uri = _TIMEOUT.sub("", text)
    peer = peer_of(uri)
    if isinstance(peer, Unroutable):
        raise Invalid("voiceCallbackValue", peer.reason)
    return Target(SipEndpoint(uri=uri), silence / 1000)


def _milliseconds(text: str) -> int:
    low, high = SILENCE_MS
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else -1
    if not low <= value <= high:
        raise Invalid("voiceCallbackValue", f"timeout must be {low} to {high} milliseconds, not {text[:20]}")
    return value
