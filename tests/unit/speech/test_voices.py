"""Every language of the platform has a voice or a refusal that names it."""

import pytest

from offhook.core.errors import SpeechError
from offhook.speech import voices

PLATFORM = [
    "ar", "bn-IN", "ca-ES", "cmn-CN", "cmn-TW", "cs-CZ", "cy-GB", "da-DK",
    "de-DE", "el-GR", "en-AU", "en-GB", "en-GB-WLS", "en-IN", "en-US", "en-ZA",
    "es-ES", "es-MX", "es-US", "eu-ES", "fi-FI", "fr-CA", "fr-FR", "he-IL",
    "hi-IN", "hu-HU", "id-ID", "is-IS", "it-IT", "ja-JP", "ko-KR", "ml-IN",
    "nb-NO", "nl-NL", "no-NO", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU",
    "sk-SK", "sv-SE", "ta-IN", "te-IN", "tr-TR", "uk-UA", "vi-VN", "yue-CN",
]  # fmt: skip


@pytest.mark.parametrize("code", PLATFORM)
def test_language_has_a_voice(code: str) -> None:
    assert voices.find(code).language == code


def test_codes_are_read_in_any_case() -> None:
    assert voices.find("EN-us").language == "en-US"
    assert voices.find("en_GB").language == "en-GB"


@pytest.mark.parametrize("code", ["xx-XX", "", "en", "fil-PH", "th-TH"])
def test_language_without_a_voice_is_refused_by_name(code: str) -> None:
    with pytest.raises(SpeechError) as caught:
        voices.find(code)
    assert code in str(caught.value)


def test_styles_of_a_language_sound_different() -> None:
    found = [voices.find("en-US", style) for style in range(12)]
    assert len({(voice.name, voice.pitch) for voice in found}) == 12
    assert found[0].gender == "female"
    assert found[9].gender == "male"


def test_unknown_style_is_the_first_one() -> None:
    assert voices.find("en-US", 99) == voices.find("en-US", 0)
    assert voices.find("en-US", -1) == voices.find("en-US", 0)


def test_kanji_are_refused_and_kana_are_not() -> None:
    voices.check_text("ja-JP", "こんにちは")
    voices.check_text("cmn-CN", "你好")
    with pytest.raises(SpeechError, match="kana"):
        voices.check_text("ja-JP", "日本")
