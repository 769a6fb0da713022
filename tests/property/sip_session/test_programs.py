"""Whatever happens in whatever order: the stack never raises, forgets, and is plain data."""

from dataclasses import fields, is_dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.sip_session.program import TCP, UDP, Player, Step, make_stack, play

from offhook.core.clock import NS_PER_SECOND
from offhook.core.errors import LocalStateError
from offhook.sip.commands import Dial, HangUp
from offhook.sip.events import Answered, Confirmed, DigestOffered, Ended, Failed, InviteReceived, Ringing
from offhook.sip.flow import Flow
from offhook.sip.machine import Output, Received, TimerFired
from offhook.sip.session.state import Session
from offhook.sip.stack import SipStack
from offhook.sip.transaction import snapshot
from offhook.sip.transaction.machine import Record

steps = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11), st.integers(0, 31)), min_size=5, max_size=60
)
program = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@program
@given(steps)
def test_any_program_is_survived_and_the_store_is_bounded(given_steps: list[Step]) -> None:
    stack, player = make_stack(limit=8), Player()
    for step in given_steps:
        play(stack, player, step)
        assert stack.transactions <= 8 + 3 * len(given_steps)
        servers = [key for key in stack._ctx.layer.records if key.startswith("s ")]
        assert len(servers) <= 8


@program
@given(steps)
def test_everything_ends_and_nothing_is_left(given_steps: list[Step]) -> None:
    stack, player = make_stack(), Player()
    for step in given_steps:
        play(stack, player, step)
    for session in stack.sessions:
        player.note(stack.handle(player.now, HangUp(session)))
    for _ in range(5000):
        if not player.timers:
            break
        key = min(player.timers, key=lambda k: (player.timers[k], k))
        player.now = max(player.now, player.timers.pop(key))
        player.note(stack.handle(player.now, TimerFired(key)))
    assert player.timers == {}
    assert stack.sessions == []
    assert stack.transactions == 0
    assert stack._ctx.by_dialog == {}
    assert stack._ctx.layer._merged == stack._ctx.layer._merge_keys == {}
    assert len(stack._ctx.by_flow) == len(stack._ctx.layer._by_flow) == 0


@program
@given(steps)
def test_whoever_is_on_a_connection_is_found_by_it(given_steps: list[Step]) -> None:
    stack, player = make_stack(), Player()
    ctx = stack._ctx
    for step in given_steps:
        play(stack, player, step)
        for flow in (UDP, TCP):
            there = {key for key, record in ctx.layer.records.items() if record.flow == flow}
            assert there <= set(ctx.layer._by_flow.on(flow)) <= set(ctx.layer.records)
            users = {session.id for session in ctx.sessions.values() if flow in flows_of(session)}
            assert users <= set(ctx.by_flow.on(flow)) <= set(ctx.sessions)


@program
@given(steps)
def test_events_of_a_session_keep_their_order(given_steps: list[Step]) -> None:
    stack, player = make_stack(), Player()
    seen: dict[str, list[object]] = {}
    for step in given_steps:
        for output in play(stack, player, step)[1]:
            if hasattr(output, "session"):
                seen.setdefault(output.session, []).append(output)
    for events in seen.values():
        kinds = [type(event) for event in events]
        assert sum(kind in (Ended, Failed) for kind in kinds) <= 1
        if Ended in kinds or Failed in kinds:
            assert kinds[-1] in (Ended, Failed)
        assert kinds.count(Answered) <= 1
        assert kinds.count(Confirmed) <= 1
        if kinds[0] is InviteReceived:
            assert Failed not in kinds
            assert Ringing not in kinds
        elif Failed in kinds:
            assert Answered not in kinds


@program
@given(steps)
def test_dumped_and_loaded_after_every_event_it_does_the_same(given_steps: list[Step]) -> None:
    stack, twin, player = make_stack(), make_stack(), Player()
    for step in given_steps:
        given_input, outputs = play(stack, player, step)
        try:
            same = twin.handle(player.now, given_input)
        except LocalStateError:
            assert isinstance(given_input, Dial)
            same = []
        assert [plain(each) for each in same] == [plain(each) for each in outputs]
        reload(twin)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_are_survived(data: bytes) -> None:
    stack = make_stack()
    stack.handle(NS_PER_SECOND, Received(data, UDP))
    stack.handle(NS_PER_SECOND, Received(b"INVITE sip:a@b SIP/2.0\r\n" + data, UDP))
    stack.handle(NS_PER_SECOND, Received(b"SIP/2.0 200 OK\r\n" + data, UDP))
    assert stack.transactions == 0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_timer_key_is_survived(key: str) -> None:
    stack = make_stack()
    assert stack.handle(NS_PER_SECOND, TimerFired(key)) == []


def reload(stack: SipStack) -> None:
    """Replace all state by what its dump gives."""
    records, sessions = stack._ctx.layer.records, stack._ctx.sessions
    for key, record in list(records.items()):
        records[key] = snapshot.load(snapshot.dump(record), Record)
    for name, session in list(sessions.items()):
        sessions[name] = snapshot.load(snapshot.dump(session), Session)


def flows_of(session: Session) -> list[Flow]:
    """Every flow on which it may still send something."""
    acks = [ack.flow for ack in session.acks.values()]
    return [session.flow, *acks, *(repeat.flow for repeat in session.repeats.values())]


def plain(output: Output) -> object:
    """An output as text, without the function that a `DigestOffered` carries."""
    if isinstance(output, InviteReceived) and isinstance(output.digest, DigestOffered):
        return (output.session, output.digest.username, output.digest.stale)
    assert is_dataclass(output)
    return [type(output).__name__, *(getattr(output, each.name) for each in fields(output))]
