"""Scripts as text."""

import pytest

from offhook.core.errors import Invalid
from offhook.simulator import script as s


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ('wait-speech; say "hello"; hangup', (s.WaitSpeech(), s.Speak("hello"), s.HangUp())),
        ("wait 2.5; wait 3s", (s.Wait(2.5), s.Wait(3.0))),
        ("wait-speech 5; wait-silence 1.5", (s.WaitSpeech(5.0), s.WaitSilence(1.5))),
        ("press 12*#p3", (s.Press("12*#p3"),)),
        ("press in-band 5 6", (s.Press("56", in_band=True),)),
        ("say 'a; b' fr-FR", (s.Speak("a; b", "fr-FR"),)),
        ("tone 1000", (s.Tone(1000.0),)),
        ("tone 440 0.5\nrecord 'my file.wav'\n", (s.Tone(440.0, 0.5), s.Record("my file.wav"))),
        ("\n\nplay x.wav", (s.PlayFile("x.wav"),)),
        ("WAIT-HANGUP 3;;", (s.WaitHangUp(3.0),)),
    ],
)  # fmt: skip
def test_steps(text: str, steps: s.Script) -> None:
    assert s.parse(text) == steps


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dance", r"step 1: 'dance' is not known; use one of wait-speech"),
        ("wait 1; wait", r"step 2: the number of seconds is missing; write `wait SECONDS`"),
        ("wait soon", "'soon' is not a number"),
        ("wait -1", "not between 0 and 86400"),
        ("wait nan", "not between 0 and 86400"),
        ("press", "is not a row of keys"),
        ("press 1x", "'1x' is not a row of keys"),
        ("tone 9000", "does not fit a telephone call"),
        ("hangup now", "'now' is one word too many"),
        ("say hello there you", "'you' is one word too many"),
        ('say "hello', "a quotation mark is never closed"),
    ],
)
def test_what_is_wrong_is_named(text: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        s.parse(text)
    assert caught.value.field == "script"
    assert problem in str(caught.value)
