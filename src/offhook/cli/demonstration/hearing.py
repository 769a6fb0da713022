"""What was heard, against what should have been: pure functions over 8 kHz audio.

A prompt is recognised by cross-correlation with the very samples that the platform played; a telephone line
(G.711) leaves a coefficient above 0.99 and a wrong prompt stays far below `ALIKE`. A machine that stands
still in the middle of a prompt tears a hole into it or shifts what follows: then the pieces of the prompt
are looked for one after the other, and `share` says how many came.
"""

from dataclasses import dataclass

import numpy as np

from offhook.audio.levels import correlate, dbov, goertzel, rms
from offhook.audio.tables import FRAME, RATE, Pcm
from offhook.simulator.listen import ToneHeard, tones

ALIKE = 0.9
SHARE = 0.7
"""The part of a prompt's sound that has to come for the prompt to be heard."""
FRAME_ALIKE = 0.8
PIECE = RATE // 10
ANCHOR = 3 * PIECE
PIECE_ALIKE = 0.85
EARLIER, LATER = RATE // 20, RATE * 6 // 10
"""How far before and after its place a piece is looked for, in samples."""
AUDIBLE = 100.0
"""Root mean square above which a frame of a prompt says something."""
TONE_HERTZ = 5.0
DROPOUT_MS = 200
TONE_LEVEL = 2.0
"""dB by which a marker's level may differ from what was sent."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in what was heard. Places are samples of the audio heard."""

    alike: float
    start: int
    end: int
    """Where it stopped being heard; before `start` + its length when it was cut."""
    share: float = 1.0
    """The part of its sound that came, 0 to 1."""

    @property
    def heard(self) -> bool:
        return self.alike >= ALIKE and self.share >= SHARE


def find_prompt(reference: Pcm, heard: Pcm, *, least: int = RATE) -> Prompt:
    """Where `reference` begins in `heard`, and how far it was heard. Of a prompt that was cut, its first
    `least` samples decide.
    """
    size = min(reference.size, least)
    start, alike = correlate(reference[:size], heard)
    end = start + _common(reference, heard[start:])
    whole = min(end - start, reference.size)
    if alike >= ALIKE and whole >= size:
        _, alike = correlate(reference[:whole], heard[start : start + whole])
        return Prompt(alike, start, end)
    return _in_pieces(reference, heard, size) or Prompt(alike, start, end)


def _in_pieces(reference: Pcm, heard: Pcm, size: int) -> Prompt | None:
    """A damaged prompt: its first `size` samples in pieces of 100 ms, in order, from the best 300 ms on."""
    offsets = [place for place in range(0, size - ANCHOR + 1, PIECE) if _audible(reference[place:][:ANCHOR])]
    found = [(*correlate(reference[offset:][:ANCHOR], heard), offset) for offset in offsets]
    lag, alike, anchor = max(found, key=lambda each: each[1], default=(0, 0.0, 0))
    if alike < ALIKE:
        return None
    offsets = [place for place in range(0, size - PIECE + 1, PIECE) if _audible(reference[place:][:PIECE])]
    later = [offset for offset in offsets if offset >= anchor]
    earlier = [offset for offset in reversed(offsets) if offset < anchor]
    pieces = _follow(reference, heard, later, lag - anchor, (EARLIER, LATER))
    pieces |= _follow(reference, heard, earlier, lag - anchor, (LATER, EARLIER))
    if not pieces:
        return None
    first, last = min(pieces), max(pieces)
    place = pieces[last][0]
    end = place + max(PIECE, _common(reference[last:], heard[place:]))
    likes = float(np.mean([like for _, like in pieces.values()]))
    return Prompt(likes, max(0, pieces[first][0] - first), end, len(pieces) / len(offsets))


def _follow(
    reference: Pcm, heard: Pcm, offsets: list[int], shift: int, room: tuple[int, int]
) -> dict[int, tuple[int, float]]:
    """Where the pieces at `offsets` are heard, and how alike: each is looked for where the one before it
    says, give or take `room` samples before and after.
    """
    found: dict[int, tuple[int, float]] = {}
    for offset in offsets:
        least = max(0, offset + shift - room[0])
        lag, alike = correlate(reference[offset:][:PIECE], heard[least : offset + shift + PIECE + room[1]])
        if alike >= PIECE_ALIKE:
            found[offset] = (least + lag, alike)
            shift = least + lag - offset
    return found


def _audible(pcm: Pcm) -> bool:
    return rms(pcm) > AUDIBLE


def find_tone(heard: Pcm, hertz: float, *, near: float = TONE_HERTZ) -> ToneHeard | None:
    """The longest steady tone of about this frequency; dropouts of up to 200 ms are bridged."""
    pieces = [tone for tone in tones(heard) if abs(tone.hertz - hertz) <= near]
    joined: list[ToneHeard] = []
    for tone in pieces:
        last = joined[-1] if joined else None
        if last is not None and tone.start_ms - (last.start_ms + last.duration_ms) <= DROPOUT_MS:
            length = tone.start_ms + tone.duration_ms - last.start_ms
            joined[-1] = ToneHeard(last.hertz, last.start_ms, length)
        else:
            joined.append(tone)
    return max(joined, key=lambda tone: tone.duration_ms, default=None)


def level_of(heard: Pcm, tone: ToneHeard) -> float:
    """dBov of a tone, without its edges."""
    return dbov(cut(heard, tone.start_ms + 40, tone.start_ms + tone.duration_ms - 40))


def share_of(heard: Pcm, tone: ToneHeard) -> float:
    """The part of the energy in the middle of a tone that lies at its frequency, 0 to 1."""
    middle = cut(heard, tone.start_ms + 40, tone.start_ms + tone.duration_ms - 40)[: RATE // 2]
    total = float(np.mean(middle.astype(np.float64) ** 2)) if middle.size else 0.0
    return goertzel(middle, tone.hertz) / total if total else 0.0


def cut(heard: Pcm, start_ms: float, end_ms: float | None = None) -> Pcm:
    """A piece of audio by milliseconds."""
    last = heard.size if end_ms is None else round(max(0.0, end_ms) * RATE / 1000)
    return heard[round(max(0.0, start_ms) * RATE / 1000) : last]


def _common(reference: Pcm, heard: Pcm) -> int:
    """For how many samples `heard` goes on as `reference` does. Silence in the prompt decides nothing: a
    prompt that is cut during a pause ends with the sound before it.
    """
    frames = min(reference.size, heard.size) // FRAME
    a = reference[: frames * FRAME].reshape(frames, FRAME).astype(np.float64)
    b = heard[: frames * FRAME].reshape(frames, FRAME).astype(np.float64)
    energy = np.sum(a * a, axis=1)
    alike = np.sum(a * b, axis=1) / np.maximum(np.sqrt(energy * np.sum(b * b, axis=1)), 1.0)
    audible = np.flatnonzero(energy > FRAME * AUDIBLE**2)
    good = alike[audible] >= FRAME_ALIKE
    # One frame may be damaged by a late packet; three in a row end the prompt.
    bad = np.flatnonzero(~(good[:-2] | good[1:-1] | good[2:]))
    if not bad.size:
        return frames * FRAME
    return (int(audible[bad[0] - 1]) + 1) * FRAME if bad[0] else 0
