"""What a stack does when a connection has ended: who was on it goes on, and nobody else is looked at."""

import pytest

from offhook.core.ids import SeededIds
from offhook.sip.commands import Dial
from offhook.sip.flow import Flow
from offhook.sip.machine import Disconnected, Output, Send, TransportFailed
from offhook.sip.session import streams
from offhook.sip.session.context import Context
from offhook.sip.session.state import Session
from offhook.sip.stack import SipStack, StackConfig

HERE = ("192.0.2.1", 5060)
OFFER = b"v=0\r\n"


@pytest.fixture
def stack() -> SipStack:
    return SipStack(StackConfig("192.0.2.1", 5060, "test", b"key"), SeededIds(1))


def connection(port: int) -> Flow:
    return Flow("tcp", HERE, ("192.0.2.9", port))


def dial(stack: SipStack, name: str, flow: Flow, body: bytes = OFFER) -> list[Output]:
    return stack.handle(1, Dial(name, "sip:x@192.0.2.9", "sip:y@192.0.2.1", body, flow))


def sent(outputs: list[Output]) -> list[Send]:
    return [output for output in outputs if isinstance(output, Send)]


def test_only_calls_on_the_connection_are_looked_at(stack: SipStack, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    leave = streams._leave

    def watched(ctx: Context, session: Session, flow: Flow) -> None:
        looked.append(session.id)
        leave(ctx, session, flow)

    monkeypatch.setattr(streams, "_leave", watched)
    for number in range(20):
        dial(stack, f"s{number}", connection(40_000 + number % 10))
    again = sent(stack.handle(2, Disconnected(connection(40_003), "gone")))
    assert looked == ["s3", "s13"]
    assert [(send.flow, send.data[:6]) for send in again] == [(connection(40_003), b"INVITE")] * 2
    assert stack.handle(2, Disconnected(connection(50_000), "gone")) == []


def test_a_request_that_took_tcp_for_its_size_is_sent_once_more_over_tcp_and_then_over_udp(
    stack: SipStack,
) -> None:
    udp = Flow("udp", HERE, ("192.0.2.9", 5060))
    tcp = Flow("tcp", HERE, ("192.0.2.9", 5060))
    first = sent(dial(stack, "large", udp, b"v=0\r\n" + b"a=x\r\n" * 400))
    assert [send.flow for send in first] == [tcp]
    again = sent(stack.handle(2, Disconnected(tcp, "gone")))
    assert [(send.flow, send.data) for send in again] == [(tcp, first[0].data)]
    last = sent(stack.handle(3, TransportFailed(tcp, "nobody takes it")))
    assert [send.flow for send in last] == [udp]
    assert b"SIP/2.0/UDP" in last[0].data
