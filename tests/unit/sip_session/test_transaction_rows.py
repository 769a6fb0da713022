"""Every row of the four transaction tables, walked: one step from its state with its input."""

import pytest

from offhook.core.clock import NS_PER_MS, NS_PER_SECOND
from offhook.core.ids import SeededIds
from offhook.sip import build
from offhook.sip.flow import Flow
from offhook.sip.machine import CancelTimer, Send, SetTimer
from offhook.sip.message import Request, Response
from offhook.sip.timers import Timers
from offhook.sip.transaction import snapshot
from offhook.sip.transaction.layer import TransactionLayer
from offhook.sip.transaction.machine import TABLES, Kind, Record, read_timer_key, step, timer_key
from offhook.sip.transaction.reports import Arrived, Over, Replied
from offhook.sip.transaction.table import Do, On, State

UDP = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.2", 5060))
TCP = Flow("tcp", ("127.0.0.1", 5060), ("127.0.0.2", 5060))
TIMERS = Timers()
NOW = 7 * NS_PER_SECOND

ROWS = [(kind, state, on) for kind, table in TABLES.items() for state, on in table]


def request(method: str, branch: str = "z9hG4bKx") -> Request:
    return build.request(
        method,
        "sip:a@b",
        via=f"SIP/2.0/UDP 127.0.0.1:5060;branch={branch}",
        from_="<sip:x@y>;tag=1",
        to="<sip:a@b>",
        call_id="c",
        cseq=1,
        max_forwards=70,
    )


def record(kind: Kind, state: State, flow: Flow = UDP) -> Record:
    method = "INVITE" if "invite" in kind.value else "OPTIONS"
    reply = b"last" if kind in (Kind.INVITE_SERVER, Kind.SERVER) else b""
    data = build.serialise(request(method))
    return Record("k", kind, flow, data, state=state, reply=reply, interval=NS_PER_SECOND)


FAILURE = build.serialise(build.response(request("INVITE"), 486, to_tag="far"))


@pytest.mark.parametrize(("kind", "state", "on"), ROWS)
@pytest.mark.parametrize("flow", [UDP, TCP], ids=["udp", "tcp"])
def test_row(kind: Kind, state: State, on: On, flow: Flow) -> None:
    row = TABLES[kind][state, on]
    one = record(kind, state, flow)
    result = step(one, TIMERS, NOW, on, FAILURE)
    absorbing = {Do.START_D, Do.START_I, Do.START_J, Do.START_K} & set(row.do)
    assert one.state is (State.TERMINATED if absorbing and flow.reliable else row.next)
    sends = [each for each in result.outputs if isinstance(each, Send)]
    assert len(sends) == sum(do.value.startswith("send") for do in row.do)
    assert result.deliver == (Do.DELIVER in row.do)
    assert result.failure == (
        "timeout" if Do.TIMED_OUT in row.do else "transport" if Do.FAILED in row.do else ""
    )
    sets = {each.key.split(" ")[1]: each.at - NOW for each in result.outputs if isinstance(each, SetTimer)}
    assert sets == expected_timers(row.do, flow)
    stops = {each.key.split(" ")[1] for each in result.outputs if isinstance(each, CancelTimer)}
    assert stops == {do.value.removeprefix("stop ") for do in row.do if do.value.startswith("stop ")}


def expected_timers(actions: tuple[Do, ...], flow: Flow) -> dict[str, int]:
    """From the table of timers in the specification, for a running interval of one second."""
    long, second = 32 * NS_PER_SECOND, NS_PER_SECOND
    first = 500 * NS_PER_MS
    values = {
        Do.START_TRYING: ("trying", 200 * NS_PER_MS),
        Do.START_B: ("b", long),
        Do.START_F: ("f", long),
        Do.START_H: ("h", long),
        Do.START_L: ("l", long),
        Do.START_M: ("m", long),
    }
    if not flow.reliable:
        values |= {
            Do.START_A: ("a", first),
            Do.REPEAT_A: ("a", 2 * second),
            Do.START_E: ("e", first),
            Do.REPEAT_E: ("e", 2 * second),
            Do.SLOW_E: ("e", 4 * second),
            Do.START_G: ("g", first),
            Do.REPEAT_G: ("g", 2 * second),
            Do.START_D: ("d", long),
            Do.START_I: ("i", 5 * second),
            Do.START_J: ("j", long),
            Do.START_K: ("k", 5 * second),
        }
    return dict(values[do] for do in actions if do in values)


@pytest.mark.parametrize("kind", list(Kind))
def test_pairs_outside_the_table_change_nothing(kind: Kind) -> None:
    for state in State:
        for on in On:
            if (state, on) in TABLES[kind]:
                continue
            one = record(kind, state)
            before = snapshot.dump(one)
            result = step(one, TIMERS, NOW, on, FAILURE)
            assert (result.outputs, result.deliver, result.failure) == ([], False, "")
            assert snapshot.dump(one) == before


@pytest.mark.parametrize(("kind", "state", "on"), ROWS)
def test_reloaded_machine_does_the_same(kind: Kind, state: State, on: On) -> None:
    one = record(kind, state)
    other = snapshot.load(snapshot.dump(one), Record)
    assert step(one, TIMERS, NOW, on, FAILURE) == step(other, TIMERS, NOW, on, FAILURE)
    assert one == other


def test_intervals_double_and_are_capped_where_the_rfc_says() -> None:
    a, e = [TIMERS.t1], [TIMERS.t1]
    for _ in range(6):
        a.append(TIMERS.doubled(a[-1]))
        e.append(TIMERS.capped(e[-1]))
    assert [each // NS_PER_MS for each in a] == [500, 1000, 2000, 4000, 8000, 16000, 32000]
    assert [each // NS_PER_MS for each in e] == [500, 1000, 2000, 4000, 4000, 4000, 4000]
    assert TIMERS.e_reaches_t2 == 3500 * NS_PER_MS
    assert Timers(t1=100 * NS_PER_MS).absorb_failures == 32 * NS_PER_SECOND


def test_timer_keys_are_read_back() -> None:
    one = record(Kind.INVITE_CLIENT, State.CALLING)
    assert read_timer_key(timer_key(one, On.A)) == ("k", On.A)
    for wrong in ("", "t", "t a", "s a k", "t nonsense k"):
        assert read_timer_key(wrong) is None


def layer() -> TransactionLayer:
    return TransactionLayer(TIMERS, SeededIds(1), 10)


def test_b7_100_to_a_non_invite_request_waits_until_e_has_reached_t2() -> None:
    for flow, early in ((UDP, 0), (TCP, 1)):
        one, ask = layer(), request("OPTIONS")
        arrived = one.receive_request(NOW, ask, flow, flow)[0]
        assert isinstance(arrived, Arrived)
        trying = build.response(ask, 100)
        assert len(one.respond(NOW, arrived.key, trying)) == early
        assert len(one.respond(NOW + TIMERS.e_reaches_t2, arrived.key, trying)) == 1
        repeated = one.receive_request(NOW + TIMERS.e_reaches_t2, ask, flow, flow)
        assert isinstance(repeated[0], Send)


@pytest.mark.parametrize("status", [180, 183, 408])
def test_b7_never_to_a_non_invite_request(status: int) -> None:
    one, ask = layer(), request("OPTIONS")
    arrived = one.receive_request(NOW, ask, TCP, TCP)[0]
    assert isinstance(arrived, Arrived)
    assert one.respond(NOW + NS_PER_SECOND, arrived.key, build.response(ask, status)) == []


def test_stream_answer_ends_the_transaction_after_its_delivery() -> None:
    one, ask = layer(), request("BYE")
    one.request(NOW, ask, TCP, "session", "bye")
    items = one.receive_response(NOW, build.response(ask, 200, to_tag="t"), TCP)
    assert [type(each) for each in items if not isinstance(each, CancelTimer)] == [Replied, Over]
    assert len(one) == 0


def test_response_that_answers_nothing_is_dropped() -> None:
    answer: Response = build.response(request("BYE"), 200, to_tag="t")
    assert layer().receive_response(NOW, answer, UDP) == []
