"""Where the platform may send requests of its own: webhooks, NCCOs, audio files, WebSockets.

The URLs come from applications, so without a policy they would reach the operator's inner network
(server-side request forgery). Schemes, ports and addresses are checked; names are resolved by an injected
resolver and their *addresses* are checked at the moment of connecting, so that a name that changes its
answer gains nothing. IPv6 forms that carry an IPv4 address are judged by that address too. Who follows a
redirect asks again for the new URL.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from offhook.core.errors import DeliveryError
from offhook.core.names import look_up

SETTING = "OFFHOOK_FETCH__PRIVATE"
NETWORKS_SETTING = "OFFHOOK_FETCH__NETWORKS"
DEFAULT_PORTS = {"http": 80, "https": 443}

NEVER_PORTS = frozenset(
    {0, 1, 7, 9, 19, 21, 22, 23, 25, 53, 110, 111, 123, 135, 137, 139, 143, 161, 389, 445, 465, 514, 587}
    | {636, 993, 995, 2049, 3306, 5060, 5061, 5432, 6379, 6667, 9200, 11211, 27017}
)
"""Ports where a request that looks like HTTP could be taken for something else."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What Python calls global differs between its versions; these are the registries' own words
# (IANA special-purpose address registries, RFC 6890).
_NOT_PUBLIC_V4 = tuple(
    ipaddress.ip_network(text)
    for text in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15")
)
_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC_V6 = tuple(ipaddress.ip_network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
"""Where clouds give credentials to whoever asks from inside a machine; one of them is a public address."""


class Resolver(Protocol):
    """Turns a name into addresses."""

    async def resolve(self, host: str, port: int) -> list[str]:
        """Addresses in text form, best first. Raises OSError when there are none."""
        ...


class SystemResolver:
    """The operating system's resolver, asked in a thread."""

    async def resolve(self, host: str, port: int) -> list[str]:
        found = await look_up(host, port, socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """The rules of one installation. Every refusal is a DeliveryError that is not tried again."""

    private: bool
    """Whether loopback, private, link-local and other non-public addresses may be reached."""
    networks: tuple[Network, ...] = ()
    """Networks that may be reached whatever the other rules say of their addresses."""
    never_ports: frozenset[int] = NEVER_PORTS

    def check_url(self, url: str) -> Target:
        """The parts of a permitted URL. A literal address is judged here, a name by `addresses`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise _refusal(f"{_shown(url)} is not a URL: {error}") from error
        if "\\" in url or any(character <= " " or character == "\x7f" for character in url):
            raise _refusal(
                f"{_shown(url)} is not a URL: it holds a space, a backslash or a control character"
            )
        return self.check(parts.scheme, parts.hostname or "", port)

    def check(self, scheme: str, host: str, port: int | None = None) -> Target:
        """The same for a URL that somebody else took apart."""
        if scheme not in DEFAULT_PORTS:
            wanted = " or ".join(DEFAULT_PORTS)
            raise _refusal(
                f"the scheme {scheme or '(none)'!r} is not fetched; the URL must begin with {wanted}"
            )
        if not host:
            raise _refusal("the URL names no host")
        actual = DEFAULT_PORTS[scheme] if port is None else port
        if actual in self.never_ports or not 0 < actual <= 65535:
            raise _refusal(f"port {actual} is never fetched; serve the webhook on another port")
        literal = _literal(host)
        if literal is not None:
            self.check_address(literal)
        return Target(scheme, host, actual)

    def check_address(self, address: str) -> None:
        """Raises DeliveryError, naming the setting, for an address the policy does not permit."""
        reason = self.objection(address)
        if reason:
            raise _refusal(reason)

    def objection(self, address: str) -> str | None:
        """Why an address is not permitted; None when it is."""
        try:
            parsed: Address = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return f"{address} is not an IP address"
        forms = [parsed, *_embedded(parsed)]
        if any(form.is_multicast or form.is_unspecified or form == _BROADCAST for form in forms):
            return f"{address} is not the address of one host and is never fetched"
        if self._listed(parsed):
            return None
        refused = [form for form in forms if not self._listed(form)]
        if any(form in _METADATA for form in refused):
            return (
                f"{address} is the metadata service of a cloud and is never fetched; "
                f"list it in {NETWORKS_SETTING} if it is meant"
            )
        if not self.private and any(not _is_public(form) for form in refused):
            return (
                f"{address} is a private address; set {SETTING}=allow to reach private addresses, "
                f"or list its network in {NETWORKS_SETTING}"
            )
        return None

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self.networks)

    async def addresses(self, host: str, port: int, resolver: Resolver) -> list[str]:
        """The permitted addresses of a host. Raises DeliveryError when it has none."""
        literal = _literal(host)
        if literal is not None:
            self.check_address(literal)
            return [literal]
        try:
            found = await resolver.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise DeliveryError(f"the name {host} has no address: {error}", retryable=True) from error
        return self.permitted(host, found)

    def permitted(self, host: str, found: Iterable[str]) -> list[str]:
        """Those of a name's addresses that may be connected to. Raises DeliveryError when none may."""
        objections = {address: self.objection(address) for address in found}
        good = [address for address, objection in objections.items() if objection is None]
        if good:
            return good
        if not objections:
            raise DeliveryError(f"the name {host} has no address", retryable=True)
        raise _refusal(f"{host}: {next(iter(objections.values()))}")

    def check_redirect(self, url: str, location: str) -> str:
        """The URL a redirect leads to, checked like the first. From https it may not lead to http."""
        target = urljoin(url, location)
        checked = self.check_url(target)
        if url.startswith("https:") and checked.scheme == "http":
            raise _refusal(f"{_shown(url)} redirects from https to http, which is not followed")
        return target


def _refusal(message: str) -> DeliveryError:
    return DeliveryError(message, retryable=False)


def _shown(url: str) -> str:
    """A URL for a message: without its query, bounded, printable."""
    text = url.partition("?")[0][:200]
    return "".join(character if character.isprintable() else "�" for character in text)


def _literal(host: str) -> str | None:
    """The address that a host is written as, None for a name.

    Only the common notation is one: `127.1`, `2130706433` and `0x7f.0.0.1` are refused instead of guessed,
    because resolvers read them as addresses.
    """
    text = host.strip("[]")
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        last = text.rstrip(".").rpartition(".")[2].lower()
        number = last.isdigit() or (last.startswith("0x") and all(c in "0123456789abcdef" for c in last[2:]))
        if ":" in text or number:
            raise _refusal(f"{host!r} is neither a host name nor an IP address in its usual form") from None
        return None
    return text


def _embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address carries: mapped, compatible, 6to4, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address] = []
    if address.ipv4_mapped is not None:
        found.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        found.append(low)
    return found


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        # The carrier of an embedded address is judged by what it carries.
        special = any(address in network for network in _NOT_PUBLIC_V6)
        return bool(_embedded(address)) or (address in _UNICAST_V6 and not special)
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)
