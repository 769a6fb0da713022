"""The `sip` endpoint: a SIP URI, dialled directly.

`headers` become `X-<name>` header lines and `User-to-User` goes out as it came (RFC 7433). Only what is
needed to find the peer is read out of the URI; the URI itself is sent as written (RFC 3261 §19.1).
"""

import re
from dataclasses import dataclass

from offhook.calls.endpoints.plan import DialPlan, Unroutable
from offhook.calls.exchange import Exchange
from offhook.ncco.effects import SipEndpoint
from offhook.sip.commands import HeaderList

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@\s<>\"]{1,256})@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<parameters>(?:;[^\s<>\"]{0,512})?)",
    re.ASCII,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?![0-9]+(?:;|$))", re.ASCII)
"""A scheme, and not the host of a URI that was written without one (`example.com:5060`)."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.!%*+`'~-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a SIP URI leads."""

    host: str
    port: int
    transport: str


def uri_of(endpoint: SipEndpoint) -> str:
    """The Request-URI: the URI given (`sip:` is added where it has no scheme), or user and domain."""
    uri = endpoint.uri or f"{endpoint.user or ''}@{endpoint.domain or ''}"
    return uri if _SCHEME.match(uri) else f"sip:{uri}"


def peer_of(uri: str) -> Peer | Unroutable:
    """Host, port and transport of a SIP URI."""
    found = _URI.fullmatch(uri)
    if found is None:
        return Unroutable(f"{uri} is not a SIP URI; write it like sip:user@host;transport=tcp")
    secure = found["scheme"] == "sips"
    transport = _transport(found["parameters"], secure=secure)
    if transport not in DEFAULT_PORTS:
        return Unroutable(f"{uri} asks for the transport {transport}; use udp, tcp or tls")
    port = int(found["port"]) if found["port"] else DEFAULT_PORTS[transport]
    if not 0 < port < 65536:
        return Unroutable(f"{uri} has the port {port}; it must be 1 to 65535")
    if "media=srtp" in found["parameters"].lower().split(";"):
        return Unroutable(f"{uri} asks for SRTP, which this platform does not speak; leave out media=srtp")
    return Peer(found["host"].strip("[]"), port, transport)


async def plan(exchange: Exchange, endpoint: SipEndpoint, shown: str) -> DialPlan | Unroutable:
    """Resolve the peer and make the INVITE's addresses and headers."""
    uri = uri_of(endpoint)
    peer = peer_of(uri)
    if isinstance(peer, Unroutable):
        return peer
    headers = headers_of(endpoint)
    if isinstance(headers, Unroutable):
        return headers
    try:
        flow = await exchange.ports.sip.locate(peer.host, peer.port, peer.transport)
    except OSError as error:
        return Unroutable(f"{peer.host} has no address: {error}")
    return DialPlan(uri, f"sip:{shown}@{exchange.settings.sip_domain}", flow, headers)


def headers_of(endpoint: SipEndpoint) -> HeaderList | Unroutable:
    """The extra header lines of the INVITE; nothing that could break out of a line passes."""
    lines: list[tuple[str, str]] = []
    for name, value in endpoint.headers:
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
            return Unroutable(f"the SIP header {name!r} cannot be sent; use printable text on one line")
        lines.append((f"X-{name}", value))
    if endpoint.user_to_user:
        if not endpoint.user_to_user.isprintable():
            return Unroutable("User-to-User cannot be sent; use printable text on one line")
        lines.append(("User-to-User", endpoint.user_to_user))
    return tuple(lines)


def _transport(parameters: str, *, secure: bool) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.lower() == "transport":
            return value.lower()
    return "tls" if secure else "udp"
