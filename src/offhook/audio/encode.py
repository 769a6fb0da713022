"""Recorded audio to a file: WAV, MP3 or Ogg Opus, 16 000 Hz, piece by piece.

Each encoder takes int16 (n, channels) at `RATE` and writes to a path. MP3 is 32 kbit/s at a constant rate;
with two channels they are coded apart (no joint stereo), since a split recording carries different people.
"""

import wave
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import lameenc
import numpy as np
import numpy.typing as npt

from offhook.core.errors import MediaError

RATE = 16_000
MP3_BITS = 32_000
OPUS_BITS = 24_000
"""A channel and second: wideband speech at a quality nobody complains about."""
MAX_CHANNELS = {"wav": 32, "mp3": 2, "ogg": 2}

Frames = npt.NDArray[np.int16]


def check_format(format: str, channels: int) -> None:
    """Raises MediaError when a format does not exist or cannot hold so many channels."""
    if format not in MAX_CHANNELS:
        raise MediaError(f"format {format!r} is unknown: use mp3, wav or ogg")
    if channels > MAX_CHANNELS[format]:
        raise MediaError(f"{format} holds at most {MAX_CHANNELS[format]} channels, not {channels}: use wav")


def encode(pieces: Iterable[Frames], channels: int, format: str, path: Path) -> None:
    """Write all pieces to `path`. Raises MediaError for an unfit format, OSError when the disk refuses."""
    check_format(format, channels)
    if format == "wav":
        _wav(pieces, channels, path)
    elif format == "mp3" and channels == 1:
        _mp3_mono(pieces, path)
    else:
        _libav(pieces, channels, path, format)


def _wav(pieces: Iterable[Frames], channels: int, path: Path) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for piece in pieces:
            out.writeframesraw(piece.astype("<i2").tobytes())


def _mp3_mono(pieces: Iterable[Frames], path: Path) -> None:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(MP3_BITS // 1000)
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE)
    encoder.set_out_sample_rate(RATE)
    encoder.silence()
    fed = False
    with path.open("wb") as out:
        for piece in pieces:
            out.write(encoder.encode(piece.tobytes()))
            fed = True
        if not fed:
            encoder.encode(bytes(2))
        out.write(encoder.flush())


def _libav(pieces: Iterable[Frames], channels: int, path: Path, format: str) -> None:
    layout = "stereo" if channels == 2 else "mono"
    with av.open(str(path), "w", format=format, options=_CONTAINER_OPTIONS[format]) as container:
        codec, bits, options = _STREAMS[format]
        stream = container.add_stream(codec, rate=RATE, options=options)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        stream.bit_rate = bits * channels
        for frame in _frames(pieces, layout, stream.format.name):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _frames(pieces: Iterable[Frames], layout: str, format: str) -> Iterator[av.AudioFrame]:
    """Pieces as frames in the sample format that an encoder wants."""
    resampler = av.AudioResampler(format=format, layout=layout, rate=RATE)
    at = 0
    first = next(rest := iter(pieces), _silence(layout))
    for piece in chain([first], rest):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece).reshape(1, -1), "s16", layout)
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        at += len(piece)
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _silence(layout: str) -> Frames:
    """What an encoder gets that got nothing: a container without a packet is no file."""
    return np.zeros((RATE // 50, 2 if layout == "stereo" else 1), np.int16)


_CONTAINER_OPTIONS: dict[str, dict[str, str]] = {"mp3": {"write_xing": "0", "id3v2_version": "0"}, "ogg": {}}
_STREAMS = {
    "mp3": ("libmp3lame", MP3_BITS // 2, {"joint_stereo": "0"}),
    "ogg": ("libopus", OPUS_BITS, {"application": "voip", "frame_duration": "20"}),
}
"""Encoder, bits a channel and second, its options."""
