"""Payload types: which numbers of a media section mean which codec (RFC 3551 §6, RFC 8866 §6.6).

Two voice codecs are known, G.711 µ-law and A-law at 8 kHz, and telephone events at their clock rate
(RFC 4733). Anything else in a section is passed over.
"""

from dataclasses import dataclass

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.lines import number
from offhook.sdp.media import MediaDescription

CLOCK_RATE = 8000
STATIC_TYPES = {"PCMU": 0, "PCMA": 8}
"""Payload types that need no rtpmap line (RFC 3551 table 4)."""
EVENT_TYPE = 101
"""The number we offer for telephone events; an answer takes the offer's."""
EVENTS = "0-15"
"""The events we handle: the sixteen keys."""
DEFAULT_PTIME = 20

_STATIC_CODECS = {payload_type: name for name, payload_type in STATIC_TYPES.items()}


@dataclass(frozen=True, slots=True)
class VoiceFormat:
    """One usable payload type of a section."""

    codec: str
    payload_type: int


def voice_formats(media: MediaDescription) -> list[VoiceFormat]:
    """The formats that mean a codec we know, in the order of the m= line."""
    maps = _rtpmaps(media)
    found = []
    for payload_type in payload_types(media):
        name = _voice_codec(payload_type, maps.get(payload_type))
        if name is not None:
            found.append(VoiceFormat(name, payload_type))
    return found


def event_type(media: MediaDescription) -> int | None:
    """The payload type of telephone events at the clock rate of the voice codecs, None without."""
    maps = _rtpmaps(media)
    for payload_type in payload_types(media):
        encoding = maps.get(payload_type)
        if encoding is not None and _parts(encoding) == ("TELEPHONE-EVENT", CLOCK_RATE, 1):
            return payload_type
    return None


def payload_types(media: MediaDescription) -> list[int]:
    """The formats of the m= line that are RTP payload types."""
    return [int(text) for text in media.formats if text.isascii() and text.isdigit() and len(text) <= 3]


def ptime_of(media: MediaDescription) -> int:
    """The packet time the sender of this section wants, in ms; 20 when it says nothing usable."""
    text = (media.attribute("ptime") or "").partition(".")[0]
    try:
        value = number(text, 201, "ptime")
    except RemoteProtocolError:
        return DEFAULT_PTIME
    return value or DEFAULT_PTIME


def _rtpmaps(media: MediaDescription) -> dict[int, str]:
    maps: dict[int, str] = {}
    for value in media.attributes("rtpmap"):
        digits, _, encoding = value.partition(" ")
        if digits.isascii() and digits.isdigit() and len(digits) <= 3:
            maps.setdefault(int(digits), encoding.strip(" "))
    return maps


def _voice_codec(payload_type: int, encoding: str | None) -> str | None:
    if encoding is None:
        return _STATIC_CODECS.get(payload_type)
    name, rate, channels = _parts(encoding)
    return name if name in STATIC_TYPES and rate == CLOCK_RATE and channels == 1 else None


def _parts(encoding: str) -> tuple[str, int, int]:
    """Name in upper case, clock rate, channels; zeros for what is malformed."""
    name, _, rest = encoding.partition("/")
    rate, slash, channels = rest.partition("/")
    return name.upper(), _int(rate), _int(channels) if slash else 1


def _int(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
