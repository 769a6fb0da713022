"""From segments to a prompt: rate, level and volume."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from offhook.audio.levels import dbov
from offhook.speech.base import SILENT, Say, Segment, Silence
from offhook.speech.render import render

SECOND = 100
"""Characters of the fake engine in one second."""


@pytest.fixture
def speak(run: Callable[[Any], Any], fake_tts: Any) -> Callable[..., Any]:
    def speak(*segments: Segment, **settings: Any) -> Any:
        engine = fake_tts(**settings)
        return run(render(engine, segments, engine.voice("en-US", 0)))

    return speak


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
def test_any_engine_rate_becomes_8_khz(speak: Callable[..., Any], rate: int) -> None:
    pcm = speak(Say("x" * SECOND), Silence(500), rate=rate)
    assert abs(pcm.size - 12_000) <= 2
    assert not np.any(pcm[8_200:])


@pytest.mark.parametrize("level", [1_500, 3_000, 12_000])
def test_every_engine_is_brought_to_one_level(speak: Callable[..., Any], level: int) -> None:
    pcm = speak(Say("x" * SECOND), Silence(2_000), level=level)
    assert dbov(pcm[:8_000]) == pytest.approx(-20, abs=0.5)


def test_volume_is_relative_to_that_level(speak: Callable[..., Any]) -> None:
    pcm = speak(Say("x" * SECOND), Say("x" * SECOND, gain=-12), Say("x" * SECOND, gain=SILENT))
    loud, soft, silent = (pcm[start * 8_000 : (start + 1) * 8_000] for start in range(3))
    assert dbov(loud) == pytest.approx(-20, abs=0.5)
    assert dbov(soft) == pytest.approx(-32, abs=0.5)
    assert not np.any(silent)


def test_silence_and_nothing_stay_what_they_are(speak: Callable[..., Any]) -> None:
    assert speak().size == 0
    assert not np.any(speak(Silence(1_000)))
