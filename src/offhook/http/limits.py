"""How often somebody may ask: requests a second, and secrets that are wrong.

Wrong secrets are counted for each source and key together. Beyond the count a secret that is certainly wrong,
or that could only be told by hashing it, gets 429; one that was right lately, or that its hint does not rule
out, is looked at all the same, so that nobody is locked out by another's guesses. See docs/specs/http.md §1.
"""

import ipaddress
import math

from offhook.core.buckets import Buckets
from offhook.http.errors import Throttled

WRONG_BURST, WRONG_RATE = 20.0, 1.0
"""Wrong secrets that a source may give for a key before it is slowed down: at once, and per second."""
_CREATES = frozenset({"/v1/calls", "/v2/calls", "/communication/nexmo/voice/calls"})
"""Counted as calls (`calls/overload.py`) and not as requests."""


class Limits:
    """Of one control process. `requests_per_second` is for each application and account; 0: any number."""

    def __init__(self, requests_per_second: int = 0) -> None:
        self._per_second = requests_per_second
        self._requests = Buckets(requests_per_second, requests_per_second)
        self._wrong = Buckets(WRONG_RATE, WRONG_BURST)

    def request(self, now: int, who: str, method: str, path: str) -> None:
        """Count a request of `who`, an application's or account's id. Raises `Throttled`."""
        if not self._per_second or (method == "POST" and path in _CREATES):
            return
        if not self._requests.take(now, who):
            raise Throttled(
                f"More than {self._per_second} requests in a second; wait a moment, "
                "or raise OFFHOOK_HTTP__REQUESTS_PER_SECOND."
            )

    def guesses(self, now: int, source: str, key: str) -> bool:
        """Whether `source` has given too many wrong secrets for `key` of late."""
        return self._wrong.empty(now, _pair(source, key))

    def wrong(self, now: int, source: str, key: str) -> None:
        """Count a wrong secret. Raises `Throttled` once there are too many."""
        pair = _pair(source, key)
        if not self._wrong.take(now, pair):
            raise Throttled(
                "Too many wrong secrets for this key from this address; wait before the next attempt.",
                retry_after=math.ceil(self._wrong.wait(now, pair)),
            )


def _pair(source: str, key: str) -> str:
    """An IPv6 source is its network of 64 bits: whoever has one address of it has them all."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return f"{source} {key}"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return f"{int(address) >> 64:x}:: {key}"
    return f"{address} {key}"
