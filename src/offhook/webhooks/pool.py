"""The connections to web servers: kept ones used again, new ones made under the fetch policy.

Every connection goes to an address that the policy has seen at the moment of connecting; one that is kept was
judged when it was made. Of several addresses the next is tried when one fails or says nothing for a quarter
of a second (RFC 8305). So many are in use at once and no more; who comes then waits, within the time that it
has for connecting.
"""

import asyncio
import socket
import ssl
from functools import cache
from typing import NamedTuple

from aiohappyeyeballs import AddrInfoType, start_connection

from offhook.security.fetch_policy import FetchPolicy, Resolver
from offhook.webhooks.connection import HttpConnection

POOL = 1024
PER_HOST = 256
"""Connections. More than the outbox may hold in all and for an application (`lanes`), so that events that
hang leave some for the NCCO of the next call."""
KEEP_ALIVE_S = 4.0
"""Below the 5 s after which common servers close an idle connection, perhaps while it is being used."""
NEXT_ADDRESS_S = 0.25


class Origin(NamedTuple):
    """Where requests may share connections (RFC 6454 §4)."""

    host: str
    port: int
    tls: bool


class _Place:
    """The connections of one origin."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.turns = asyncio.Semaphore(PER_HOST)
        self.users = 0
        self.kept: list[HttpConnection] = []
        """Those that nobody uses, the last one used last."""


class ConnectionPool:
    """Made and closed on the loop that uses it."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._places: dict[Origin, _Place] = {}
        self._turns = asyncio.Semaphore(POOL)
        self._open: dict[HttpConnection, _Place] = {}
        self._tls = _context()
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many connections stand."""
        return len(self._open)

    async def take(self, origin: Origin, patience: float) -> HttpConnection:
        """A connection for one use; `give_back` follows. Raises DeliveryError of the policy, OSError.

        `patience` is how many seconds a turn and the connecting may take together; then TimeoutError.
        """
        place = self._places.get(origin)
        if place is None:
            place = self._places[origin] = _Place(origin)
        place.users += 1
        try:
            if place.kept and not place.turns.locked() and not self._turns.locked():
                return await self._taken(place)  # the usual case waits for nothing and needs no timer
            async with asyncio.timeout(patience):
                return await self._taken(place)
        except BaseException:
            self._left(place)
            raise

    def give_back(self, origin: Origin, connection: HttpConnection) -> None:
        """The use is over."""
        place = self._places[origin]
        self._turns.release()
        place.turns.release()
        if connection.usable and len(self._open) <= POOL:
            place.kept.append(connection)
            if self._sweep is None:
                self._sweep = asyncio.get_running_loop().call_later(KEEP_ALIVE_S, self._sweep_old)
        else:
            connection.close()
        self._left(place)

    async def close(self) -> None:
        """Close every connection."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for connection in [*self._open]:
            connection.close()
        await asyncio.sleep(0)  # their own closing callbacks

    async def _taken(self, place: _Place) -> HttpConnection:
        await place.turns.acquire()
        try:
            await self._turns.acquire()
            try:
                return self._kept(place) or await self._connect(place)
            except BaseException:
                self._turns.release()
                raise
        except BaseException:
            place.turns.release()
            raise

    def _kept(self, place: _Place) -> HttpConnection | None:
        while place.kept:
            connection = place.kept.pop()
            if connection.usable:
                return connection
            connection.close()
        return None

    async def _connect(self, place: _Place) -> HttpConnection:
        host, port, tls = place.origin
        addresses = await self._policy.addresses(host, port, self._resolver)
        found = [_info(address, port) for address in addresses]
        reached = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1)
        try:
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: HttpConnection(self._lost),
                sock=reached,
                ssl=self._tls if tls else None,
                server_hostname=host if tls else None,
            )
        except BaseException:
            reached.close()
            raise
        self._open[connection] = place
        return connection

    def _lost(self, connection: HttpConnection) -> None:
        place = self._open.pop(connection, None)
        if place is not None and connection in place.kept:
            place.kept.remove(connection)
            self._forget(place)

    def _sweep_old(self) -> None:
        """Close what nobody has used for so long."""
        loop = asyncio.get_running_loop()
        now = oldest = loop.time()
        for place in [*self._places.values()]:
            for connection in [*place.kept]:
                if now - connection.idle_since >= KEEP_ALIVE_S:
                    place.kept.remove(connection)
                    connection.close()
                else:
                    oldest = min(oldest, connection.idle_since)
            self._forget(place)
        self._sweep = loop.call_at(oldest + KEEP_ALIVE_S, self._sweep_old) if oldest < now else None

    def _left(self, place: _Place) -> None:
        place.users -= 1
        self._forget(place)

    def _forget(self, place: _Place) -> None:
        if not place.users and not place.kept:
            self._places.pop(place.origin, None)


@cache
def _context() -> ssl.SSLContext:
    """The authorities of the system. Reads files: made before the loop has calls."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _info(address: str, port: int) -> AddrInfoType:
    if ":" in address:
        host, _, scope = address.partition("%")
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, _scope(scope))
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def _scope(name: str) -> int:
    """The number of the interface that a link-local address names (RFC 4007 §11)."""
    if not name:
        return 0
    return int(name) if name.isdigit() else socket.if_nametoindex(name)
