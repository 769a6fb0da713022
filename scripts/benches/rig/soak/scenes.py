"""What can happen in a call of a soak: for each scene its NCCO, what the caller does, and what must be true
of it afterwards. Pure data and judgements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Ncco = list[dict[str, Any]]
ANSWERING, BUSY, SILENT = "15553000001", "15553000002", "15553000003"
"""Phones behind the platform: one answers and hangs up after a while, one is busy, one rings for ever."""
WHOLE = ["started", "ringing", "answered", "completed"]
HELLO = {"action": "talk", "text": "Hello and welcome.", "language": "en-US"}
EARLY = ("completed", "cancelled", "rejected", "failed", "unanswered")
SORRY = {"action": "talk", "text": "Nobody can take your call.", "language": "en-US"}


@dataclass(frozen=True, slots=True)
class Scene:
    """One call. `{url}`, `{number}` and `{own}` stand in texts of NCCOs for the desk, caller and platform."""

    name: str
    weight: int
    ncco: Ncco
    script: str
    """Steps of the virtual phone; `{wait}` is a random time of 0.2 to 2 seconds."""
    then: Ncco | None = None
    paths: Sequence[str] = ()
    """Webhooks that must have come, by the beginning of their path."""
    legs: int = 1
    """Legs that are answered."""
    heard: bool = True
    early: bool = False
    """The caller gives up while it rings: any end will do."""
    transfer: Ncco | None = None
    """Given to the running call over REST."""
    outbound: bool = False
    """The application calls the phone that answers."""


def connect(number: str, seconds: int) -> dict[str, Any]:
    endpoint = [{"type": "phone", "number": number}]
    return {"action": "connect", "from": "{own}", "timeout": seconds, "endpoint": endpoint}


KEYS = {
    "action": "input",
    "type": ["dtmf"],
    "dtmf": {"maxDigits": 4, "timeOut": 8},
    "eventUrl": ["{url}/key/{number}"],
}
RECORD = {
    "action": "record",
    "format": "wav",
    "beepStart": True,
    "endOnKey": "#",
    "timeOut": 20,
    "eventUrl": ["{url}/recording/{number}"],
}
MEETING = {"action": "conversation", "name": "meeting", "endOnExit": False}
WAIT = {"action": "talk", "text": "Please hold the line, somebody will be with you soon.", "loop": 4}
SCENES = (
    Scene("talk", 6, [HELLO], "wait-hangup 30"),
    Scene(
        "input",
        5,
        [{**HELLO, "bargeIn": True}, KEYS],
        "wait-speech; wait {wait}; press 1234; wait-hangup 30",
        [SORRY],
        ("/key/",),
    ),
    Scene("no key", 1, [{**KEYS, "dtmf": {"timeOut": 1}}], "wait-hangup 30", [HELLO], ("/key/",)),
    Scene(
        "record",
        3,
        [RECORD, HELLO],
        "wait {wait}; tone 700 2; press #; wait-hangup 30",
        None,
        ("/recording/",),
    ),
    Scene("connect", 3, [connect(ANSWERING, 10)], "wait-hangup 40", None, (), 2, False),
    Scene("busy", 1, [connect(BUSY, 10), SORRY], "wait-hangup 40"),
    Scene("no answer", 1, [connect(SILENT, 2), SORRY], "wait-hangup 40"),
    Scene("transfer", 2, [WAIT], "wait-speech; wait-hangup 40", transfer=[HELLO]),
    Scene("meeting", 3, [MEETING], "wait 1; tone 500 1; wait {wait}; hangup", heard=False),
    Scene("hangs up", 4, [WAIT], "wait-speech; wait {wait}; hangup"),
    Scene("gives up", 3, [HELLO], "", heard=False, early=True),
    Scene("outbound", 3, [HELLO], "", heard=False, outbound=True),
)


def pick(random: Random) -> Scene:
    return random.choices(SCENES, [scene.weight for scene in SCENES])[0]


def filled(value: Any, words: Mapping[str, str]) -> Any:
    """`value` with the words in its texts replaced."""
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace(f"{{{name}}}", word)
        return value
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    return {key: filled(each, words) for key, each in value.items()} if isinstance(value, dict) else value


def faults(
    scene: Scene, statuses: Sequence[str], told: Sequence[Mapping[str, Any]], sound: bool
) -> list[str]:
    """What is wrong with a call that is over, in sentences."""
    if scene.early:
        return [] if statuses and statuses[-1] in EARLY else [f"statuses {', '.join(statuses) or 'none'}"]
    wrong = [] if list(statuses) == WHOLE else [f"statuses {', '.join(statuses) or 'none'}"]
    paths = [str(fields.get("path")) for fields in told]
    wrong += [f"no webhook for {path}" for path in scene.paths if not any(p.startswith(path) for p in paths)]
    answered = sum(fields.get("status") == "answered" for fields in told)
    if answered != scene.legs:
        wrong.append(f"{answered} legs were answered, not {scene.legs}")
    if scene.heard and not sound:
        wrong.append("nothing was heard")
    digits = [(fields.get("dtmf") or {}).get("digits") for fields in told if "dtmf" in fields]
    if scene.name == "input" and "1234" not in digits:
        wrong.append(f"the keys 1234 came as {digits}")
    return wrong
