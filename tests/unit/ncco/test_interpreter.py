"""Where programs come from, what replaces them, and how the call ends (S33, S34)."""

import json
from typing import Any

import pytest
from tests.unit.ncco.harness import Leg

from offhook.core.ids import SeededIds
from offhook.ncco.effects import (
    CancelTimer,
    FetchNcco,
    HangUpLeg,
    ReportError,
    StartTalk,
    StopPlayback,
)
from offhook.ncco.events import Begin, Digit, FetchFailed, LegGone, NccoFetched, Transfer
from offhook.ncco.interpreter import Interpreter

SYNTAX = "Syntax error in NCCO. Invalid value type or action."
TALK = [{"action": "talk", "text": "a"}]
BROKEN = [{"action": "talk", "text": "a"}, {"action": "tlak"}]


def asking() -> tuple[Leg, str]:
    leg = Leg()
    (fetch,) = leg.send(Begin())
    assert isinstance(fetch, FetchNcco)
    assert fetch == FetchNcco(fetch.token)
    return leg, fetch.token


def test_asks_the_answer_webhook_and_runs_what_comes() -> None:
    leg, token = asking()
    leg.fetched(token, TALK)
    assert leg.heard == ["a"]


def test_an_inline_document_is_run_at_once() -> None:
    leg = Leg(TALK)
    assert leg.heard == ["a"]
    assert leg.all(FetchNcco) == []


def test_it_begins_once() -> None:
    leg = Leg(TALK)
    assert leg.send(Begin(TALK)) == []
    assert leg.send(Begin()) == []


def test_an_empty_array_ends_the_call() -> None:
    leg, token = asking()
    leg.fetched(token, [])
    assert leg.over == "program finished"


def test_s34_a_broken_answer_is_reported_and_the_fallback_asked() -> None:
    leg, token = asking()
    report, fetch = leg.fetched(token, BROKEN)
    problem = 'there is no action "tlak"; did you mean talk?'
    assert report == ReportError(SYNTAX, {"path": "[1].action", "problem": problem})
    assert isinstance(fetch, FetchNcco)
    assert fetch == FetchNcco(fetch.token, fallback=True, reason=SYNTAX)
    assert fetch.token != token
    assert leg.heard == []
    leg.fetched(fetch.token, TALK, fallback=True)
    assert leg.heard == ["a"]


@pytest.mark.parametrize("document", [None, {}, "", "text", 5, {"action": "talk", "text": "a"}])
def test_an_answer_that_is_no_array_is_broken(document: Any) -> None:
    leg, token = asking()
    report, fetch = leg.fetched(token, document)
    assert isinstance(report, ReportError)
    assert "must be an array of actions" in report.details["problem"]
    assert isinstance(fetch, FetchNcco)


def test_s34_a_broken_fallback_ends_the_call() -> None:
    leg, token = asking()
    leg.fetched(token, BROKEN)
    report, hang_up = leg.fetched(leg.last(FetchNcco).token, BROKEN, fallback=True)
    assert isinstance(report, ReportError)
    assert hang_up == HangUpLeg(SYNTAX)


def test_s34_the_fallback_is_asked_once_whoever_is_said_to_have_answered() -> None:
    leg, token = asking()
    leg.fetched(token, BROKEN)
    leg.fetched(leg.last(FetchNcco).token, BROKEN, fallback=False)
    assert len(leg.all(FetchNcco)) == 2
    assert leg.over == SYNTAX


def test_s33_a_fallback_that_was_asked_already_is_not_asked_again() -> None:
    leg, token = asking()
    leg.fetched(token, BROKEN, fallback=True)
    assert len(leg.all(FetchNcco)) == 1
    assert leg.over == SYNTAX


def test_s33_no_answer_at_all_ends_the_call() -> None:
    leg, token = asking()
    leg.send(FetchFailed(token, "503 twice"))
    assert leg.over == "no NCCO: 503 twice"
    assert leg.fetched(token, TALK) == []


def test_a_broken_inline_document_ends_the_call() -> None:
    leg = Leg(BROKEN)
    assert [type(effect) for effect in leg.effects] == [ReportError, HangUpLeg]


@pytest.mark.parametrize("token", ["", "other"])
def test_an_unknown_token_is_ignored(token: str) -> None:
    leg, _ = asking()
    assert leg.fetched(token, TALK) == []
    assert leg.send(FetchFailed(token, "x")) == []


def test_a_token_works_once() -> None:
    leg, token = asking()
    leg.fetched(token, TALK)
    assert leg.fetched(token, [{"action": "talk", "text": "b"}]) == []
    assert leg.send(FetchFailed(token, "late")) == []
    assert leg.over is None


# --- transfer from outside


def test_a_transfer_replaces_the_program() -> None:
    leg = Leg([*TALK, {"action": "talk", "text": "never"}])
    (playback,) = leg.playing
    stop, start = leg.send(Transfer(document=[{"action": "talk", "text": "b"}]))
    assert stop == StopPlayback(playback)
    assert isinstance(start, StartTalk)
    leg.play_out()
    assert leg.heard == ["a", "b"]
    assert leg.over == "program finished"


def test_a_transfer_to_a_url_stops_the_program_and_asks() -> None:
    leg = Leg([{"action": "wait"}])
    cancel, fetch = leg.send(Transfer(url="https://a.example/n", method="GET"))
    assert isinstance(cancel, CancelTimer)
    assert isinstance(fetch, FetchNcco)
    assert fetch == FetchNcco(fetch.token, "https://a.example/n", "GET")
    assert leg.press("1") == []
    leg.fetched(fetch.token, TALK)
    assert leg.heard == ["a"]


def test_a_transfer_to_a_broken_url_falls_back_and_names_it() -> None:
    leg = Leg(TALK)
    leg.send(Transfer(url="https://a.example/n"))
    _, fetch = leg.fetched(leg.last(FetchNcco).token, BROKEN)
    assert isinstance(fetch, FetchNcco)
    assert fetch == FetchNcco(fetch.token, "https://a.example/n", None, True, SYNTAX)
    leg.send(FetchFailed(fetch.token, "no fallback"))
    assert leg.over == "no NCCO: no fallback"


def test_a_transfer_to_a_broken_document_changes_nothing() -> None:
    leg = Leg(TALK)
    (report,) = leg.send(Transfer(document=BROKEN))
    assert isinstance(report, ReportError)
    assert len(leg.playing) == 1


def test_a_leg_may_begin_with_a_url_of_its_own() -> None:
    """As the called party of a connect with `onAnswer` does."""
    leg = Leg()
    (fetch,) = leg.send(Transfer(url="https://a.example/whisper"))
    assert isinstance(fetch, FetchNcco)
    leg.fetched(fetch.token, TALK)
    assert leg.heard == ["a"]


def test_a_transfer_to_nothing_changes_nothing() -> None:
    assert Leg(TALK).send(Transfer()) == []


def test_a_transfer_to_an_empty_program_ends_the_call() -> None:
    leg = Leg(TALK)
    leg.send(Transfer(document=[]))
    assert leg.over == "program finished"
    assert leg.playing == {}


def test_a_document_given_while_another_is_awaited_counts() -> None:
    leg, token = asking()
    leg.send(Transfer(document=TALK))
    assert leg.fetched(token, [{"action": "talk", "text": "late"}]) == []
    assert leg.heard == ["a"]


def test_the_later_of_two_fetches_counts() -> None:
    leg, token = asking()
    leg.send(Transfer(url="https://a.example/n"))
    assert leg.fetched(token, TALK) == []
    leg.fetched(leg.last(FetchNcco).token, TALK)
    assert leg.heard == ["a"]


# --- the end


def test_after_the_hang_up_nothing_starts() -> None:
    leg = Leg([])
    assert leg.over == "program finished"
    assert leg.interpreter.phase == "hung_up"
    assert leg.send(Transfer(document=TALK)) == []
    assert leg.send(Digit("1")) == []
    assert not leg.is_finished()
    assert leg.send(LegGone()) == []
    assert leg.is_finished()


def test_a_leg_that_goes_while_the_answer_is_awaited() -> None:
    leg, token = asking()
    assert leg.send(LegGone()) == []
    assert leg.is_finished()
    assert leg.fetched(token, TALK) == []
    assert leg.send(Transfer(document=TALK)) == []


def test_a_leg_that_never_began() -> None:
    leg = Leg()
    assert leg.send(LegGone()) == []
    assert leg.is_finished()
    assert leg.send(Begin(TALK)) == []


def test_a_stored_interpreter_goes_on_where_it_was() -> None:
    ids = SeededIds(3)
    one = Interpreter(ids)
    (fetch,) = one.handle(0, Begin())
    assert isinstance(fetch, FetchNcco)
    two = Interpreter.load(ids, json.loads(json.dumps(one.dump())))
    (start,) = two.handle(1, NccoFetched(fetch.token, TALK))
    assert isinstance(start, StartTalk)
    assert two.phase == "running"


def test_every_action_starts_once_without_recursion() -> None:
    leg = Leg([{"action": "record"}] * 500)
    assert len(leg.effects) == 501
    assert leg.over == "program finished"
