"""Warm ports: RTP sockets that are open before anybody needs them.

Even ports of a range are taken in turn, so that one is used again as late as possible and stragglers of
its last call have died out. Ports that somebody else has are passed over.
"""

import socket

EXPEDITED = 46 << 2
"""DSCP EF (RFC 4594 §4.1): what voice is marked with."""

REFUSALS = 2
"""Busy ports tried at most for each that is wanted: the call is made in a tick."""
REST = 50
"""Calls without a try after the whole range was busy: a second of ticks."""


class WarmPorts:
    """At most `count` open and waiting."""

    def __init__(self, host: str, first: int, last: int, count: int) -> None:
        self._count = count
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = host
        self._range = range(first + first % 2, last, 2)
        self._next = 0
        self._refused = 0
        """Ports tried since the last that could be had."""
        self._rest = 0
        self._open: dict[int, socket.socket] = {}

    @property
    def ports(self) -> list[int]:
        """Those that wait now."""
        return list(self._open)

    def take(self, port: int) -> socket.socket | None:
        """The socket of a warm port, which is then no longer warm."""
        return self._open.pop(port, None)

    def top_up(self, most: int) -> list[int]:
        """Open up to `most` more; the new ones. Empty when enough wait, every port is busy, or nearly."""
        if self._rest:
            self._rest -= 1
            return []
        opened: list[int] = []
        refused = 0
        while len(opened) < most and len(self._open) < self._count:
            if self._refused >= len(self._range):
                self._refused, self._rest = 0, REST
                break
            if refused == REFUSALS * most:
                break
            port = self._range[self._next]
            self._next = (self._next + 1) % len(self._range)
            if port not in self._open and self._bind(port):
                self._refused = 0
                opened.append(port)
            else:
                self._refused += 1
                refused += 1
        return opened

    def close(self) -> None:
        for opened in self._open.values():
            opened.close()
        self._open.clear()

    def _bind(self, port: int) -> bool:
        opened = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.bind((self._host, port))
            self._mark(opened)
        except OSError:
            opened.close()
            return False
        self._open[port] = opened
        return True

    def _mark(self, opened: socket.socket) -> None:
        if self._family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED)
        else:
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
