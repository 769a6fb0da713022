"""Barge-in: sticky, jumps to the input, keeps the key; see the rules in docs/specs/ncco.md."""

from typing import Any

import pytest
from tests.unit.ncco.harness import START, Leg, warnings

from offhook.core.clock import seconds
from offhook.ncco.effects import Barge, ListenKeys, SendWebhook, SetTimer, StartTalk, StopPlayback
from offhook.ncco.events import Digit, PlaybackFinished, Transfer

KEY = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 10}}
FILE = {"action": "stream", "streamUrl": ["https://files.example/a.mp3"]}


def talk(text: str, *, barge_in: Any = None) -> dict[str, Any]:
    return {"action": "talk", "text": text, "bargeIn": barge_in}


def digits(leg: Leg) -> str:
    return str(leg.last(SendWebhook).data["dtmf"]["digits"])


def test_s04_the_key_that_interrupts_is_the_first_digit() -> None:
    leg = Leg([talk("menu", barge_in=True), KEY])
    (playback,) = leg.playing
    assert leg.last(StartTalk).barge == Barge(digits=True)
    effects = leg.press("1")
    assert effects[0] == StopPlayback(playback)
    assert digits(leg) == "1"
    assert leg.send(PlaybackFinished(playback, "digit")) == []
    assert len(leg.all(SendWebhook)) == 1


def test_the_end_of_the_prompt_may_be_told_before_the_key() -> None:
    leg = Leg([talk("menu", barge_in=True), talk("more"), KEY])
    leg.play_out("digit")
    assert leg.heard == ["menu"]
    assert leg.last(SetTimer).at == START + seconds(10)
    leg.press("2")
    assert digits(leg) == "2"
    assert leg.all(StopPlayback) == []


def test_s06_only_the_third_prompt_can_be_interrupted() -> None:
    leg = Leg([talk("one"), talk("two"), talk("three", barge_in="true"), KEY])
    for _ in range(2):
        assert leg.last(StartTalk).barge == Barge()
        assert leg.press("5") == []
        leg.play_out()
    assert leg.heard == ["one", "two", "three"]
    assert leg.last(StartTalk).barge == Barge(digits=True)
    leg.press("6")
    assert digits(leg) == "6"


def test_it_is_sticky_until_the_input() -> None:
    leg = Leg([talk("one", barge_in=True), talk("two", barge_in=False), FILE, KEY, talk("five"), KEY])
    leg.play_out()
    assert leg.last(StartTalk).barge == Barge(digits=True)
    leg.play_out()
    leg.press("1")
    leg.reply()
    assert leg.heard[-1] == "five"
    assert leg.last(StartTalk).barge == Barge()
    assert leg.press("2") == []


def test_it_jumps_over_every_prompt_that_is_left() -> None:
    leg = Leg([talk("one", barge_in=True), talk("two"), FILE, talk("four"), KEY])
    leg.press("3")
    assert leg.heard == ["one"]
    assert digits(leg) == "3"


def test_it_may_be_asked_for_again() -> None:
    leg = Leg([talk("one", barge_in=True), talk("two", barge_in=True), talk("three", barge_in=True), KEY])
    leg.play_out()
    leg.play_out("digit")
    assert leg.heard == ["one", "two"]
    leg.press("1")
    assert digits(leg) == "1"


def test_timers_of_the_input_start_after_the_prompts() -> None:
    leg = Leg([talk("one", barge_in=True), talk("two"), KEY])
    leg.wait(20)
    leg.play_out()
    leg.wait(20)
    assert leg.timers == {}
    leg.play_out()
    assert leg.last(SetTimer).at == START + seconds(50)


@pytest.mark.parametrize("kind", ["done", "failed", "speech", "stopped"])
def test_other_ends_lead_to_the_next_prompt(kind: str) -> None:
    """Speech interrupts only when the input listens to it, which a key input does not."""
    leg = Leg([talk("one", barge_in=True), talk("two"), KEY])
    leg.play_out(kind)
    assert leg.heard == ["one", "two"]


@pytest.mark.parametrize(
    "between",
    [
        [],
        [{"action": "wait", "timeout": 1}, KEY],
        [{"action": "record"}, KEY],
        [talk("b"), {"action": "notify", "payload": {}, "eventUrl": ["https://a.example/"]}, KEY],
    ],
)
def test_it_is_ignored_unless_it_leads_to_an_input(between: list[Any]) -> None:
    document = [talk("a", barge_in=True), *between]
    leg = Leg(document)
    assert leg.last(StartTalk).barge == Barge()
    assert leg.press("1") == []
    assert leg.last(StartTalk).playback in leg.playing
    assert ("[0].bargeIn", "is ignored: only talk and stream may stand between it and an input") in warnings(
        document
    )


def test_a_hash_that_interrupts_submits() -> None:
    leg = Leg(
        [talk("a", barge_in=True), {"action": "input", "type": ["dtmf"], "dtmf": {"submitOnHash": True}}]
    )
    leg.press("#")
    assert leg.last(SendWebhook).data["dtmf"] == {"digits": "", "timed_out": False}


def test_later_keys_go_on_in_the_input() -> None:
    leg = Leg([talk("a", barge_in=True), {"action": "input", "type": ["dtmf"]}])
    leg.press("1234")
    assert digits(leg) == "1234"


def test_a_prompt_can_be_interrupted_for_an_asynchronous_input() -> None:
    leg = Leg(
        [talk("a", barge_in=True), {"action": "input", "type": ["dtmf"], "mode": "asynchronous"}, talk("b")]
    )
    assert leg.all(ListenKeys) == []
    leg.press("7")
    assert leg.all(ListenKeys) == [ListenKeys(None, None, legacy=False)]
    assert leg.heard == ["a", "b"]


@pytest.mark.parametrize("digit", ["A", "", "12"])
def test_what_is_not_a_key_does_not_interrupt(digit: str) -> None:
    leg = Leg([talk("a", barge_in=True), KEY])
    assert leg.send(Digit(digit)) == []


def test_a_replaced_program_takes_its_barge_in_with_it() -> None:
    leg = Leg([talk("a", barge_in=True), KEY])
    leg.send(Transfer(document=[talk("b"), KEY]))
    assert leg.last(StartTalk).barge == Barge()
    assert leg.press("1") == []


def test_anothers_playback_does_not_interrupt() -> None:
    leg = Leg([talk("a", barge_in=True), talk("b"), KEY])
    first = leg.last(StartTalk).playback
    leg.play_out()
    assert leg.send(PlaybackFinished(first, "digit")) == []
    assert leg.heard == ["a", "b"]
