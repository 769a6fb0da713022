"""Decoding what strangers send and encoding what was recorded."""

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from offhook.audio.decode import decode
from offhook.audio.finalise import doubled, finalise
from offhook.audio.spool import SpoolWriter, spool_path
from offhook.core.errors import MediaError

Audio = npt.NDArray[np.int16]


def tone(hertz: float, seconds: float, rate: int = 8000, peak: int = 8000) -> Audio:
    return (peak * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def strength(audio: Audio, hertz: float, rate: int = 8000) -> float:
    """Peak amplitude of one frequency."""
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(audio)) / rate)
    return float(2 * abs((audio * turn).mean()))


def write_wav(path: Path, audio: Audio, rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(audio.astype("<i2").tobytes())
    return path


def write_av(path: Path, codec: str, audio: Audio, rate: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(audio.reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        fit = av.AudioResampler(format=stream.format.name, layout="mono", rate=rate)
        for part in [*fit.resample(frame), *fit.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def record(folder: Path, audio: Audio, channels: int = 1, recording: str = "r1") -> Path:
    path = spool_path(folder, recording)
    writer = SpoolWriter(path, channels)
    pieces = audio.reshape(-1, channels)
    count = -(-len(pieces) // 8000)
    for number in range(count):
        piece = pieces[number * 8000 : (number + 1) * 8000]
        writer.append(number, piece.astype("<i2").tobytes(), last=number == count - 1)
    writer.close()
    return path


# ── decode ──────────────────────────────────────────────────────────────────────────────────────


def test_wav_at_the_platforms_rate_is_unchanged(tmp_path: Path) -> None:
    audio = tone(440, 1.5)
    np.testing.assert_array_equal(decode(str(write_wav(tmp_path / "a.wav", audio, 8000)), 10), audio)


def test_stereo_wav_at_another_rate_is_mixed_and_resampled(tmp_path: Path) -> None:
    both = np.stack([tone(500, 2, 44100), tone(1500, 2, 44100)], axis=1)
    audio = decode(str(write_wav(tmp_path / "a.wav", both, 44100, 2)), 10)
    assert audio.size == pytest.approx(16000, abs=20)
    assert strength(audio[2000:14000], 500) == pytest.approx(4000, rel=0.1)
    assert strength(audio[2000:14000], 1500) == pytest.approx(4000, rel=0.1)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp3", "libmp3lame", 44100),
        ("a.ogg", "libopus", 48000),
        ("a.flac", "flac", 16000),
        ("a.m4a", "aac", 44100),
    ],
)
def test_common_formats_are_decoded(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    audio = decode(str(write_av(tmp_path / name, codec, tone(700, 2, rate), rate)), 10)
    assert audio.dtype == np.int16
    assert audio.size == pytest.approx(16000, abs=1200)
    assert strength(audio[2000:14000], 700) == pytest.approx(8000, rel=0.1)


def test_the_name_does_not_matter_but_the_content_does(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(440, 1), 8000).rename(tmp_path / "without-extension")
    assert decode(str(path), 10).size == 8000


def refused(path: Path, **limits: float) -> str:
    with pytest.raises(MediaError) as caught:
        decode(str(path), limits.get("seconds", 10), int(limits.get("size", 1 << 20)))
    return str(caught.value)


def test_refusals_say_why(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", tone(440, 2), 8000)
    text = tmp_path / "page.mp3"
    text.write_text("<html>404</html>" * 50)
    empty = tmp_path / "empty.wav"
    empty.touch()
    assert refused(tmp_path / "none.wav") == "the file cannot be read: No such file or directory"
    assert refused(empty) == "the file is empty"
    assert "cannot be decoded as audio" in refused(text)
    assert refused(wav, seconds=1) == "the audio is longer than the 1 seconds that are allowed"
    assert refused(wav, size=1000) == "the file has 32044 bytes; at most 1000 are allowed"
    assert refused(write_wav(tmp_path / "b.wav", tone(1, 0), 8000)) == "the file holds no audio"


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    secret = write_wav(tmp_path / "secret.wav", tone(440, 1), 8000)
    for name, body in (
        ("a.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n"),
        ("a.txt", f"ffconcat version 1.0\nfile '{secret}'\n"),
    ):
        playlist = tmp_path / name
        playlist.write_text(body)
        assert "cannot be decoded as audio" in refused(playlist)


def test_a_file_that_breaks_off_gives_what_there_is(tmp_path: Path) -> None:
    whole = write_wav(tmp_path / "a.wav", tone(440, 2), 8000).read_bytes()
    path = tmp_path / "torn.wav"
    path.write_bytes(whole[: len(whole) // 2])
    assert decode(str(path), 10).size == pytest.approx(8000, abs=1100)


# ── finalise ────────────────────────────────────────────────────────────────────────────────────


def test_wav_is_wide_and_the_spool_goes(tmp_path: Path) -> None:
    spool = record(tmp_path, tone(440, 2.5))
    done = finalise(spool, "wav", tmp_path / "out" / "r1.wav")
    assert done.duration_ms == 2500
    assert done.size == done.path.stat().st_size == 44 + 2.5 * 16000 * 2
    assert not spool.exists()
    assert [path.name for path in done.path.parent.iterdir()] == ["r1.wav"]
    with wave.open(str(done.path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        audio = np.frombuffer(file.readframes(40000), "<i2")
    assert strength(audio, 440, 16000) == pytest.approx(8000, rel=0.02)
    assert strength(audio, 8000 - 440, 16000) < 8  # the image of the tone


def test_channels_keep_their_places_in_wav(tmp_path: Path) -> None:
    three = np.stack([tone(400, 2), tone(800, 2), tone(1200, 2)], axis=1)
    done = finalise(record(tmp_path, three, 3), "wav", tmp_path / "r.wav")
    with wave.open(str(done.path)) as file:
        assert file.getnchannels() == 3
        audio = np.frombuffer(file.readframes(32000), "<i2").reshape(-1, 3)
    for channel, hertz in enumerate((400, 800, 1200)):
        assert strength(audio[:, channel], hertz, 16000) == pytest.approx(8000, rel=0.02)
        assert strength(audio[:, channel - 1], hertz, 16000) < 10


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("format", ["mp3", "ogg"])
def test_compressed_formats(tmp_path: Path, format: str, channels: int) -> None:
    sound = np.stack([tone(500, 3), tone(1500, 3)][:channels], axis=1)
    done = finalise(record(tmp_path, sound, channels), format, tmp_path / f"r.{format}")
    with av.open(str(done.path)) as file:
        stream = file.streams.audio[0]
        assert stream.channels == channels
        assert stream.codec_context.name.startswith("mp3" if format == "mp3" else "opus")
        rate = stream.rate
        fit = av.AudioResampler(format="s16", layout="stereo" if channels == 2 else "mono", rate=16000)
        audio = np.concatenate(
            [
                out.to_ndarray().reshape(-1, channels)
                for frame in file.decode(audio=0)
                for out in fit.resample(frame)
            ]
        )
    if format == "mp3":
        assert rate == 16000
        assert done.size == pytest.approx(3 * 32000 / 8, rel=0.05)
    middle = audio[8000:40000]
    assert strength(middle[:, 0], 500, 16000) == pytest.approx(8000, rel=0.15)
    if channels == 2:
        assert strength(middle[:, 1], 1500, 16000) == pytest.approx(8000, rel=0.15)
        assert strength(middle[:, 0], 1500, 16000) < 40
        assert strength(middle[:, 1], 500, 16000) < 40


def test_stereo_mp3_is_not_joint(tmp_path: Path) -> None:
    done = finalise(record(tmp_path, tone(440, 2).repeat(2), 2), "mp3", tmp_path / "r.mp3")
    header = done.path.read_bytes()[:4]
    assert header[:2] == b"\xff\xf3"  # MPEG-2 layer III
    assert header[3] >> 6 == 0  # stereo, neither joint nor mono


@pytest.mark.parametrize("format", ["wav", "mp3", "ogg"])
def test_a_recording_of_nothing_is_a_file(tmp_path: Path, format: str) -> None:
    writer = SpoolWriter(spool_path(tmp_path, "r1"), 1)
    writer.append(0, b"", last=True)
    writer.close()
    done = finalise(spool_path(tmp_path, "r1"), format, tmp_path / f"r.{format}")
    assert (done.duration_ms, done.path.exists()) == (0, True)


def test_what_does_not_fit_is_refused_and_the_spool_stays(tmp_path: Path) -> None:
    spool = record(tmp_path, tone(440, 0.3), 3)
    with pytest.raises(MediaError, match="mp3 holds at most 2 channels, not 3: use wav"):
        finalise(spool, "mp3", tmp_path / "r.mp3")
    with pytest.raises(MediaError, match="'m4b' is unknown: use mp3, wav or ogg"):
        finalise(spool, "m4b", tmp_path / "r.m4b")
    assert spool.exists()


def test_asked_again_it_gives_what_is_there(tmp_path: Path) -> None:
    spool = record(tmp_path, tone(440, 2))
    first = finalise(spool, "wav", tmp_path / "r.wav")
    assert finalise(spool, "wav", tmp_path / "r.wav") == first


def test_pieces_make_no_seams() -> None:
    audio = tone(1234, 0.5).reshape(-1, 1)
    whole = np.concatenate(list(doubled([audio])))
    cut = np.concatenate(
        list(doubled([audio[:900], audio[900:910], audio[910:2000], audio[2000:2000], audio[2000:]]))
    )
    np.testing.assert_array_equal(cut, whole)
