"""SSML becomes segments; what cannot be read says where."""

import pytest

from offhook.core.errors import SpeechError
from offhook.speech.base import SILENT, Mark, Say, Silence
from offhook.speech.ssml import is_ssml, parse


def spoken(markup: str) -> list[object]:
    return list(parse(f"<speak>{markup}</speak>", "en-US"))


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("<speak>a</speak>", True),
        ("  <speak xml:lang='en'>a</speak>", True),
        ("<?xml version='1.0'?><speak/>", True),
        ("<speaker>a</speaker>", False),
        ("1 < 2", False),
        ("", False),
    ],
)
def test_the_root_tag_decides(text: str, markup: bool) -> None:
    assert is_ssml(text) is markup


def test_plain_text_is_one_segment_with_its_markup_characters() -> None:
    assert parse("a < b\n & c", "en-US") == [Say("a < b & c")]
    assert parse("  ", "en-US") == []


@pytest.mark.parametrize(
    ("attributes", "milliseconds"),
    [
        ("time='0.5s'", 500),
        ("time='1500ms'", 1500),
        ("time='2s'", 2000),
        ("strength='strong'", 600),
        ("", 250),
    ],
)
def test_break_is_silence(attributes: str, milliseconds: int) -> None:
    assert spoken(f"a<break {attributes}/>b") == [Say("a"), Silence(milliseconds), Say("b")]


def test_break_without_strength_is_no_pause_and_does_not_cut_the_sentence() -> None:
    assert spoken("a <break strength='none'/>b") == [Say("a b")]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("rate='slow'", Say("x", rate=0.75)),
        ("rate='150%'", Say("x", rate=1.5)),
        ("rate='+20%'", Say("x", rate=1.2)),
        ("rate='2'", Say("x", rate=2.0)),
        ("pitch='+12st'", Say("x", pitch=2.0)),
        ("pitch='-10%'", Say("x", pitch=0.9)),
        ("pitch='x-low'", Say("x", pitch=0.7)),
        ("volume='+6dB'", Say("x", gain=6.0)),
        ("volume='silent'", Say("x", gain=SILENT)),
        ("volume='soft'", Say("x", gain=-6.0)),
        ("duration='3s' contour='(0%,+20Hz)'", Say("x")),
    ],
)
def test_prosody(attributes: str, expected: Say) -> None:
    assert spoken(f"<prosody {attributes}>x</prosody>") == [expected]


def test_nested_prosody_multiplies_and_ends_with_its_tag() -> None:
    text = "<prosody rate='2'>a<prosody rate='50%' volume='-3dB'>b</prosody></prosody>c"
    assert spoken(text) == [Say("a", rate=2.0), Say("b", rate=1.0, gain=-3.0), Say("c")]


def test_language_and_alias_and_phonemes() -> None:
    assert spoken("<lang xml:lang='fr-FR'>Paris</lang>") == [Say("Paris", language="fr-FR")]
    assert spoken("<sub alias='World Wide Web'>WWW</sub>") == [Say("World Wide Web")]
    assert spoken("<phoneme alphabet='ipa' ph='pɪˈkɑːn'>pecan</phoneme>") == [
        Say("pecan", phonemes="pɪˈkɑːn")
    ]
    sampa = "<phoneme alphabet='x-sampa' ph='pI&quot;kA:n'>pecan</phoneme>"
    assert spoken(sampa) == [Say("pecan", phonemes="pɪˈkɑːn")]


def test_sentences_and_paragraphs_pause_once() -> None:
    assert spoken("<p><s>a</s><s>b</s></p>c") == [Say("a"), Silence(250), Say("b"), Silence(850), Say("c")]


def test_marks_keep_their_place_and_unknown_tags_their_text() -> None:
    assert spoken("a<mark name='here'/>b") == [Say("a"), Mark("here"), Say("b")]
    assert spoken("a <blink>b</blink> c") == [Say("a b c")]


def test_punctuation_after_a_tag_is_not_left_alone() -> None:
    assert spoken("<emphasis level='strong'>a</emphasis>.") == [Say("a.", rate=0.85, pitch=1.15, gain=4.0)]


def test_expletives_are_not_spoken() -> None:
    assert spoken("a <say-as interpret-as='expletive'>x</say-as>") == [Say("a"), Silence(400)]


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("<speak>a", "line 1, column 9", "no element found"),
        ("<speak>\n <break time='soon'/></speak>", "line 2, column 2", "500ms or 0.5s"),
        ("<speak><break time='90s'/></speak>", "line 1, column 8", "longest pause"),
        ("<speak>a & b</speak>", "line 1, column 11", "not well-formed"),
        ("<speak><sub>a</sub></speak>", "line 1, column 8", "needs the attribute alias"),
        ("<speak><prosody rate='150'>a</prosody></speak>", "line 1, column 8", "outside"),
        ("<speak><prosody pitch='200Hz'>a</prosody></speak>", "line 1, column 8", "x-low"),
        ("<speak><phoneme alphabet='arpa' ph='x'>a</phoneme></speak>", "line 1, column 8", "ipa or x-sampa"),
        ("<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", "line 1, column 1", "<!DOCTYPE"),
        ("<speak>" + "<p>" * 70, "line 1", "nested more than 64"),
    ],
)
def test_what_cannot_be_read_names_the_place(text: str, place: str, problem: str) -> None:
    with pytest.raises(SpeechError) as caught:
        parse(text, "en-US")
    assert place in str(caught.value)
    assert problem in str(caught.value)
    assert not caught.value.retryable
