"""Any common audio file to 8 000 Hz mono 16 bit, through the FFmpeg libraries of PyAV.

Files come from strangers: only the formats below are probed, nothing a file refers to is opened, and size and
length are bounded while decoding. Every refusal is a MediaError whose text can be shown to who gave the file.
"""

import os
from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt

from offhook.core.errors import MediaError

RATE = 8_000
MAX_BYTES = 256 << 20
FORMATS = "aac,ac3,aiff,amr,au,caf,flac,matroska,mov,mp3,ogg,wav,w64"
"""Demuxers that read nothing but the file itself; playlists and manifests are not among them."""


def decode(path: str, max_seconds: float, max_bytes: int = MAX_BYTES) -> npt.NDArray[np.int16]:
    """The first audio stream of a file, mixed to mono. Raises MediaError saying what is wrong with it."""
    _check_size(path, max_bytes)
    limit = int(max_seconds * RATE)
    parts: list[npt.NDArray[np.int16]] = []
    total = 0
    try:
        for part in _parts(path):
            parts.append(part)
            total += part.size
            if total > limit:
                raise MediaError(f"the audio is longer than the {max_seconds:g} seconds that are allowed")
    except av.error.FFmpegError as error:
        if not total:
            raise MediaError(f"the file cannot be decoded as audio: {error.strerror or error}") from None
    if not total:
        raise MediaError("the file holds no audio")
    return np.concatenate(parts)


def _check_size(path: str, max_bytes: int) -> None:
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise MediaError(f"the file cannot be read: {error.strerror}") from None
    if size == 0:
        raise MediaError("the file is empty")
    if size > max_bytes:
        raise MediaError(f"the file has {size} bytes; at most {max_bytes} are allowed")


def _parts(path: str) -> Iterator[npt.NDArray[np.int16]]:
    """Decoded pieces. A file that breaks off in the middle gives what came before the break."""
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    with open(path, "rb") as file, av.open(file, "r", options=options, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise MediaError("the file holds no audio stream")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in container.decode(container.streams.audio[0]):
            frame.pts = None
            for out in resampler.resample(frame):
                yield _samples(out)
        for out in resampler.resample(None):
            yield _samples(out)


def _samples(frame: av.AudioFrame) -> npt.NDArray[np.int16]:
    return frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
