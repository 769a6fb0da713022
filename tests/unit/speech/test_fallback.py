"""Several engines as one."""

from collections.abc import Callable
from typing import Any

import pytest

from offhook.core.errors import SpeechError
from offhook.speech.base import Say, Spoken
from offhook.speech.fallback import FallbackTTS


async def spoken(engine: Any, language: str, text: str = "x") -> list[Spoken]:
    return [piece async for piece in engine.synthesise([Say(text), Say(text)], engine.voice(language, 0))]


def test_each_language_goes_to_the_first_engine_that_has_it(run: Callable[..., Any], fake_tts: Any) -> None:
    english, both = fake_tts(languages=("en-US",)), fake_tts(languages=("en-US", "fr-FR"))
    engine = FallbackTTS([english, both])
    run(spoken(engine, "en-US"))
    run(spoken(engine, "fr-FR"))
    assert (len(english.asked), len(both.asked)) == (1, 1)
    assert [voice.language for voice in engine.voices()] == ["en-US", "fr-FR"]


def test_an_engine_that_fails_before_it_spoke_is_followed_by_the_next(
    run: Callable[..., Any], fake_tts: Any
) -> None:
    broken, sound = fake_tts(), fake_tts()
    broken.failure = SpeechError("broken", retryable=True)
    assert len(run(spoken(FallbackTTS([broken, sound]), "en-US"))) == 2
    assert len(sound.asked) == 1


def test_an_engine_that_fails_half_way_is_an_error(run: Callable[..., Any], fake_tts: Any) -> None:
    broken, sound = fake_tts(), fake_tts()
    broken.failure, broken.fail_after = SpeechError("broken"), 1
    with pytest.raises(SpeechError, match="broken"):
        run(spoken(FallbackTTS([broken, sound]), "en-US"))
    assert sound.asked == []


def test_a_language_that_none_has_names_every_refusal(fake_tts: Any) -> None:
    with pytest.raises(SpeechError, match="does not speak de-DE; fake does not speak de-DE"):
        FallbackTTS([fake_tts(), fake_tts()]).voice("de-DE", 0)
    with pytest.raises(ValueError, match="at least one"):
        FallbackTTS([])
