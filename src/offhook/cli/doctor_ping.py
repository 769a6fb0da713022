"""`offhook doctor`, the network: who answers on a port, a trunk's OPTIONS, a webhook's TCP connection."""

import secrets
import socket
from urllib.parse import urlsplit

PATIENCE = 1.0
MOST_READ = 65_535
"""Bytes of a stream in which the answer must be found."""


def tcp(host: str, port: int) -> str | None:
    """None when a connection can be made, else why not."""
    try:
        with socket.create_connection((host.strip("[]"), port), timeout=PATIENCE):
            return None
    except OSError as error:
        return str(error.strerror or error)


def webhook(url: str) -> str | None:
    """None when the host of a URL takes connections, else why not."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "the URL has no usable port"
    return tcp(parts.hostname or "", port)


def options(host: str, port: int, transport: str = "udp") -> str | None:
    """None when a SIP peer answers OPTIONS (RFC 3261 §11), whatever its status; else why not."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=kind)[0]
    except OSError as error:
        return str(error.strerror or error)
    with socket.socket(found[0], kind) as sock:
        sock.settimeout(PATIENCE)
        try:
            sock.connect(found[4])
            call_id = secrets.token_hex(8)
            sock.sendall(_message(host, port, sock.getsockname()[:2], call_id, transport))
            return _await_answer(sock, call_id, stream=transport == "tcp")
        except TimeoutError:
            return f"no answer to OPTIONS within {PATIENCE:g} s"
        except OSError as error:
            return str(error.strerror or error)


def _await_answer(sock: socket.socket, call_id: str, *, stream: bool) -> str | None:
    """Read until the answer is there; a stream may bring it in pieces."""
    answer = b""
    while len(answer) < MOST_READ:
        piece = sock.recv(65_535)
        if stream and not piece:
            return "the peer closed the connection without an answer"
        answer = answer + piece if stream else piece
        if answer.startswith(b"SIP/2.0 ") and call_id.encode() in answer:
            return None
    return "the peer says something else than SIP"


def bindable(host: str, port: int, kind: int) -> bool:
    """Whether nobody has this port."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
        with socket.socket(family, kind) as sock:
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
    except OSError:
        return False
    return True


def _message(host: str, port: int, here: tuple[str, int], call_id: str, transport: str) -> bytes:
    local, local_port = here
    own = f"[{local}]" if ":" in local else local
    lines = (
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/{transport.upper()} {own}:{local_port};branch=z9hG4bK{call_id};rport",
        "Max-Forwards: 70",
        f"From: <sip:doctor@{own}>;tag={call_id}",
        f"To: <sip:{host}:{port}>",
        f"Call-ID: {call_id}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
