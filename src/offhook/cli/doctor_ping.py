"""`offhook doctor`, the network: who answers on a port, a trunk's OPTIONS, a webhook's TCP connection."""

import secrets
import socket
from urllib.parse import urlsplit

PATIENCE = 1.0


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


def options(host: str, port: int) -> str | None:
    """None when a SIP peer answers OPTIONS (RFC 3261 §11) over UDP, whatever its status; else why not."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        return str(error.strerror or error)
    with socket.socket(found[0], socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        try:
            sock.connect(found[4])
            call_id = secrets.token_hex(8)
            sock.send(_message(host, port, sock.getsockname()[0], sock.getsockname()[1], call_id))
            while True:
                answer = sock.recv(65_535)
                if answer.startswith(b"SIP/2.0 ") and call_id.encode() in answer:
                    return None
        except TimeoutError:
            return f"no answer to OPTIONS within {PATIENCE:g} s"
        except OSError as error:
            return str(error.strerror or error)


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


def _message(host: str, port: int, local: str, local_port: int, call_id: str) -> bytes:
    own = f"[{local}]" if ":" in local else local
    lines = (
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {own}:{local_port};branch=z9hG4bK{call_id};rport",
        "Max-Forwards: 70",
        f"From: <sip:doctor@{own}>;tag={call_id}",
        f"To: <sip:{host}:{port}>",
        f"Call-ID: {call_id}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
