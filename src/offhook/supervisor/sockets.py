"""The listening sockets: opened once by the supervisor, inherited by every control process."""

import errno
import json
import os
import socket
from dataclasses import dataclass, field

from offhook.config import Settings
from offhook.core.errors import Invalid

VARIABLE = "OFFHOOK_SOCKETS"
"""Environment variable that tells control the numbers of the inherited sockets."""
RECEIVE_BUFFER = 4 * 1024 * 1024


@dataclass(slots=True)
class Listening:
    """The open sockets of one instance."""

    sip: list[socket.socket]
    """UDP, one for each address."""
    http: socket.socket
    https: socket.socket | None = None
    sip_streams: list[socket.socket] = field(default_factory=list)
    """TCP, at the same addresses and port: connections wait here while one control replaces another."""

    def all(self) -> list[socket.socket]:
        return [*self.sip, *self.sip_streams, self.http, *([self.https] if self.https else [])]

    def descriptors(self) -> list[int]:
        return [sock.fileno() for sock in self.all()]

    def environment(self) -> dict[str, str]:
        """What a child needs to find the sockets again with `inherited()`."""
        value = {
            "sip": [sock.fileno() for sock in self.sip],
            "sip_streams": [sock.fileno() for sock in self.sip_streams],
            "http": self.http.fileno(),
            "https": self.https.fileno() if self.https else None,
        }
        return {VARIABLE: json.dumps(value)}

    def close(self) -> None:
        for sock in self.all():
            sock.close()


def open_all(settings: Settings) -> Listening:
    """Bind every address of the settings. Raises `Invalid` naming the setting when one is taken."""
    opened: list[socket.socket] = []
    web = settings.http
    https = None
    try:
        for host in settings.sip.hosts:
            opened.append(_bind(host, settings.sip.port, socket.SOCK_DGRAM, "SIP"))
        sip = opened.copy()
        for host in settings.sip.hosts:
            opened.append(_bind(host, settings.sip.port, socket.SOCK_STREAM, "SIP"))
        streams = opened[len(sip) :]
        opened.append(http := _bind(web.host, web.port, socket.SOCK_STREAM, "HTTP"))
        if web.tls_port:
            opened.append(https := _bind(web.host, web.tls_port, socket.SOCK_STREAM, "HTTP", "TLS_PORT"))
    except BaseException:
        for sock in opened:
            sock.close()
        raise
    for sock in opened[len(sip) :]:
        sock.listen(512)
    return Listening(sip, http, https, streams)


def inherited() -> Listening | None:
    """The sockets that the supervisor passed to this process, None when it was started by hand."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    value = json.loads(text)
    sip = [socket.socket(fileno=number) for number in value["sip"]]
    streams = [socket.socket(fileno=number) for number in value["sip_streams"]]
    http = socket.socket(fileno=value["http"])
    https = socket.socket(fileno=value["https"]) if value["https"] is not None else None
    listening = Listening(sip, http, https, streams)
    for sock in listening.all():
        sock.setblocking(False)
    return listening


def _bind(host: str, port: int, kind: int, name: str, member: str = "PORT") -> socket.socket:
    setting = f"OFFHOOK_{name}__{member}"
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
            if member == "TLS_PORT":
                message += ", or 0 to serve no HTTPS"
        else:
            message = f"cannot listen on {host}:{port}: {error.strerror}"
        raise Invalid(setting, message) from None
    sock.setblocking(False)
    return sock
