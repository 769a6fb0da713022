"""A session description as its lines, with a typed view of what a telephone call needs (RFC 8866).

Every line is kept in its place, known or not, so that `serialise` gives back what `parse` read. Offers and
answers are made in `offer` and `answer`; nothing here decides anything.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.lines import Line, attribute, connection_of, direction_of, number
from offhook.sdp.media import MediaDescription

MAX_SDP = 32_768
"""Bytes of one description."""
MAX_LINES = 1_000
MAX_MEDIA = 32
"""Media lines of one description."""
SESSION_ID_LIMIT = 2**63
"""Session ids and versions stay below this, which every implementation can hold."""


class Origin(NamedTuple):
    """The o= line."""

    username: str
    session_id: int
    version: int
    address_type: str
    address: str

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} IN {self.address_type} {self.address}"


@dataclass(slots=True)
class SessionDescription:
    """Session-level lines and media descriptions."""

    lines: list[Line] = field(default_factory=list)
    media: list[MediaDescription] = field(default_factory=list)

    @classmethod
    def parse(cls, data: bytes) -> "SessionDescription":
        """Tolerates bare LF, a missing last line end, missing s= and t= lines, and unknown lines.

        Raises RemoteProtocolError(400) for what is no session description.
        """
        if len(data) > MAX_SDP:
            raise RemoteProtocolError(f"the SDP has more than {MAX_SDP} bytes", 400)
        made = cls()
        current = made.lines
        lines = data.decode("utf-8", "surrogateescape").split("\n")
        if len(lines) > MAX_LINES:
            raise RemoteProtocolError(f"the SDP has more than {MAX_LINES} lines", 400)
        for text in lines:
            text = text.rstrip("\r")
            if not text.strip(" \t"):
                continue
            if len(text) < 2 or text[1] != "=" or not text[0].isalpha():
                raise RemoteProtocolError("an SDP line must begin with a letter and '='", 400)
            line = Line(text[0], text[2:])
            if line.kind == "m":
                media = MediaDescription.parse(line.value)
                made.media.append(media)
                current = media.lines
            else:
                current.append(line)
        made._check()
        return made

    def serialise(self) -> bytes:
        """The bytes, every line ended with CRLF."""
        lines = list(self.lines)
        for media in self.media:
            lines.append(Line("m", media.header()))
            lines += media.lines
        return "".join(f"{kind}={value}\r\n" for kind, value in lines).encode("utf-8", "surrogateescape")

    @property
    def origin(self) -> Origin:
        """Raises RemoteProtocolError(400) when the o= line is missing or malformed."""
        for kind, value in self.lines:
            if kind == "o":
                return _origin(value)
        raise RemoteProtocolError("the SDP has no o= line", 400)

    def set_origin(self, origin: Origin) -> None:
        """Replace the o= line where it stands."""
        for place, (kind, _) in enumerate(self.lines):
            if kind == "o":
                self.lines[place] = Line("o", str(origin))

    def attribute(self, name: str) -> str | None:
        """The value of a session-level attribute, `""` for a flag, None when absent."""
        return attribute(self.lines, name)

    def connection(self, media: MediaDescription) -> str:
        """The address where the peer wants `media`: its own c= line, else the session's.

        Raises RemoteProtocolError(400) when there is neither.
        """
        address = connection_of(media.lines) or connection_of(self.lines)
        if address is None:
            raise RemoteProtocolError("the SDP names no address: a c= line is missing", 400)
        return address

    def direction(self, media: MediaDescription) -> str:
        """`sendrecv`, `sendonly`, `recvonly` or `inactive`, as the sender of this SDP sees it."""
        return direction_of(media.lines) or direction_of(self.lines) or "sendrecv"

    def _check(self) -> None:
        if not self.lines or self.lines[0].kind != "v" or self.lines[0].value.strip(" ") != "0":
            raise RemoteProtocolError("an SDP must begin with v=0", 400)
        if len(self.media) > MAX_MEDIA:
            raise RemoteProtocolError(f"the SDP has more than {MAX_MEDIA} media lines", 400)


def _origin(value: str) -> Origin:
    words = value.split()
    if len(words) != 6:
        raise RemoteProtocolError("the o= line must have six fields", 400)
    username, session_id, version, _, address_type, address = words
    return Origin(
        username,
        number(session_id, 10**30, "the session id in o="),
        number(version, 10**30, "the version in o="),
        address_type,
        address,
    )
