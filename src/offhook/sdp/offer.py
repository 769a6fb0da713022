"""The SDP we send first (RFC 3264 §5), and how a later one follows from it (§8)."""

from collections.abc import Sequence

from offhook.core.errors import LocalStateError
from offhook.sdp.codecs import CLOCK_RATE, DEFAULT_PTIME, EVENT_TYPE, EVENTS, STATIC_TYPES
from offhook.sdp.lines import DIRECTIONS, Line, address_type
from offhook.sdp.media import MediaDescription
from offhook.sdp.session import SESSION_ID_LIMIT, Origin, SessionDescription

CODECS = ("PCMU", "PCMA")
"""Both voice codecs in the default order of preference."""


def make_offer(
    host: str,
    port: int,
    codecs: Sequence[str] = CODECS,
    session_id: int = 1,
    version: int = 1,
    direction: str = "sendrecv",
) -> bytes:
    """An offer of one audio stream at `host`:`port` with `codecs` in order, and telephone events.

    `host` is an IP literal without brackets. Raises LocalStateError for unknown codecs or directions.
    """
    formats = [(STATIC_TYPES[codec], codec) for codec in codecs if codec in STATIC_TYPES]
    if len(formats) != len(codecs) or not formats:
        raise LocalStateError(f"an offer needs codecs out of {', '.join(CODECS)}")
    session = describe_session(host, session_id, version)
    session.media = [describe_audio(port, formats, EVENT_TYPE, direction)]
    return session.serialise()


def describe_session(host: str, session_id: int, version: int) -> SessionDescription:
    """The session level of a description of ours. Raises LocalStateError."""
    if not 0 <= session_id < SESSION_ID_LIMIT or not 0 <= version < SESSION_ID_LIMIT:
        raise LocalStateError("session id and version must fit 63 bits")
    if not host or any(character.isspace() for character in host):
        raise LocalStateError("an SDP needs an address without spaces")
    kind = address_type(host)
    origin = Origin("-", session_id, version, kind, host)
    lines = [Line("v", "0"), Line("o", str(origin)), Line("s", "-"), Line("c", f"IN {kind} {host}")]
    return SessionDescription([*lines, Line("t", "0 0")])


def describe_audio(
    port: int, formats: Sequence[tuple[int, str]], event_type: int | None, direction: str
) -> MediaDescription:
    """An audio section: voice formats in order, telephone events if `event_type`, 20 ms packets."""
    if direction not in DIRECTIONS:
        raise LocalStateError(f"a direction is one of {', '.join(DIRECTIONS)}")
    if not 0 < port < 65536:
        raise LocalStateError(f"{port} is no RTP port: use 1–65535")
    lines = [Line("a", f"rtpmap:{number} {codec}/{CLOCK_RATE}") for number, codec in formats]
    numbers = [str(number) for number, _ in formats]
    if event_type is not None:
        numbers.append(str(event_type))
        lines += [
            Line("a", f"rtpmap:{event_type} telephone-event/{CLOCK_RATE}"),
            Line("a", f"fmtp:{event_type} {EVENTS}"),
        ]
    lines += [Line("a", f"ptime:{DEFAULT_PTIME}"), Line("a", direction)]
    return MediaDescription("audio", port, "RTP/AVP", numbers, lines=lines)


def revise(previous: bytes, candidate: bytes) -> bytes:
    """`candidate` as it must follow our `previous` description in the same session (RFC 3264 §8).

    It keeps the session id, takes the previous version if nothing changed and the next one if anything
    did, and has no fewer media sections: missing ones are refused with port 0.
    """
    before = SessionDescription.parse(previous)
    after = SessionDescription.parse(candidate)
    after.media += [media.rejected() for media in before.media[len(after.media) :]]
    kept = after.origin._replace(session_id=before.origin.session_id, version=before.origin.version)
    after.set_origin(kept)
    if after.serialise() != before.serialise():
        after.set_origin(kept._replace(version=kept.version + 1))
    return after.serialise()
