"""TCP on real loopback sockets: pools of connections with limits, and what asyncio does with them."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest

from offhook.core.clock import SystemClock
from offhook.sip.flow import Flow
from offhook.sip.parser import MAX_MESSAGE
from offhook.transport.acl import Acl
from offhook.transport.pool import StreamPool
from offhook.transport.streams import StreamLimits
from offhook.transport.tcp import TcpWire, listening
from offhook.transport.transports import Transports
from offhook.transport.udp import UdpTransport

OPTIONS = b"OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"
BUSY = b"SIP/2.0 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
HOST = "127.0.0.1"


class Inbox:
    """A sink that can be waited for."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[tuple[bytes, Flow]] = asyncio.Queue()
        self.failures: asyncio.Queue[tuple[Flow, str]] = asyncio.Queue()
        self.ended: asyncio.Queue[tuple[Flow, str]] = asyncio.Queue()

    def feed(self, data: bytes, flow: Flow) -> None:
        self.messages.put_nowait((data, flow))

    def transport_failed(self, flow: Flow, reason: str) -> None:
        self.failures.put_nowait((flow, reason))

    def disconnected(self, flow: Flow, reason: str) -> None:
        self.ended.put_nowait((flow, reason))


class Side:
    """A pool that listens on loopback."""

    def __init__(self, limits: StreamLimits | None = None, acl: Acl | None = None) -> None:
        self.inbox = Inbox()
        self.wire = TcpWire()
        loop = asyncio.get_running_loop()
        self.pool = StreamPool("tcp", self.wire, SystemClock(), loop, limits=limits, acl=acl)
        self.pool.deliver_to(self.inbox)
        self.local = self.pool.listen((HOST, 0))
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, from_: str = HOST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A peer's connection to the pool; it is closed with the side."""
        reader, writer = await asyncio.open_connection(*self.local, local_addr=(from_, 0))
        self.writers.append(writer)
        return reader, writer

    async def next(self) -> tuple[bytes, Flow]:
        return await asyncio.wait_for(self.inbox.messages.get(), 20)

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        self.pool.close()
        await self.wire.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(bounded())


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 — bounded by `run`
        await asyncio.sleep(0.01)


async def closed(reader: asyncio.StreamReader) -> bool:
    """The far end closes, with or without a reset."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


def test_one_dial_carries_messages_both_ways() -> None:
    async def work() -> None:
        one, two = Side(), Side()
        way = Flow("tcp", one.local, two.local)
        for _ in range(20):
            one.pool.send(OPTIONS, way)
        back = [(await two.next())[1] for _ in range(20)]
        assert len(set(back)) == 1
        assert back[0].local == two.local
        assert (len(one.pool), len(two.pool)) == (1, 1)
        two.pool.send(BUSY, back[0])
        assert await one.next() == (BUSY, way)
        await one.close()
        flow, _ = await asyncio.wait_for(two.inbox.ended.get(), 20)
        assert flow == back[0]
        assert len(two.pool) == 0
        await two.close()

    run(work)


def test_a_dial_leaves_from_the_address_we_listen_on() -> None:
    async def work() -> None:
        one, two = Side(), Side()
        one.pool.send(OPTIONS, Flow("tcp", ("127.0.0.3", 5060), two.local))
        assert (await two.next())[1].remote[0] == "127.0.0.3"
        await one.close()
        await two.close()

    run(work)


def test_a_refused_dial_is_told_and_forgotten() -> None:
    async def work() -> None:
        one = Side()
        gone = listening((HOST, 0))
        address = gone.getsockname()
        gone.close()
        one.pool.send(OPTIONS, Flow("tcp", one.local, address))
        one.pool.send(OPTIONS, Flow("tcp", one.local, address))
        flow, reason = await asyncio.wait_for(one.inbox.failures.get(), 20)
        assert flow.remote == address
        assert reason
        assert one.inbox.failures.empty()
        assert len(one.pool) == 0
        await one.close()

    run(work)


def test_a_ping_is_answered_and_large_messages_arrive_whole() -> None:
    async def work() -> None:
        side = Side()
        reader, writer = await side.connect()
        writer.write(b"\r\n")
        await writer.drain()
        writer.write(b"\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        body = bytes(range(256)) * 200
        head = OPTIONS.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body))
        assert len(head) + len(body) < MAX_MESSAGE
        writer.write(head + body + OPTIONS)
        assert (await side.next())[0] == head + body
        assert (await side.next())[0] == OPTIONS
        writer.close()
        await side.close()

    run(work)


@pytest.mark.parametrize("bad", [b"Content-Length: -1", b"Content-Length: 999999999", b"X: 1"])
def test_a6_what_cannot_be_framed_closes_the_connection(bad: bytes) -> None:
    async def work() -> None:
        side = Side()
        reader, writer = await side.connect()
        writer.write(OPTIONS + OPTIONS.replace(b"Content-Length: 0", bad))
        assert (await side.next())[0] == OPTIONS
        assert await closed(reader)
        assert len(side.pool) == 0
        writer.close()
        await side.close()

    run(work)


def test_limits_of_time_end_connections() -> None:
    async def work() -> None:
        side = Side(StreamLimits(first_message_s=0.3, message_s=0.3, idle_s=0.3))
        for beginning in (b"", b"\r\n\r\n", OPTIONS[:20], OPTIONS, OPTIONS + OPTIONS[:20]):
            reader, writer = await side.connect()
            writer.write(beginning)
            assert (await reader.read()).strip() == b""
            writer.close()
        assert len(side.pool) == 0
        await side.close()

    run(work)


def test_connections_of_one_source_are_counted_and_trusted_ones_are_not() -> None:
    async def work() -> None:
        acl = Acl()
        side = Side(StreamLimits(per_source=2), acl)
        for _ in range(2):
            await side.connect()
        await until(lambda: len(side.pool) == 2)
        reader, _ = await side.connect()
        assert await closed(reader)
        acl.trust(["127.0.0.0/8"])
        await side.connect()
        await until(lambda: len(side.pool) == 3)
        for writer in side.writers:
            writer.close()
        await until(lambda: len(side.pool) == 0)
        await side.close()

    run(work)


def test_a_trusted_peer_takes_the_place_of_a_quiet_stranger() -> None:
    async def work() -> None:
        acl = Acl(trusted=["127.0.0.7"])
        side = Side(StreamLimits(connections=2), acl)
        first, _ = await side.connect()
        await until(lambda: len(side.pool) == 1)
        second, _ = await side.connect()
        await until(lambda: len(side.pool) == 2)
        third, _ = await side.connect()
        assert await closed(third)
        _, trusted = await side.connect("127.0.0.7")
        assert await closed(first)
        trusted.write(OPTIONS)
        assert (await side.next())[1].remote[0] == "127.0.0.7"
        assert not second.at_eof()
        await side.close()

    run(work)


def test_the_access_list_judges_connections_and_messages() -> None:
    async def work() -> None:
        side = Side(acl=Acl(deny=["127.0.0.8"]))
        reader, _ = await side.connect("127.0.0.8")
        assert await closed(reader)
        reader, writer = await side.connect()
        writer.write(OPTIONS.replace(b"Content-Length", b"User-Agent: friendly-scanner\r\nContent-Length"))
        assert await closed(reader)
        assert side.inbox.messages.empty()
        await side.close()

    run(work)


def test_a_peer_that_reads_nothing_is_given_up() -> None:
    async def work() -> None:
        side = Side(StreamLimits(backlog=100_000))
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, side.local)
        await loop.sock_sendall(sock, OPTIONS)
        _, flow = await side.next()
        large = OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 50000") + b"x" * 50_000
        for _ in range(2000):
            if not len(side.pool):
                break
            side.pool.send(large, flow)
            await asyncio.sleep(0)
        ended, _ = await asyncio.wait_for(side.inbox.ended.get(), 20)
        assert ended == flow
        sock.close()
        await side.close()

    run(work)


def test_a_listening_socket_outlives_the_wire_that_used_it() -> None:
    """The supervisor's socket: the next process takes the connections that came meanwhile."""

    async def work() -> None:
        kept = listening((HOST, 0))
        for _ in range(2):
            wire = TcpWire()
            inbox = Inbox()
            pool = StreamPool("tcp", wire, SystemClock(), asyncio.get_running_loop())
            pool.deliver_to(inbox)
            _, writer = await asyncio.open_connection(*kept.getsockname())  # nobody accepts yet
            writer.write(OPTIONS)
            pool.listen(kept.getsockname(), kept.dup())
            assert (await asyncio.wait_for(inbox.messages.get(), 20))[0] == OPTIONS
            pool.close()
            await wire.close()
            writer.close()
        kept.close()

    run(work)


def test_messages_go_on_the_transport_of_their_flow() -> None:
    async def work() -> None:
        side = Side()
        inbox = Inbox()
        transports = Transports(UdpTransport(), {"tcp": side.pool})
        transports.deliver_to(inbox)
        peer = UdpTransport()
        heard = Inbox()
        local = await transports.udp.bind(HOST, 0, inbox)
        remote = await peer.bind(HOST, 0, heard)
        transports.send(OPTIONS, Flow("udp", local, remote))
        assert (await asyncio.wait_for(heard.messages.get(), 20))[0] == OPTIONS
        other = Side()
        transports.send(OPTIONS, Flow("tcp", side.local, other.local))
        assert (await other.next())[0] == OPTIONS
        transports.send(OPTIONS, Flow("tls", side.local, other.local))
        assert (await inbox.failures.get())[1] == "SIP over tls is not served"
        assert transports.addresses("tcp") == [side.local]
        assert transports.addresses("tls") == []
        transports.close()
        peer.close()
        await other.close()
        await side.wire.close()

    run(work)


def test_answers_to_overload_are_bounded_for_all_together() -> None:
    acl = Acl(trusted=["127.0.0.0/8"])
    sent = sum(acl.may_answer(0, f"127.0.0.{number % 200}", BUSY) for number in range(2000))
    assert sent == 500
    assert acl.silences["busy"] == 1500
    assert acl.may_answer(1_000_000_000, HOST, BUSY)
    assert acl.may_answer(0, HOST, b"SIP/2.0 486 Busy Here\r\n\r\n")
