"""The tables of docs/specs are the specification: every row is compared with the code, in both directions."""

from pathlib import Path

import pytest

from offhook.sip.session.table import CALLEE, CALLER, EITHER, SESSION, On, Phase, Verb
from offhook.sip.session.verbs import VERBS
from offhook.sip.transaction.machine import TABLES, Kind
from offhook.sip.transaction.table import Do, State

SPECS = Path(__file__).parents[3] / "docs" / "specs"


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    text = (SPECS / page).read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines[1:]]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("INVITE client", Kind.INVITE_CLIENT),
        ("Non-INVITE client", Kind.CLIENT),
        ("INVITE server", Kind.INVITE_SERVER),
        ("Non-INVITE server", Kind.SERVER),
    ],
)
def test_transaction_tables_are_those_of_the_page(heading: str, kind: Kind) -> None:
    written = {
        (state, given): (following, () if does == "–" else tuple(does.split(", ")))
        for state, given, following, does, _ in rows("sip-transaction.md", heading)
    }
    coded = {
        (state.value, on.value): (row.next.value, tuple(do.value for do in row.do))
        for (state, on), row in TABLES[kind].items()
    }
    assert written == coded


@pytest.mark.parametrize(("heading", "table"), [("Caller", CALLER), ("Callee", CALLEE), ("Either", EITHER)])
def test_session_tables_are_those_of_the_page(heading: str, table: object) -> None:
    written = {
        (phase, on): (following, verb) for phase, on, following, verb, _ in rows("sip-session.md", heading)
    }
    assert isinstance(table, dict)
    coded = {(p.value, o.value): (row.next.value, row.verb.value) for (p, o), row in table.items()}
    assert written == coded


def test_no_pair_is_in_two_session_tables() -> None:
    assert len(SESSION) == len(CALLER) + len(CALLEE) + len(EITHER)


def test_every_verb_has_its_function_and_every_verb_is_used() -> None:
    assert set(VERBS) == set(Verb) == {row.verb for row in SESSION.values()}


def test_every_phase_can_be_reached_and_can_end() -> None:
    reached = {row.next for row in SESSION.values()} | {Phase.CALLING, Phase.INCOMING}
    assert reached == set(Phase)
    for start in Phase:
        seen, frontier = {start}, [start]
        while frontier:
            here = frontier.pop()
            for (phase, _), row in SESSION.items():
                if phase is here and row.next not in seen:
                    seen.add(row.next)
                    frontier.append(row.next)
        assert Phase.ENDED in seen, f"{start} never ends"


def test_hang_up_is_answered_in_every_living_phase() -> None:
    silent = {Phase.CANCEL_WANTED, Phase.CANCELLING, Phase.LEAVING, Phase.ENDED}
    assert {phase for phase, on in SESSION if on is On.HANG_UP} == set(Phase) - silent


@pytest.mark.parametrize("kind", list(Kind))
def test_every_transaction_state_can_end(kind: Kind) -> None:
    table = TABLES[kind]
    for start in {state for state, _ in table}:
        seen, frontier = {start}, [start]
        while frontier:
            here = frontier.pop()
            frontier += [row.next for (s, _), row in table.items() if s is here and row.next not in seen]
            seen.update(row.next for (s, _), row in table.items() if s is here)
        assert State.TERMINATED in seen


@pytest.mark.parametrize("kind", list(Kind))
def test_every_timer_that_is_started_has_a_row_where_it_fires(kind: Kind) -> None:
    table = TABLES[kind]
    for row in table.values():
        for do in row.do:
            if do.name.startswith("START_"):
                fired = f"timer {do.value.removeprefix('start ')}"
                assert any(s is row.next and on.value == fired for s, on in table), f"{do} in {row}"


def test_failures_are_acknowledged_by_the_transaction_and_answers_are_not() -> None:
    table = TABLES[Kind.INVITE_CLIENT]
    for (_, on), row in table.items():
        assert (Do.SEND_ACK in row.do) == (on.value == "3xx-6xx")
