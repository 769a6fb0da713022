"""The listening sockets: opened once by the supervisor, inherited by every control process."""

import errno
import json
import os
import socket
from dataclasses import dataclass

from offhook.config import Settings
from offhook.core.errors import Invalid

VARIABLE = "OFFHOOK_SOCKETS"
"""Environment variable that tells control the numbers of the inherited sockets."""
RECEIVE_BUFFER = 4 * 1024 * 1024


@dataclass(slots=True)
class Listening:
    """The open sockets of one instance."""

    sip: list[socket.socket]
    http: socket.socket

    def descriptors(self) -> list[int]:
        return [sock.fileno() for sock in (*self.sip, self.http)]

    def environment(self) -> dict[str, str]:
        """What a child needs to find the sockets again with `inherited()`."""
        value = {"sip": [sock.fileno() for sock in self.sip], "http": self.http.fileno()}
        return {VARIABLE: json.dumps(value)}

    def close(self) -> None:
        for sock in (*self.sip, self.http):
            sock.close()


def open_all(settings: Settings) -> Listening:
    """Bind every address of the settings. Raises `Invalid` naming the setting when one is taken."""
    sip: list[socket.socket] = []
    try:
        for host in settings.sip.hosts:
            sip.append(_bind(host, settings.sip.port, socket.SOCK_DGRAM, "SIP"))
        http = _bind(settings.http.host, settings.http.port, socket.SOCK_STREAM, "HTTP")
    except BaseException:
        for sock in sip:
            sock.close()
        raise
    http.listen(512)
    return Listening(sip, http)


def inherited() -> Listening | None:
    """The sockets that the supervisor passed to this process, None when it was started by hand."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    value = json.loads(text)
    sip = [socket.socket(fileno=number) for number in value["sip"]]
    http = socket.socket(fileno=value["http"])
    for sock in (*sip, http):
        sock.setblocking(False)
    return Listening(sip, http)


def _bind(host: str, port: int, kind: int, name: str) -> socket.socket:
    setting = f"OFFHOOK_{name}__PORT"
    try:
        family = socket.getaddrinfo(host, port, type=kind)[0][0]
    except socket.gaierror as error:
        raise Invalid(
            f"OFFHOOK_{name}__HOST", f"{host!r} is not an address of this machine: {error}"
        ) from None
    sock = socket.socket(family, kind)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} on {host} is in use; stop the other program or choose another port"
        else:
            message = f"cannot listen on {host}:{port}: {error.strerror}"
        raise Invalid(setting, message) from None
    sock.setblocking(False)
    return sock
