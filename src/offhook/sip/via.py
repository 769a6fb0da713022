"""One Via value (RFC 3261 §20.42, RFC 3581). Where answers go is decided in `routing`."""

import re
from dataclasses import dataclass, field

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import WS, bracketed, host_and_port, is_token, number, split
from offhook.sip.params import NONE, Params

# The form that nearly every Via has. Each part ends where the next begins: nothing to go back for.
_PLAIN = re.compile(r"SIP/2\.0/([A-Za-z]{2,10}) ([A-Za-z0-9.\-]{1,255})(?::([0-9]{1,5}))?(;.*)?", re.DOTALL)

MAGIC_COOKIE = "z9hG4bK"
"""A branch that begins so is unique for its transaction; one that does not is an RFC 2543 peer's."""


@dataclass(frozen=True, slots=True)
class Via:
    """`SIP/2.0/UDP host:port;params`. The host is without brackets; `raw` is the value as received."""

    transport: str
    """In upper case: UDP, TCP, TLS, WS, WSS or another."""
    host: str
    port: int | None = None
    params: Params = field(default=NONE)
    raw: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> "Via":
        """One value, not a list. Raises RemoteProtocolError(400)."""
        text = text.strip(WS)
        plain = _PLAIN.fullmatch(text)
        if plain is not None:
            transport, host, digits, params = plain.groups()
            port = number(digits, 65536, "the port in a Via") if digits else None
            return cls(transport.upper(), host, port, Params.parse(params) if params else NONE, text)
        return cls._scanned(text)

    @classmethod
    def _scanned(cls, text: str) -> "Via":
        sent, _, params = text.partition(";")
        protocol, _, rest = sent.partition("/")
        version, slash, rest = rest.partition("/")
        transport, gap, sent_by = rest.strip(WS).replace("\t", " ").partition(" ")
        if not slash or not gap or protocol.strip(WS).upper() != "SIP" or version.strip(WS) != "2.0":
            raise RemoteProtocolError("a Via must read SIP/2.0/transport host", 400)
        if not is_token(transport):
            raise RemoteProtocolError("the transport of a Via must be a token", 400)
        host, port = host_and_port(sent_by.strip(WS), "a Via")
        return cls(transport.upper(), host, port, Params.parse(params), text)

    @classmethod
    def parse_list(cls, text: str) -> "list[Via]":
        """Comma-separated values. Raises RemoteProtocolError(400)."""
        if "," not in text and '"' not in text and text.strip(WS):
            return [cls.parse(text)]
        return [cls.parse(part) for part in split(text, ",", angle=False)]

    @property
    def branch(self) -> str | None:
        return self.params.raw("branch") or None

    @property
    def received(self) -> str | None:
        """The address the message came from, without brackets."""
        value = self.params.get("received")
        return value.strip("[]") if value else None

    @property
    def rport(self) -> int | None:
        """The port the message came from; None when absent or not filled in. Raises on nonsense."""
        value = self.params.raw("rport")
        return number(value, 65536, "rport") if value else None

    @property
    def wants_rport(self) -> bool:
        """Whether the parameter is there at all (RFC 3581 §4)."""
        return "rport" in self.params

    @property
    def sent_by(self) -> str:
        """`host` or `host:port` in lower case, for matching (RFC 3261 §17.2.3)."""
        host = bracketed(self.host.lower())
        return host if self.port is None else f"{host}:{self.port}"

    def __str__(self) -> str:
        if self.raw:
            return self.raw
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {bracketed(self.host)}{port}{self.params}"
