"""Languages, styles and the names that came before them."""

import pytest

from offhook.ncco import voices
from offhook.ncco.spoken import is_ssml, spoken_length


def test_the_tables_are_complete() -> None:
    # 96 documented rows of which Henrik and Nora have two each, and four names listed without a row.
    assert len(voices.NAMES) == 94 + 4
    # 215 documented voices, and the two of no-NO.
    assert sum(voices.STYLES.values()) == 215 + 2
    assert len(voices.STYLES) == 49 + 1


@pytest.mark.parametrize("name", voices.NAMES)
def test_every_name_stands_for_an_existing_style(name: str) -> None:
    language, style = voices.NAMES[name]
    assert 0 <= style < voices.STYLES[language]
    assert voices.resolve(None, None, name.upper()) == (language, style)


@pytest.mark.parametrize(
    ("language", "style", "name", "expected"),
    [
        (None, None, None, ("en-US", 0)),
        (None, 5, None, ("en-US", 5)),
        (None, 12, None, ("en-US", 0)),
        ("EN-us", 11, None, ("en-US", 11)),
        ("cy-GB", 1, None, ("cy-GB", 0)),
        (" nb-no ", 7, None, ("nb-NO", 7)),
        ("pa-in", 40, None, ("pa-IN", 40)),
        ("xx-XX", 3, None, ("xx-XX", 3)),
        (None, None, "Kimberly", ("en-US", 0)),
        (None, None, "Henrik", ("nb-NO", 7)),
        (None, None, "nobody", ("en-US", 0)),
        ("fr-FR", None, "Kimberly", ("fr-FR", 0)),
        ("", 2, None, ("en-US", 2)),
    ],
)
def test_resolve(
    language: str | None, style: int | None, name: str | None, expected: tuple[str, int]
) -> None:
    assert voices.resolve(language, style, name) == expected


@pytest.mark.parametrize(
    ("text", "ssml", "length"),
    [
        ("abc", False, 3),
        ("a < b > c", False, 9),
        ("<b>abc</b>", False, 10),
        ("<speak>abc</speak>", True, 3),
        (" <SPEAK version='1'>a<break/>b</SPEAK>", True, 3),
        ("<speaker>abc</speaker>", False, 22),
        ("<speak>a<b", True, 3),
        ("<speak>a < b</speak>", True, 2),
        ("<speak/>", True, 0),
        ("<speak", False, 6),
        ("", False, 0),
    ],
)
def test_spoken_length(text: str, ssml: bool, length: int) -> None:
    assert is_ssml(text) is ssml
    assert spoken_length(text) == length
