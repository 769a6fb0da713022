"""A spool to a finished file: doubled in rate, encoded, and put in place only when it is whole."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from offhook.audio.encode import RATE, Frames, check_format, encode
from offhook.audio.resampling import resample
from offhook.audio.spool import RATE as SPOOL_RATE
from offhook.audio.spool import blocks, scan
from offhook.core.errors import MediaError

MARGIN = 64
"""Samples on each side of a piece that its filter may look at; more than the filter's reach."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A file in its final place. `size` in bytes."""

    path: Path
    size: int
    duration_ms: int


def finalise(spool: Path, format: str, path: Path) -> Finished:
    """Encode a spool to `path`, then remove the spool. Done before: gives the file that is there.

    Written beside and renamed, so that `path` never holds half a file. Raises MediaError when nothing was
    recorded, the format does not fit or the disk refuses; the spool then stays.
    """
    if not spool.exists() and path.exists():
        return Finished(path, path.stat().st_size, _measure(path))
    state = scan(spool)
    check_format(format, state.channels)
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        encode(doubled(blocks(spool)), state.channels, format, beside)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise MediaError(
            f"the recording cannot be stored: {error.strerror or error}; what was recorded is kept in {spool}"
        ) from None
    spool.unlink(missing_ok=True)
    return Finished(path, path.stat().st_size, state.duration_ms)


def _measure(path: Path) -> int:
    """Milliseconds in a finished file."""
    try:
        with av.open(str(path), "r") as container:
            return (container.duration or 0) * 1000 // av.time_base
    except av.error.FFmpegError:
        return 0


def doubled(pieces: Iterable[Frames]) -> Iterator[Frames]:
    """8 000 Hz pieces as 16 000 Hz pieces, the same as if the whole had been filtered at once."""
    before: Frames | None = None
    held: Frames | None = None
    for piece in pieces:
        if not len(piece):
            continue
        if held is None:
            before, held = np.zeros((MARGIN, piece.shape[1]), np.int16), piece
            continue
        if len(piece) < MARGIN:
            held = np.concatenate([held, piece])
            continue
        assert before is not None
        yield _double(before, held, piece[:MARGIN])
        before, held = np.concatenate([before, held])[-MARGIN:], piece
    if held is not None and before is not None:
        yield _double(before, held, np.zeros((MARGIN, held.shape[1]), np.int16))


def _double(before: Frames, piece: Frames, after: Frames) -> Frames:
    factor = RATE // SPOOL_RATE
    whole = np.concatenate([before, piece, after])
    wide = np.stack([resample(whole[:, c], SPOOL_RATE, RATE) for c in range(piece.shape[1])], axis=1)
    return wide[MARGIN * factor : (MARGIN + len(piece)) * factor]
