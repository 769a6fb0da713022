"""B9: where responses go, by what the top Via and the source of the request say."""

import pytest

from offhook.sip.build import response
from offhook.sip.flow import Flow
from offhook.sip.headers import vias
from offhook.sip.message import Headers, Request
from offhook.sip.routing import reopened_destination, response_destination, sent_by, stamp_received

LOCAL = ("203.0.113.10", 5060)


def request(*lines: str) -> Request:
    return Request("OPTIONS", "sip:b", Headers(("Via", line) for line in lines))


def udp(host: str, port: int) -> Flow:
    return Flow("udp", LOCAL, (host, port))


def test_b9_received_and_rport_are_filled_in() -> None:
    message = request("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff")
    stamp_received(message, udp("192.0.2.1", 9988))
    assert message.headers.get("Via") == (
        "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1"
    )


def test_b9_rport_brings_received_even_when_the_address_is_true() -> None:
    message = request("SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK1")
    stamp_received(message, udp("192.0.2.1", 5060))
    assert message.headers.get("Via") == (
        "SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bK1;received=192.0.2.1"
    )


def test_b9_nothing_is_added_when_the_address_is_true_and_nobody_asks() -> None:
    message = request("SIP/2.0/UDP 192.0.2.1 ; branch=z9hG4bK1")
    stamp_received(message, udp("192.0.2.1", 5060))
    assert message.headers.get("Via") == "SIP/2.0/UDP 192.0.2.1 ; branch=z9hG4bK1"


def test_b9_a_host_name_gets_received() -> None:
    message = request("SIP/2.0/UDP pbx.example.com;branch=z9hG4bK1")
    stamp_received(message, udp("192.0.2.1", 5060))
    assert vias(message)[0].received == "192.0.2.1"


def test_b9_what_the_sender_wrote_itself_is_replaced() -> None:
    message = request("SIP/2.0/UDP 10.0.0.1;received=198.51.100.66;rport=1;branch=z9hG4bK1")
    stamp_received(message, udp("192.0.2.1", 40000))
    top = vias(message)[0]
    assert (top.received, top.rport) == ("192.0.2.1", 40000)
    true = request("SIP/2.0/UDP 192.0.2.1;received=198.51.100.66;branch=z9hG4bK1")
    stamp_received(true, udp("192.0.2.1", 5060))
    assert vias(true)[0].received is None


def test_b9_only_the_top_via_is_touched() -> None:
    message = request(
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1,SIP/2.0/UDP x;branch=z9hG4bK2", "SIP/2.0/UDP y;branch=z9hG4bK3"
    )
    stamp_received(message, udp("192.0.2.1", 5060))
    assert message.headers.get_all("Via") == [
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.1, SIP/2.0/UDP x;branch=z9hG4bK2",
        "SIP/2.0/UDP y;branch=z9hG4bK3",
    ]


def test_b9_an_empty_via_line_before_the_top_one() -> None:
    message = request(" ,", "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1", "SIP/2.0/UDP y;branch=z9hG4bK2")
    stamp_received(message, udp("192.0.2.1", 5060))
    assert message.headers.get_all("Via") == [
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.1, SIP/2.0/UDP y;branch=z9hG4bK2"
    ]


def test_b9_ipv6_source() -> None:
    message = request("SIP/2.0/UDP [2001:db8::1];rport;branch=z9hG4bK1")
    stamp_received(message, Flow("udp", ("::", 5060), ("2001:db8::2", 7000)))
    assert vias(message)[0].received == "2001:db8::2"
    assert vias(message)[0].rport == 7000


@pytest.mark.parametrize("lines", [[], ["SIP/2.0/UDP"], ["SIP/2.0/UDP a", "nonsense"]])
def test_b9_without_a_usable_via_the_answer_goes_to_the_source(lines: list[str]) -> None:
    message, flow = request(*lines), udp("192.0.2.1", 9988)
    stamp_received(message, flow)
    assert message.headers.get_all("Via") == lines
    assert response_destination(message, flow) == flow
    assert reopened_destination(message, flow) == flow


@pytest.mark.parametrize(
    ("via", "expected"),
    [
        ("SIP/2.0/UDP 10.0.0.1:4540;rport;branch=z9hG4bK1", ("192.0.2.1", 9988)),
        ("SIP/2.0/UDP 10.0.0.1:4540;branch=z9hG4bK1", ("192.0.2.1", 4540)),
        ("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1", ("192.0.2.1", 5060)),
        ("SIP/2.0/UDP 10.0.0.1;maddr=198.51.100.66;branch=z9hG4bK1", ("192.0.2.1", 5060)),
    ],
)
def test_b9_datagrams_are_answered_to_their_source(via: str, expected: tuple[str, int]) -> None:
    message, flow = request(via), udp("192.0.2.1", 9988)
    stamp_received(message, flow)
    assert response_destination(message, flow) == Flow("udp", LOCAL, expected)
    assert response_destination(response(message, 400), flow) == Flow("udp", LOCAL, expected)


def test_b9_streams_are_answered_on_the_same_connection() -> None:
    flow = Flow("tcp", LOCAL, ("192.0.2.1", 50123))
    message = request("SIP/2.0/TCP 10.0.0.1:5080;branch=z9hG4bK1")
    stamp_received(message, flow)
    assert response_destination(message, flow) == flow


@pytest.mark.parametrize(
    ("transport", "via", "expected"),
    [
        ("tcp", "SIP/2.0/TCP 10.0.0.1:5080;branch=z9hG4bK1", ("192.0.2.1", 5080)),
        ("tcp", "SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1", ("192.0.2.1", 5060)),
        ("tls", "SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1", ("192.0.2.1", 5061)),
    ],
)
def test_b9_a_lost_stream_is_opened_again_to_the_port_of_the_via(
    transport: str, via: str, expected: tuple[str, int]
) -> None:
    flow = Flow(transport, LOCAL, ("192.0.2.1", 50123))
    message = request(via)
    stamp_received(message, flow)
    assert reopened_destination(message, flow).remote == expected


def test_sent_by_brackets_ipv6() -> None:
    assert sent_by("192.0.2.1", 5060) == "192.0.2.1:5060"
    assert sent_by("2001:db8::1", 5061) == "[2001:db8::1]:5061"
