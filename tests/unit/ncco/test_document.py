"""The document as a whole: shape, bounds, both spellings, findings."""

from typing import Any

import pytest
from tests.unit.ncco.harness import errors, warnings

from offhook.core.errors import NccoError
from offhook.ncco.document import check, parse
from offhook.ncco.settings import Limits

TALK = {"action": "talk", "text": "a"}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        (None, "", "an NCCO must be an array of actions in square brackets, not null"),
        (TALK, "", "not an object"),
        ("talk", "", 'not "talk"'),
        (["talk"], "[0]", 'must be an object with an action, not "talk"'),
        ([TALK, None], "[1]", "not null"),
        ([TALK, {}], "[1].action", "is missing; give one of connect, conversation, input, notify, record"),
        ([{"action": None}], "[0].action", "is missing"),
        ([{"action": 5}], "[0].action", "must be the name of an action in quotes, not 5"),
        ([{"action": "tlak"}], "[0].action", 'there is no action "tlak"; did you mean talk?'),
        ([{"action": "Talk"}], "[0].action", "did you mean talk?"),
        ([{"action": "zzz"}], "[0].action", "use one of connect, conversation, input"),
        ([TALK] * 501, "", "the NCCO has 501 actions; at most 500 are accepted"),
        ([{"action": "talk", "text": "x" * 262_144}], "", "the NCCO is larger than 262144 bytes"),
        ([{"action": "talk", "x" * 262_144: 1}], "", "the NCCO is larger than"),
        ([0] * 262_145, "", "the NCCO is larger than"),
        (nested(33), "", "the NCCO is nested deeper than 32 levels"),
        (nested(100_000), "", "the NCCO is nested deeper"),
        ([{"action": "talk", "text": "\ud83d"}], "", "half a surrogate pair"),
        ([{"action": "talk", "\ud83d": 1}], "", "half a surrogate pair"),
        (
            [{"action": "transfer"}],
            "[0].action",
            "the action transfer is not supported by this version of the server",
        ),
        ([{"action": "pay"}], "[0].action", "the action pay is retired"),
    ],
)
def test_refused(document: Any, path: str, words: str) -> None:
    with pytest.raises(NccoError) as caught:
        parse(document)
    assert caught.value.path == path
    assert words in caught.value.problem
    assert (caught.value.path, caught.value.problem) == errors(document)[0]


def test_the_first_error_is_raised_and_all_are_listed() -> None:
    document = [{"action": "talk", "level": 2}, {"action": "pay"}]
    assert [path for path, _ in errors(document)] == ["[0].text", "[0].level", "[1].action"]
    with pytest.raises(NccoError, match=r"^\[0\]\.text: is missing"):
        parse(document)


def test_limits_are_the_callers() -> None:
    with pytest.raises(NccoError, match="at most 1 are"):
        parse([TALK, TALK], limits=Limits(actions=1))
    assert check([{"action": "talk", "text": "abc"}], limits=Limits(spoken=2))[0].path == "[0].text"


def test_an_empty_array_is_a_program() -> None:
    assert len(parse([])) == 0
    assert check([]) == []


@pytest.mark.parametrize("spelling", ["eventUrl", "event_url"])
def test_c13_both_spellings(spelling: str) -> None:
    document = [{"action": "notify", "payload": {}, spelling: ["https://a.example/"]}]
    assert check(document) == []


def test_camel_case_wins_where_both_are_given() -> None:
    program = parse([{"action": "wait", "timeout": 1}, {**TALK, "bargeIn": False, "barge_in": True}])
    program.take()
    talk = program.take()
    assert getattr(talk, "barge_in", None) is False


def test_unknown_options_are_tolerated_and_named() -> None:
    document = [{**TALK, "voice": "x", "txet": 1, "nothing": None}]
    assert errors(document) == []
    assert warnings(document) == [
        ("[0].voice", "is not a known option and is ignored"),
        ("[0].txet", "is not a known option and is ignored; did you mean text?"),
    ]


def test_a_flood_of_unknown_options_is_cut_short() -> None:
    document = [{**TALK, **{f"option{n}": 1 for n in range(5000)}}]
    assert len(warnings(document)) == 10
    assert len(parse(document)) == 1


def test_checking_does_not_run_the_program() -> None:
    program = parse([TALK, TALK])
    assert len(program) == 2
    program.take()
    assert len(program) == 1
    assert program.take() is not None
    assert program.take() is None
