"""What an `input` webhook says about the keys: the two shapes that applications know.

An action with `type` gives the newer shape, one without the older. The caller's numbers, the leg and the
time are added where the body is built. The rules are in docs/specs/ncco.md.
"""

from offhook.ncco.effects import Json

KEYS = frozenset("0123456789*#")
"""The keys that applications hear of; A to D of RFC 4733 are not among them."""

SPEECH_NOT_ENABLED = "Speech was not enabled"


def dtmf_result(digits: str, *, timed_out: bool, legacy: bool) -> dict[str, Json]:
    """The result of an input of type dtmf, or of the older form without a type."""
    if legacy:
        return {"dtmf": digits, "timed_out": timed_out}
    return {
        "speech": {"error": SPEECH_NOT_ENABLED},
        "dtmf": {"digits": digits, "timed_out": timed_out},
    }
