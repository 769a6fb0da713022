"""What an operator may set about NCCOs: bounds of a document, and the readings of its two open points."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document. They stop a runaway application, not an honest one."""

    actions: int = 500
    size: int = 262_144
    """UTF-8 bytes of all keys and strings, and one byte for every other value."""
    depth: int = 32
    spoken: int = 1500
    """Characters of one text, tags of SSML not counted."""
    text: int = 20_000
    """Characters of one text, tags counted."""
    url: int = 2048
    sip_uri: int = 512
    sip_headers: int = 32
    sip_header_name: int = 64
    sip_header_value: int = 512
    user_to_user: int = 256
    conversation_name: int = 256
    conversation_legs: int = 200
    """Leg ids in one `canHear` or `canSpeak`."""


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Settings:
    """How a leg's NCCOs are run. See docs/specs/ncco.md for both readings of each switch."""

    limits: Limits = field(default=DEFAULT_LIMITS)
    connect_ends_call: bool = True
    """The call is over when an answered `connect` is; else the next action runs."""
    record_waits_for_timeout: bool = True
    """`record` with `timeOut` alone holds the program up; else it runs in the background."""


DEFAULT_SETTINGS = Settings()
