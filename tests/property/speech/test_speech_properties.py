"""Any text: SSML is read or refused with a place, and the tone code brings words back."""

import string

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.audio import tables
from offhook.core.errors import SpeechError
from offhook.speech import ssml, tonecode
from offhook.speech.base import Say, Silence

pieces = st.sampled_from(
    [
        "<break time='1s'/>", "<p>", "</p>", "<s>", "</s>", "<prosody rate='fast'>", "</prosody>", "word",
        " ", "&amp;", "&", "<", ">", "<say-as interpret-as='date' format='mdy'>", "1/2/03", "</say-as>",
        "-->", "<![CDATA[x]]>", "<!--", "<sub alias='a'>", "</sub>", "\x00", "é", "\ud800",
        "<mark name='m'/>",
        "<phoneme ph='tS' alphabet='x-sampa'>", "</phoneme>",
    ]
)  # fmt: skip


@given(st.lists(pieces, max_size=20).map("".join))
@settings(max_examples=150, deadline=None)
def test_markup_is_read_or_refused_with_its_place(body: str) -> None:
    try:
        segments = ssml.parse(f"<speak>{body}</speak>", "en-US")
    except SpeechError as error:
        problem = str(error)
        segments = []
    else:
        problem = "line"
    assert "line" in problem
    for segment in segments:
        if isinstance(segment, Say):
            assert segment.text or segment.phonemes
        if isinstance(segment, Silence):
            assert segment.milliseconds > 0


@given(st.text(max_size=400))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_as_something(text: str) -> None:
    try:
        ssml.parse(text, "de-DE")
    except SpeechError:
        assert ssml.is_ssml(text)


@given(st.text(max_size=40) | st.text(string.printable, max_size=80), st.integers(0, 2_000), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_tone_code_survives_the_telephone(text: str, lead: int, law: bool) -> None:
    codec = "PCMU" if law else "PCMA"
    wave = np.concatenate([np.zeros(lead, np.int16), tonecode.encode(text)])
    (utterance,) = tonecode.read(tables.decode(codec, tables.encode(codec, wave)))
    assert utterance.complete
    assert utterance.text == text.encode("utf-8", "replace").decode()
    assert utterance.start == lead + tonecode.LEAD
