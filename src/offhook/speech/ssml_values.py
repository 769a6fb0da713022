"""The values of SSML's timing and prosody attributes, as numbers.

Relative values multiply (rate, pitch) or add (volume in dB) to what the surrounding tags asked for. A value
that cannot be read is a ValueError whose sentence names the attribute and what it may be; the reader of the
document adds the place.
"""

import re
from dataclasses import replace
from typing import TypeVar

from offhook.speech.base import SILENT, Say

T = TypeVar("T")
MAX_BREAK_MS = 60_000

STRENGTH_MS = {"none": 0, "x-weak": 0, "weak": 250, "medium": 250, "strong": 600, "x-strong": 600}
VOLUME_DB = {
    "default": 0.0,
    "silent": SILENT,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
}
RATE = {"default": 1.0, "x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.35, "x-fast": 1.8}
PITCH = {"default": 1.0, "x-low": 0.7, "low": 0.85, "medium": 1.0, "high": 1.18, "x-high": 1.4}
EMPHASIS = {
    "strong": (0.85, 1.15, 4.0),
    "moderate": (0.92, 1.08, 2.0),
    "reduced": (1.1, 0.95, -3.0),
    "none": (1.0, 1.0, 0.0),
}
"""Rate, pitch and gain of each level."""

_TIME = re.compile(r"\+?(\d+(?:\.\d+)?|\.\d+)(ms|s)")
_DECIBEL = re.compile(r"([+-]?\d+(?:\.\d+)?)dB", re.IGNORECASE)
_PERCENT = re.compile(r"([+-]?)(\d+(?:\.\d+)?)%")
_FACTOR = re.compile(r"\d+(?:\.\d+)?")
_SEMITONES = re.compile(r"([+-]?\d+(?:\.\d+)?)st")
_FACTORS = (0.1, 10.0)


def break_ms(attributes: dict[str, str]) -> int:
    """The pause of a `<break>`, in ms; `time` wins over `strength`."""
    time = attributes.get("time")
    if time is None:
        return _named("strength", attributes.get("strength", "medium"), STRENGTH_MS)
    found = _TIME.fullmatch(time.strip())
    if found is None:
        raise ValueError(f"break time {time!r} is not a time; write for example 500ms or 0.5s")
    milliseconds = round(float(found[1]) * (1000 if found[2] == "s" else 1))
    if milliseconds > MAX_BREAK_MS:
        raise ValueError(f"break time {time!r} is over the longest pause of {MAX_BREAK_MS // 1000}s")
    return milliseconds


def prosody(say: Say, attributes: dict[str, str]) -> Say:
    """`say` with the volume, rate and pitch of a `<prosody>` applied."""
    if "volume" in attributes:
        say = replace(say, gain=say.gain + _volume(attributes["volume"].strip()))
    if "rate" in attributes:
        say = replace(say, rate=say.rate * _rate(attributes["rate"].strip()))
    if "pitch" in attributes:
        say = replace(say, pitch=say.pitch * _pitch(attributes["pitch"].strip()))
    return say


def emphasis(say: Say, attributes: dict[str, str]) -> Say:
    """`say` with the emphasis of its `level` (moderate where none is given)."""
    rate, pitch, gain = _named("level", attributes.get("level", "moderate"), EMPHASIS)
    return replace(say, rate=say.rate * rate, pitch=say.pitch * pitch, gain=say.gain + gain)


def _named(attribute: str, value: str, table: dict[str, T]) -> T:
    if value not in table:
        raise ValueError(f"{attribute} {value!r} is not known; use one of {', '.join(table)}")
    return table[value]


def _volume(value: str) -> float:
    found = _DECIBEL.fullmatch(value)
    return float(found[1]) if found else _named("volume", value, VOLUME_DB)


def _rate(value: str) -> float:
    if found := _PERCENT.fullmatch(value):
        return _percent("rate", value, found)
    if _FACTOR.fullmatch(value):
        # A bare number is a factor (SSML 1.0 §3.2.4), so 150 would be 150 times as fast.
        return _within("rate", value, float(value))
    return _named("rate", value, RATE)


def _pitch(value: str) -> float:
    if found := _PERCENT.fullmatch(value):
        return _percent("pitch", value, found)
    if found := _SEMITONES.fullmatch(value):
        return _within("pitch", value, 2 ** (float(found[1]) / 12))
    return _named("pitch", value, PITCH)


def _percent(attribute: str, value: str, found: re.Match[str]) -> float:
    share = float(found[2]) / 100
    factor = {"+": 1 + share, "-": 1 - share}.get(found[1], share)
    return _within(attribute, value, factor)


def _within(attribute: str, value: str, factor: float) -> float:
    low, high = _FACTORS
    if not low <= factor <= high:
        raise ValueError(f"{attribute} {value!r} is outside {low:.0%} to {high:.0%}")
    return factor
