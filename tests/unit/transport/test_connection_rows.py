"""The state table of a connection: compared with docs/specs/sip-transport.md and walked row by row."""

from pathlib import Path

import pytest

from offhook.transport.connection import TABLE, Connection, Do, On, State

PAGE = Path(__file__).parents[3] / "docs" / "specs" / "sip-transport.md"
WHOLE = b"OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 3\r\n\r\nabc"
LIMITS = {
    State.DIALLING: On.DIAL_LIMIT,
    State.FRESH: On.FIRST_LIMIT,
    State.IDLE: On.IDLE_LIMIT,
    State.PARTIAL: On.MESSAGE_LIMIT,
}
STARTED_IN = {
    Do.START_DIAL: State.DIALLING,
    Do.START_FIRST: State.FRESH,
    Do.START_IDLE: State.IDLE,
    Do.START_MESSAGE: State.PARTIAL,
}


def in_state(state: State, backlog: int = 1000) -> Connection:
    """A connection that was brought there by what brings one there."""
    made = Connection(dialled=state in (State.DIALLING, State.CLOSED), backlog=backlog)
    if state is State.CLOSED:
        made.happen(On.SHUT)
    elif state in (State.IDLE, State.PARTIAL):
        made.received(WHOLE)
    if state is State.PARTIAL:
        made.received(WHOLE[:20])
    assert made.state is state
    return made


def happen(connection: Connection, on: On) -> list[Do]:
    """Make it happen by the input that stands for it."""
    if on is On.CONNECTED:
        acts = connection.connected()
    elif on is On.MESSAGE:
        acts = connection.received(WHOLE[20:] if connection.state is State.PARTIAL else WHOLE)
    elif on is On.PART:
        acts = connection.received(WHOLE[20:25] if connection.state is State.PARTIAL else WHOLE[:20])
    elif on is On.PING:
        acts = connection.received(b"\r\n\r\n")
    elif on is On.GARBAGE:
        acts = connection.received(b"no header\r\n\r\n")
    elif on in (On.SEND, On.OVERFLOW):
        acts = connection.send(b"x" * (2000 if on is On.OVERFLOW else 10), 0)
    else:
        acts = connection.happen(on)
    return [act.do for act in acts]


@pytest.mark.parametrize(("state", "on"), list(TABLE), ids=lambda value: str(value))
def test_every_row_does_what_it_says(state: State, on: On) -> None:
    row = TABLE[state, on]
    connection = in_state(state)
    done = happen(connection, on)
    assert done == [do for do in row.do if do not in (Do.QUEUE, Do.FLUSH)]
    assert connection.state is row.next


@pytest.mark.parametrize("on", list(On), ids=lambda value: str(value))
def test_a_closed_connection_does_nothing_more(on: On) -> None:
    assert happen(in_state(State.CLOSED), on) == ([Do.ABORT] if on is On.CONNECTED else [])


def test_the_table_is_that_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8").split("\n## One connection\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    written = {}
    for line in lines:
        state, on, following, does, _ = (cell.strip() for cell in line.strip("|").split(" | "))
        written[state, on] = (following, () if does == "–" else tuple(does.split(", ")))
    coded = {
        (state.value, on.value): (row.next.value, tuple(do.value for do in row.do))
        for (state, on), row in TABLE.items()
    }
    assert written == coded


def test_every_open_state_has_a_limit_that_ends_it() -> None:
    for state, on in LIMITS.items():
        assert TABLE[state, on].next is State.CLOSED
    for row in TABLE.values():
        for do in row.do:
            assert STARTED_IN.get(do, row.next) is row.next, f"{do} starts in {row.next}"


def test_what_waits_for_the_dial_goes_first_and_in_order() -> None:
    connection = Connection(dialled=True, backlog=100)
    assert [act.do for act in connection.begin()] == [Do.START_DIAL]
    assert connection.send(b"one", 0) == connection.send(b"two", 0) == []
    written = [act.data for act in connection.connected() if act.do is Do.WRITE]
    assert written == [b"one", b"two"]


def test_what_waits_for_the_dial_is_bounded() -> None:
    connection = Connection(dialled=True, backlog=100)
    connection.send(b"x" * 60, 0)
    assert [act.do for act in connection.send(b"x" * 60, 0)] == [Do.STOP, Do.ABORT, Do.TELL_FAILED]


def test_a6_whole_messages_before_garbage_are_delivered() -> None:
    connection = in_state(State.IDLE)
    acts = connection.received(WHOLE + b"OPTIONS sip:b SIP/2.0\r\nContent-Length: -1\r\n\r\n")
    assert [act.data for act in acts if act.do is Do.DELIVER] == [WHOLE]
    assert connection.state is State.CLOSED
    assert connection.received(WHOLE) == []


def test_a6_several_messages_and_a_part_in_one_read() -> None:
    connection = Connection(dialled=False, backlog=100)
    acts = connection.received(WHOLE + WHOLE + WHOLE[:5])
    assert [act.data for act in acts if act.do is Do.DELIVER] == [WHOLE, WHOLE]
    assert connection.state is State.PARTIAL
