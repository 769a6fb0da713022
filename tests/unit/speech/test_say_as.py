"""`say-as` as words."""

import pytest

from offhook.speech.phonemes import from_x_sampa, to_espeak
from offhook.speech.say_as import normalise


@pytest.mark.parametrize(
    ("text", "kind", "form", "language", "words"),
    [
        ("1203", "digits", "", "en-US", "1, 2, 0, 3"),
        ("abc1", "characters", "", "en-US", "A, B, C, 1"),
        ("1,234,567", "cardinal", "", "en-US", "1234567"),
        ("1", "ordinal", "", "en-US", "1st"),
        ("12", "ordinal", "", "en-US", "12th"),
        ("122", "ordinal", "", "en-US", "122nd"),
        ("3", "ordinal", "", "de-DE", "3."),
        ("1", "ordinal", "", "fr-FR", "1er"),
        ("+44 20-7946", "telephone", "", "en-GB", "+, 4 4, 2 0, 7 9 4 6"),
        ("3/4", "fraction", "", "en-US", "three quarters"),
        ("5/7", "fraction", "", "en-US", "5 over 7"),
        ("09/08/2021", "date", "mdy", "en-US", "September 8th 2021"),
        ("8.9.2021", "date", "dmy", "fr-FR", "8 septembre 2021"),
        ("8.9.2021", "date", "dmy", "de-DE", "8. September 2021"),
        ("20210908", "date", "yyyymmdd", "en-US", "September 8th 2021"),
        ("????0908", "date", "yyyymmdd", "en-US", "September 8th"),
        ("13/45/2021", "date", "mdy", "en-US", "13/45/2021"),
        ("tomorrow", "date", "mdy", "en-US", "tomorrow"),
        ("10ft", "unit", "", "en-US", "10ft"),
    ],
)
def test_normalised(text: str, kind: str, form: str, language: str, words: str) -> None:
    assert normalise(text, kind, form, language) == words


def test_phonetic_alphabets() -> None:
    assert from_x_sampa('p@"kA:n') == "pəˈkɑːn"
    assert to_espeak("pəˈkɑːn") == "p@'kA:n"
    assert to_espeak("tʃiːz") == "tSi:z"
    assert to_espeak("aƟb") == "ab"
