"""Tones, levels, correlation, resampling."""

import numpy as np
import numpy.typing as npt
import pytest

from offhook.audio import levels, resampling, tones
from offhook.core.errors import LocalStateError, MediaError


def test_levels_of_known_signals() -> None:
    square = np.tile(np.array([32767, -32768], np.int16), 400)
    assert levels.dbov(square) == pytest.approx(0.0, abs=0.001)
    assert levels.dbov(tones.sine(1000, 100, 32767)) == pytest.approx(-3.01, abs=0.01)
    assert levels.dbov(tones.silence(20)) == -127.0
    assert levels.rms(np.zeros(0, np.int16)) == 0.0


def test_goertzel_finds_its_tone_and_no_other() -> None:
    tone = tones.sine(1000, 100, 8000)
    assert levels.goertzel(tone, 1000) == pytest.approx(8000**2 / 2, rel=1e-3)
    assert levels.goertzel(tone, 1200) < 100


@pytest.mark.parametrize(
    ("digit", "low", "high"), [("1", 697, 1209), ("0", 941, 1336), ("#", 941, 1477), ("d", 941, 1633)]
)
def test_keys_are_the_two_tones_of_the_keypad(digit: str, low: int, high: int) -> None:
    tone = tones.dtmf(digit, 100)
    assert levels.goertzel(tone, low) > 1e7
    assert levels.goertzel(tone, high) > 1e7
    assert tones.dtmf_frequencies(digit) == (low, high)


def test_tones_continue_without_a_seam() -> None:
    whole = tones.dtmf("7", 60)
    parts = [tones.dtmf("7", 20, first=first) for first in (0, 160, 320)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(tones.sine(440, 20, first=160), tones.sine(440, 40)[160:])


@pytest.mark.parametrize("digit", ["", "E", "12", "p"])
def test_what_is_no_key(digit: str) -> None:
    with pytest.raises(LocalStateError, match="not a key"):
        tones.dtmf_frequencies(digit)


def test_the_beep_fades_in_and_out() -> None:
    beep = tones.beep()
    assert beep.size == 3200
    assert abs(int(beep[0])) < 10
    assert abs(int(beep[-1])) < 200
    assert levels.goertzel(beep, 1000) > 1e7


def test_correlation_finds_a_piece_in_noise() -> None:
    random = np.random.default_rng(1)
    piece = (random.normal(0, 3000, 2000)).astype(np.int16)
    heard = random.normal(0, 500, 10000)
    heard[4321:6321] += piece * 0.5
    lag, coefficient = levels.correlate(piece, heard.astype(np.int16))
    assert lag == 4321
    assert 0.9 < coefficient < 1.0


def test_correlation_of_the_unlike_is_low() -> None:
    random = np.random.default_rng(2)
    piece, heard = random.normal(0, 3000, 2000), random.normal(0, 3000, 10000)
    assert levels.correlate(piece.astype(np.int16), heard.astype(np.int16))[1] < 0.15
    assert levels.correlate(piece.astype(np.int16), np.zeros(4000, np.int16))[1] == 0.0
    assert levels.correlate(piece.astype(np.int16), np.zeros(10, np.int16)) == (0, 0.0)
    assert levels.correlate(np.zeros(100, np.int16), heard.astype(np.int16)) == (0, 0.0)


@pytest.mark.parametrize(
    ("source", "target"), [(8000, 16000), (44100, 8000), (48000, 8000), (8000, 44100), (11025, 8000)]
)
def test_resampling_keeps_a_tone_in_its_place(source: int, target: int) -> None:
    def tone(rate: int) -> npt.NDArray[np.float64]:
        n = np.arange(rate // 2, dtype=np.float64)
        wave: npt.NDArray[np.float64] = 8000 * np.sin(2 * np.pi * 1000 / rate * n)
        return wave

    out = resampling.resample(tone(source).astype(np.int16), source, target)
    expected = tone(target)
    assert abs(out.size - target / 2) <= 1
    n = min(out.size, expected.size)
    inner = slice(n // 10, n - n // 10)
    assert np.abs(out[:n][inner] - expected[:n][inner]).max() < 12


def test_resampling_removes_what_the_target_cannot_hold() -> None:
    tone = (8000 * np.sin(2 * np.pi * 6000 / 48000 * np.arange(24000))).astype(np.int16)
    out = resampling.resample(tone, 48000, 8000)
    assert levels.rms(out[400:-400]) < 8000 / 1.414 / 100


def test_resampling_to_the_same_rate_and_of_nothing() -> None:
    pcm = np.arange(10, dtype=np.int16)
    assert np.array_equal(resampling.resample(pcm, 8000, 8000), pcm)
    assert resampling.resample(np.zeros(0, np.int16), 44100, 8000).size == 0
    with pytest.raises(MediaError, match="positive"):
        resampling.resample(pcm, 0, 8000)


def test_half_band_frames_join_without_a_seam() -> None:
    tone = tones.sine(1000, 200, 8000)
    whole = resampling.HalfBand().up(tone)
    stream = resampling.HalfBand()
    frames = np.concatenate([stream.up(tone[i : i + 160]) for i in range(0, tone.size, 160)])
    assert np.array_equal(frames, whole)
    down = resampling.HalfBand()
    back = np.concatenate([down.down(frames[i : i + 320]) for i in range(0, frames.size, 320)])
    # 23 samples of delay at 16 kHz each way.
    assert np.abs(back[100:1500].astype(int) - tone[77:1477]).max() < 12
    with pytest.raises(MediaError, match="even"):
        down.down(np.zeros(3, np.int16))
