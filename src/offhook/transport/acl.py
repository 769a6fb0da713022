"""Who may talk to us, how fast, and how long we answer nonsense.

Three questions with bounded memory: is the source allowed (CIDR lists), is it within its rate (a token
bucket per source), and may it still be told that what it sent is wrong. Scanners and floods get silence:
an answer would tell them that somebody is here. Who is calling and what it may call is not decided here.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from offhook.core.buckets import Buckets

MAX_SOURCES = 16_384
"""Sources remembered by one table."""
REFUSAL_RATE, REFUSAL_BURST = 2.0, 10.0
"""Refusals of malformed or unserved requests that one source gets, per second and at once."""
GARBAGE_RATE, GARBAGE_BURST = 1.0, 20.0
"""Datagrams that are no SIP a source may send before it is ignored, per second and at once."""
BUSY_RATE, BUSY_BURST = 500.0, 500.0
"""Answers with 503 that all sources together get, per second and at once; then overload is silent."""
REFUSALS = frozenset((400, 405, 413, 414, 415, 416, 420, 481, 482, 483, 493, 501, 505, 513))
"""Statuses that say "your request is wrong"; a busy or declined call is none of these."""
SCANNERS = (b"friendly-scanner", b"sipvicious", b"sipcli", b"sundayddr", b"pplsip", b"iwar", b"sip-scan")
"""What well-known scanners write into User-Agent, in lower case."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Acl:
    """Admission for one or several listeners.

    `allow`, `deny` and `trusted` are CIDR networks or addresses, in that text form. An empty `allow` lets
    everybody in; `deny` always wins; `trusted` sources (our own trunks) are never held back by a rate.
    `rate` and `burst` are datagrams per second and at once for any other source.
    Raises ValueError for text that is no network.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        trusted: Iterable[str] = (),
        *,
        rate: float = 1000.0,
        burst: float = 3000.0,
        size: int = MAX_SOURCES,
    ) -> None:
        self._allow = _networks(allow)
        self._deny = _networks(deny)
        self._trusted = _networks(trusted)
        self._datagrams = Buckets(rate, burst, size)
        self._garbage = Buckets(GARBAGE_RATE, GARBAGE_BURST, size)
        self._busy = Buckets(BUSY_RATE, BUSY_BURST, 1)
        self._refusals = Buckets(REFUSAL_RATE, REFUSAL_BURST, size)
        self.silences: Counter[str] = Counter()
        """How often each rule kept us silent: deny, not allowed, rate, garbage, scanner, refusals, busy."""

    def trust(self, networks: Iterable[str]) -> None:
        """Replace the trusted networks. Raises ValueError for text that is no network."""
        self._trusted = _networks(networks)

    def trusts(self, host: str) -> bool:
        """Whether `host` is one of our own trunks."""
        return _within(self._trusted, host)

    def admits_connection(self, now: int, host: str) -> bool:
        """Whether a connection from `host` is taken; what comes on it is looked at by `admits`."""
        rule = None
        if _within(self._deny, host):
            rule = "deny"
        elif not self.trusts(host):
            if self._allow and not _within(self._allow, host):
                rule = "not allowed"
            elif self._garbage.empty(now, host):
                rule = "garbage"
        if rule is not None:
            self.silences[rule] += 1
        return rule is None

    def admits(self, now: int, host: str, data: bytes) -> bool:
        """Whether a datagram from `host` is looked at. False means silence."""
        rule = self._against(now, host, data)
        if rule is not None:
            self.silences[rule] += 1
        return rule is None

    def may_answer(self, now: int, host: str, data: bytes) -> bool:
        """Whether what we are about to send to `host` may go: False for one refusal too many."""
        status = status_of(data)
        if status == 503:
            return self._has_time(now)
        if status not in REFUSALS or _within(self._trusted, host):
            return True
        if self._refusals.take(now, host):
            return True
        self.silences["refusals"] += 1
        return False

    def _has_time(self, now: int) -> bool:
        """Whether overload may be answered: refusing must not become the load."""
        taken = self._busy.take(now, "")
        self.silences["busy"] += not taken
        return taken

    def _against(self, now: int, host: str, data: bytes) -> str | None:
        """The rule that speaks against a datagram, None when none does."""
        if _within(self._deny, host):
            return "deny"
        if _within(self._trusted, host):
            return None
        if self._allow and not _within(self._allow, host):
            return "not allowed"
        if self._garbage.empty(now, host):
            return "garbage"
        if not self._datagrams.take(now, host):
            return "rate"
        if is_keepalive(data):
            return None
        rule = "garbage" if not looks_like_sip(data) else "scanner" if is_scanner(data) else None
        if rule is not None:
            self._garbage.take(now, host)
        return rule


def looks_like_sip(data: bytes) -> bool:
    """A glance at the first line; the parser looks properly."""
    line = data[:4096].lstrip(b"\r\n").partition(b"\r\n")[0].upper()
    return line.startswith(b"SIP/2.0 ") or b" SIP/" in line


def is_keepalive(data: bytes) -> bool:
    """Line ends, or the few bytes phones send to hold a NAT binding open."""
    return len(data) <= 4 and not data.strip(b"\r\n\0 ")


def is_scanner(data: bytes) -> bool:
    """Whether a message names itself as a well-known scanner in User-Agent."""
    head = data[:4096].partition(b"\r\n\r\n")[0].lower()
    agent = head.partition(b"\r\nuser-agent:")[2].partition(b"\r\n")[0]
    return any(name in agent for name in SCANNERS)


def status_of(data: bytes) -> int:
    """The status of a serialised response, 0 for a request."""
    code = data[8:11]
    return int(code) if data.startswith(b"SIP/2.0 ") and code.isdigit() else 0


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


@lru_cache(maxsize=4096)
def _within(networks: tuple[Network, ...], host: str) -> bool:
    if not networks:
        return False
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)
