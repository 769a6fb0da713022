"""Names to addresses, by the resolver of the operating system, in threads of their own.

A name server that does not answer holds a thread for many seconds, and whoever names a host chooses the
server: the threads of `core.tasks` (passwords, files, disks) must not wait for it. What is an address already
waits for nobody.
"""

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from offhook.core.tasks import outside

AT_ONCE = 32
"""Names that are looked up at a time; further ones wait."""

_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="offhook-names")


async def look_up(host: str, port: int, kind: int) -> list[Any]:
    """What `socket.getaddrinfo` gives for a host and a kind of socket. Raises OSError."""
    if _is_address(host):
        return socket.getaddrinfo(host, port, 0, kind, 0, socket.AI_NUMERICHOST)
    return await outside(socket.getaddrinfo, host, port, 0, kind, executor=_threads)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
