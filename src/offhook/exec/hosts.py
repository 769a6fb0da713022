"""Which hosts are answered by this platform, and what happens with requests to others.

The names are those of the API, of its regions, of the older REST host, and of the reseller's gateway. Pure.
See docs/specs/http.md §8 for what a regional name does when it arrives.
"""

import ipaddress
import re
from typing import Literal

Others = Literal["pass", "refuse"]
"""Requests to hosts that are not served: let through, or refused with a sentence."""

SERVED = r"(?:api|rest)\.nexmo\.com|api-[a-z0-9-]+\.(?:nexmo|vonage)\.com|api-prd\.kpn\.com"
"""Host names as a regular expression, in the words that Python and JavaScript share."""
_SERVED = re.compile(SERVED, re.ASCII)
DEFAULT = "api.nexmo.com"
"""For a TLS client that does not say which host it means."""


def bare(host: str) -> str:
    """A host name as it is compared: lower case, no brackets, no dot at the end."""
    return host.strip("[]").rstrip(".").lower()


def is_served(host: str) -> bool:
    return _SERVED.fullmatch(bare(host)) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    name = bare(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1, which Java likes
    return (mapped or address).is_loopback


def covers_served(entry: str) -> bool:
    """Whether an entry of NO_PROXY would take a served host past the proxy."""
    pattern = entry.strip().lower().partition(":")[0].removeprefix("*").strip(".")
    if not pattern:
        return entry.strip() == "*"
    return pattern == "com" or any(
        pattern == domain or pattern.endswith("." + domain)
        for domain in ("nexmo.com", "vonage.com", "kpn.com")
    )


def refusal(host: str) -> str:
    """The sentence that a program gets for a host it may not reach."""
    return (
        f"offhook exec refuses {host}: only Vonage's hosts are answered; "
        "use --others pass to let others through"
    )
