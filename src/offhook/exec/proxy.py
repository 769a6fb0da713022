"""The proxy on loopback: served hosts go to the platform, loopback passes, others pass or are refused.

One port takes everything: CONNECT, whole URLs, and clients that were led here instead of to a served host,
with TLS or without. TLS for served hosts ends in a second listener that only this process connects to, so
that a tunnel is bytes in every case. What reaches the platform is the request as the program wrote it, Host
header included. Requests are not logged: the platform does that.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from offhook.core.errors import OffhookError, RemoteProtocolError
from offhook.exec import head as heads
from offhook.exec.answer import answer
from offhook.exec.head import Destination, Head
from offhook.exec.hosts import Others, is_loopback, is_served, refusal
from offhook.exec.leaves import Leaves
from offhook.exec.outbound import Outbound, Streams
from offhook.exec.relay import close, relay

HEAD_TIMEOUT = 300.0
"""Seconds from a connection to the end of the first head; programs open connections ahead of their use."""
HANDSHAKE = 15.0
MOST = 1000
"""Connections at a time."""
SHOWN = 100
"""Refused hosts that are told by name, each once."""
TLS_RECORD = b"\x16"
"""The first byte of a TLS connection: a handshake record (RFC 8446 §5.1)."""
LOOPBACK = "127.0.0.1"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Work = Callable[[Reader, Writer], Coroutine[Any, Any, None]]


class Proxy:
    """`platform` is where the platform serves HTTP; `say` tells the person at the terminal."""

    def __init__(
        self,
        platform: Destination,
        leaves: Leaves,
        outbound: Outbound,
        others: Others,
        say: Callable[[str], None],
    ) -> None:
        self._platform = platform
        self._leaves = leaves
        self._outbound = outbound
        self._others = others
        self._say = say
        self._refused: set[str] = set()
        self._open: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._tls_port = 0

    async def start(self, sock: socket.socket) -> None:
        """Serve on a bound socket, and TLS on another port of loopback."""
        context = self._leaves.server_context()
        secure = await asyncio.start_server(
            self._decrypted, LOOPBACK, 0, ssl=context, ssl_handshake_timeout=HANDSHAKE, limit=heads.LIMIT
        )
        self._tls_port = secure.sockets[0].getsockname()[1]
        plain = await asyncio.start_server(self._accepted, sock=sock, limit=heads.LIMIT)
        self._servers = [plain, secure]

    async def close(self) -> None:
        """Take no more and end what is open."""
        for server in self._servers:
            server.close()
        open_now = list(self._open)
        for task in open_now:
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)

    # ── connections ─────────────────────────────────────────────────────────────────────────────

    async def _accepted(self, reader: Reader, writer: Writer) -> None:
        if len(self._open) >= 2 * MOST:  # each connection to a served host is here and behind TLS
            answer(writer, 503, "offhook exec has too many connections open")
            close(writer)
            return
        await self._guarded(self._serve, reader, writer)

    async def _decrypted(self, reader: Reader, writer: Writer) -> None:
        await self._guarded(self._to_platform, reader, writer)

    async def _guarded(self, work: Work, reader: Reader, writer: Writer) -> None:
        """One connection of this machine; closed whatever happens."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if ipaddress.ip_address(writer.get_extra_info("peername")[0]).is_loopback:
                await work(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or it is over; a server's task has nobody to tell
        except asyncio.LimitOverrunError:
            answer(writer, 431, "the head of the request is too long")
        except RemoteProtocolError as error:
            answer(writer, error.status, str(error))
        finally:
            self._open.discard(task)
            close(writer)

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        async with asyncio.timeout(HEAD_TIMEOUT):
            first = await reader.readexactly(1)
            if first != TLS_RECORD:
                data = first + await reader.readuntil(heads.END)
        if first == TLS_RECORD:
            await self._to_tls(first, reader, writer)
            return
        head = heads.parse(data)
        to = heads.destination(head)
        if head.method == "CONNECT":
            await self._connect(to, reader, writer)
        elif is_served(to.host):
            led_here = head.target.startswith("/")
            await self._to_platform(reader, writer, data if led_here else heads.for_origin(head).serialise())
        elif head.target.startswith("/"):
            raise RemoteProtocolError("this is a proxy; it answers requests for Vonage's hosts", 400)
        else:
            await self._request(to, head, reader, writer)

    # ── where they lead ─────────────────────────────────────────────────────────────────────────

    async def _connect(self, to: Destination, reader: Reader, writer: Writer) -> None:
        if not is_served(to.host):
            far = await self._reach(to, writer, self._outbound.tunnel(to))
            if far is not None:
                writer.write(ESTABLISHED)
                await relay((reader, writer), far)
            return
        writer.write(ESTABLISHED)
        async with asyncio.timeout(HEAD_TIMEOUT):
            first = await reader.readexactly(1)
        lead = self._to_tls if first == TLS_RECORD else self._begun
        await lead(first, reader, writer)

    async def _request(self, to: Destination, head: Head, reader: Reader, writer: Writer) -> None:
        far = await self._reach(to, writer, self._outbound.request(to, head))
        if far is not None:
            await relay((reader, writer), far)

    async def _reach(
        self, to: Destination, writer: Writer, opening: Coroutine[Any, Any, Streams]
    ) -> Streams | None:
        """A connection to a host that is not served; None when the client was told why there is none."""
        if self._others == "refuse" and not is_loopback(to.host):
            opening.close()
            self._tell(to.host)
            answer(writer, 403, refusal(to.host))
            return None
        try:
            return await opening
        except (OSError, OffhookError) as error:
            answer(writer, 502, f"offhook exec cannot reach {to.authority}: {error or type(error).__name__}")
            return None

    async def _to_tls(self, first: bytes, reader: Reader, writer: Writer) -> None:
        far = await asyncio.open_connection(LOOPBACK, self._tls_port)
        far[1].write(first)
        await relay((reader, writer), far)

    async def _begun(self, first: bytes, reader: Reader, writer: Writer) -> None:
        """A tunnel to a served host without TLS in it."""
        await self._to_platform(reader, writer, first)

    async def _to_platform(self, reader: Reader, writer: Writer, begun: bytes = b"") -> None:
        try:
            far = await asyncio.open_connection(self._platform.host, self._platform.port)
        except OSError:
            if not begun.endswith(heads.END):  # who is answered before having asked may not read the answer
                async with asyncio.timeout(HEAD_TIMEOUT):
                    await reader.readuntil(heads.END)
            place = f"http://{self._platform.authority}"
            answer(writer, 503, f"no Offhook server answers at {place}; start one: offhook serve")
            return
        far[1].write(begun)
        await relay((reader, writer), far)

    def _tell(self, host: str) -> None:
        if host not in self._refused and len(self._refused) < SHOWN:
            self._refused.add(host)
            self._say(refusal(host))
