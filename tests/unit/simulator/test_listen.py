"""What a recording tells: sound, tones, keys."""

import numpy as np
import pytest

from offhook.audio import tables, tones
from offhook.audio.resampling import resample
from offhook.simulator import listen
from offhook.speech.tonecode import encode


def quiet(ms: int) -> tables.Pcm:
    noise = np.random.default_rng(ms).normal(0, 5, ms * 8)
    return noise.astype(np.int16)


def test_segments_have_their_times_and_join_over_short_pauses() -> None:
    words = [tones.sine(300, 400), quiet(200), tones.sine(500, 400)]
    pcm = np.concatenate([quiet(1_000), *words, quiet(600), tones.sine(300, 200, 4_000.0), quiet(400)])
    first, second = listen.segments(pcm)
    assert (first.start_ms, first.duration_ms, first.end_ms) == (1_000, 1_000, 2_000)
    assert (second.start_ms, second.duration_ms) == (2_600, 200)
    assert second.level == pytest.approx(-21.3, abs=0.2)
    assert listen.segments(quiet(1_000)) == []
    assert listen.segments(np.zeros(0, np.int16)) == []


@pytest.mark.parametrize("hertz", [300.0, 440.0, 1_000.0, 1_234.0, 2_600.0])
@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_tones_are_measured(hertz: float, codec: str) -> None:
    pcm = np.concatenate([quiet(500), tones.sine(hertz, 400), quiet(500)])
    (tone,) = listen.tones(tables.decode(codec, tables.encode(codec, pcm)))
    assert tone.hertz == pytest.approx(hertz, abs=2.0)
    assert tone.start_ms == pytest.approx(500, abs=20)
    assert tone.duration_ms == pytest.approx(400, abs=40)


def test_a_change_of_frequency_is_two_tones() -> None:
    pcm = np.concatenate([tones.sine(600, 400), tones.sine(900, 400)])
    assert [round(tone.hertz, -1) for tone in listen.tones(pcm)] == [600, 900]


def test_speech_and_noise_are_no_tones() -> None:
    noise = np.random.default_rng(1).normal(0, 2_000, 16_000).astype(np.int16)
    assert listen.tones(noise) == []
    assert listen.tones(encode("some words that are spoken")) == []
    assert listen.tones(np.zeros(100, np.int16)) == []


@pytest.mark.parametrize("key", "0123456789*#ABCD")
def test_keys_in_the_audio(key: str) -> None:
    pcm = np.concatenate([quiet(300), tones.dtmf(key, 100), quiet(100), tones.dtmf(key, 60), quiet(300)])
    found = listen.key_tones(tables.decode("PCMU", tables.encode("PCMU", pcm)))
    assert [tone.key for tone in found] == [key, key]
    assert found[0].start_ms == pytest.approx(300, abs=20)
    assert found[0].duration_ms == pytest.approx(100, abs=20)


def test_speech_and_single_tones_press_no_keys() -> None:
    assert listen.key_tones(encode("Press 1 for sales, 770 or 1336.")) == []
    assert listen.key_tones(tones.sine(697, 500)) == []
    assert listen.key_tones(np.random.default_rng(1).normal(0, 3_000, 80_000).astype(np.int16)) == []


@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_frequency_level_and_length(rate: int) -> None:
    time = np.arange(rate) / rate
    inside = (8_000 * np.sin(2 * np.pi * 1_000 * time)).astype(np.int16)
    outside = (8_000 * np.sin(2 * np.pi * 5_000 * time)).astype(np.int16)
    kept = resample(inside, rate, 8_000)
    assert kept.size == 8_000
    expected = tones.sine(1_000, 1_000).astype(float)
    assert np.abs(kept[200:-200] - expected[200:-200]).max() < 20
    assert np.abs(resample(outside, rate, 8_000)[200:-200]).max() < 10
