"""UDP on real loopback sockets: what asyncio does with them cannot be shown otherwise."""

import asyncio
import contextlib
import logging
import socket

import pytest

from offhook.sip.flow import Flow
from offhook.transport.acl import Acl
from offhook.transport.udp import UdpTransport, _Socket

OPTIONS = b"OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n"


class Inbox:
    """A sink that can be waited for."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[tuple[bytes, Flow]] = asyncio.Queue()
        self.failures: list[tuple[Flow, str]] = []

    def feed(self, data: bytes, flow: Flow) -> None:
        self.messages.put_nowait((data, flow))

    def transport_failed(self, flow: Flow, reason: str) -> None:
        self.failures.append((flow, reason))

    async def next(self) -> tuple[bytes, Flow]:
        return await asyncio.wait_for(self.messages.get(), 10)


class Clock:
    def now(self) -> int:
        return 0

    def wall(self) -> int:
        return 0


def loopbacks() -> list[str]:
    """The loopback addresses of this machine: not every one has IPv6."""
    found = ["127.0.0.1"]
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        found.append("::1")
    return found


def test_messages_over_loopback_on_several_sockets_and_both_families() -> None:
    async def run() -> None:
        inbox, peer = Inbox(), Inbox()
        transport, other = UdpTransport(), UdpTransport()
        given = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        given.setblocking(False)
        given.bind(("127.0.0.1", 0))
        bound = [await transport.bind(host, 0, inbox) for host in loopbacks()]
        bound.append(await transport.bind("ignored", 0, inbox.feed, sock=given))
        peers = {host: await other.bind(host, 0, peer) for host in loopbacks()}
        assert transport.addresses == bound
        for local in bound:
            from_ = peers[local[0]]
            other.send(b"\r\n\r\n", Flow("udp", from_, local))
            other.send(OPTIONS, Flow("udp", from_, local))
            data, flow = await inbox.next()
            assert (data, flow) == (OPTIONS, Flow("udp", local, from_))
            transport.send(b"answer", flow)
            assert await peer.next() == (b"answer", Flow("udp", from_, local))
        # A flow whose own end is no socket of ours takes one of the right family.
        transport.send(b"new", Flow("udp", ("0.0.0.0", 1), peers["127.0.0.1"]))
        assert await peer.next() == (b"new", Flow("udp", peers["127.0.0.1"], bound[0]))
        transport.close()
        other.close()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_a_failed_send_is_reported_with_its_flow() -> None:
    async def run() -> None:
        inbox, transport = Inbox(), UdpTransport()
        local = await transport.bind("127.0.0.1", 0, inbox)
        too_big = Flow("udp", local, ("127.0.0.1", 9))
        transport.send(b"x" * 70_000, too_big)
        assert [flow for flow, _ in inbox.failures] == [too_big]
        transport.close()
        await asyncio.sleep(0)

    asyncio.run(run())


def test_no_socket_of_the_family_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        UdpTransport().send(b"x", Flow("udp", ("::", 1), ("::1", 5060)))
    assert "no UDP socket can reach udp:::1:5060" in caplog.text


def test_an_address_that_is_taken_raises_and_leaks_nothing() -> None:
    async def run() -> None:
        transport = UdpTransport()
        host, port = await transport.bind("127.0.0.1", 0, lambda data, flow: None)
        with pytest.raises(OSError, match="in use"):
            await transport.bind(host, port, lambda data, flow: None)
        transport.close()
        await asyncio.sleep(0)

    asyncio.run(run())


class FakeEndpoint:
    """The loop's side of a socket, in memory."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.queued = 0
        self.closing = False

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return ("192.0.2.9", 5060)

    def sendto(self, data: bytes, addr: tuple[str, int]) -> None:
        self.sent.append((data, addr))

    def get_write_buffer_size(self) -> int:
        return self.queued

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True


def opened(inbox: Inbox, acl: Acl | None = None) -> tuple[_Socket, FakeEndpoint]:
    endpoint = FakeEndpoint()
    made = _Socket(inbox, lambda host, data: acl is None or acl.admits(0, host, data))
    made.connection_made(endpoint)  # type: ignore[arg-type]
    return made, endpoint


FLOW = Flow("udp", ("192.0.2.9", 5060), ("192.0.2.1", 5060))


def test_the_access_list_and_keep_alives_are_applied_before_delivery() -> None:
    inbox = Inbox()
    made, _ = opened(inbox, Acl(deny=["192.0.2.66"]))
    made.datagram_received(OPTIONS, ("192.0.2.66", 5060))
    made.datagram_received(b"\0\0\0\0", ("192.0.2.1", 5060))
    made.datagram_received(OPTIONS, ("192.0.2.1", 5060))
    assert inbox.messages.get_nowait() == (OPTIONS, FLOW)
    assert inbox.messages.empty()


def test_refusals_beyond_the_rate_are_not_sent() -> None:
    inbox, transport = Inbox(), UdpTransport(acl=Acl(), clock=Clock())
    made, endpoint = opened(inbox)
    transport._sockets[made.local] = made
    for _ in range(50):
        transport.send(b"SIP/2.0 400 Bad Request\r\n\r\n", FLOW)
    assert len(endpoint.sent) == 10


def test_an_access_list_needs_a_clock() -> None:
    with pytest.raises(ValueError, match="clock"):
        UdpTransport(acl=Acl())


def test_a_full_queue_loses_datagrams_and_a_closed_socket_fails(caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox()
    made, endpoint = opened(inbox)
    endpoint.queued = 10_000_000
    made.send(b"x", FLOW)
    assert "is lost" in caplog.text
    made.close()
    made.send(b"x", FLOW)
    assert inbox.failures == [(FLOW, "the socket is closed")]
    assert endpoint.sent == []


def test_a_sink_that_fails_does_not_break_the_socket(caplog: pytest.LogCaptureFixture) -> None:
    def fail(data: bytes, flow: Flow) -> None:
        raise ValueError("sink")

    made = _Socket(fail, lambda host, data: True)
    made.connection_made(FakeEndpoint())  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        made.datagram_received(OPTIONS, ("192.0.2.1", 5060))
        made.error_received(OSError("somebody unreachable"))
    assert "could not be delivered" in caplog.text
    assert "somebody unreachable" in caplog.text
