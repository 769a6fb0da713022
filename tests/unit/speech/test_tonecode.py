"""The tone code: what was said is read back, through everything that a call does to audio."""

import numpy as np
import pytest

from offhook.audio import tables
from offhook.core.errors import SpeechError
from offhook.speech import tonecode
from offhook.speech.tonecode import CHIRP, HEADER, LEAD, SYMBOL, encode, read, spoken

TEXT = "Press 1 for sales. Ünïcode ✓ 000000000"


def padded(*pieces: np.ndarray[tuple[int], np.dtype[np.int16]], gap: int = 4_000) -> tonecode.Samples:
    quiet = np.zeros(gap, np.int16)
    return np.concatenate([quiet, *(part for piece in pieces for part in (piece, quiet))])


def test_text_comes_back_with_its_place_and_length() -> None:
    found = read(padded(encode(TEXT), gap=1_234))
    assert [utterance.text for utterance in found] == [TEXT]
    assert found[0].complete
    assert found[0].start == 1_234 + LEAD
    assert found[0].samples == CHIRP + (HEADER + len(TEXT.encode())) * SYMBOL


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize("gain", [1.0, 0.1, 2.5])
def test_codec_and_level_do_not_matter(codec: str, gain: float) -> None:
    wave = np.clip(padded(encode(TEXT)) * gain, -32768, 32767).astype(np.int16)
    assert spoken(tables.decode(codec, tables.encode(codec, wave))) == [TEXT]


def test_utterances_are_told_apart() -> None:
    assert spoken(padded(encode("one"), encode("two"), encode(""), encode("two"), gap=0)) == [
        "one",
        "two",
        "",
        "two",
    ]


def test_cut_speech_is_reported_up_to_the_cut() -> None:
    audio = encode("interrupted by a key")
    cut = audio[: LEAD + CHIRP + SYMBOL * (HEADER + 11)]
    for recording in (cut, padded(cut)):
        (utterance,) = read(recording)
        assert (utterance.text, utterance.complete) == ("interrupted", False)
    assert spoken(padded(cut)) == []


def test_lost_packet_makes_it_incomplete() -> None:
    audio = encode("one packet is gone").copy()
    place = LEAD + CHIRP + SYMBOL * (HEADER + 4)
    audio[place : place + SYMBOL] = 0
    (utterance,) = read(padded(audio))
    assert utterance.text.endswith("acket is gone")
    assert not utterance.complete


def test_noise_and_tones_and_silence_say_nothing() -> None:
    noise = np.random.default_rng(1).normal(0, 3_000, 80_000).astype(np.int16)
    tone = (8_000 * np.sin(2 * np.pi * 1_000 / 8_000 * np.arange(80_000))).astype(np.int16)
    assert read(noise) == []
    assert read(tone) == []
    assert read(np.zeros(80_000, np.int16)) == []
    assert read(np.zeros(10, np.int16)) == []


def test_speech_survives_noise() -> None:
    wave = padded(encode(TEXT))
    noisy = wave + np.random.default_rng(2).normal(0, 300, wave.size).astype(np.int16)
    assert spoken(noisy) == [TEXT]


def test_one_character_takes_20_ms_and_the_same_text_sounds_the_same() -> None:
    assert encode("ab").size - encode("a").size == 160
    assert np.array_equal(encode(TEXT), encode(TEXT))


def test_no_symbol_is_near_a_key_of_the_telephone() -> None:
    columns = np.array([1209, 1336, 1477, 1633])
    distance = np.abs(tonecode.HIGH_HZ[:, None] - columns) / columns
    assert distance.min() > 0.035
    assert tonecode.LOW_HZ.max() < 1209 * 0.965


def test_text_too_long_is_refused() -> None:
    with pytest.raises(SpeechError, match="65535"):
        encode("x" * 65_536)
