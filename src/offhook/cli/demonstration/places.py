"""Where the demo runs: free ports and a data directory of its own, as `OFFHOOK_*` variables.

The usual ports are taken when they are free, so that what a guide says holds; a port that somebody else has
is replaced by a free one, and the notes say so. Nothing is bound here for longer than the look takes.
"""

import errno
import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from offhook.core.errors import NotFound

HOST = "127.0.0.1"
HTTP_PORT, TLS_PORT, SIP_PORT, APP_PORT = 8080, 8443, 5060, 5000
RTP_SPAN = 1000
"""RTP ports that one instance of the demo is given."""
RTP_FIRST = 20000


@dataclass(slots=True)
class Place:
    """Ports, directory and the variables that other commands need to find them."""

    data_dir: Path
    http_port: int
    sip_port: int
    app_port: int
    tls_port: int = TLS_PORT
    rtp_min: int = RTP_FIRST
    temporary: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def app_url(self) -> str:
        return f"http://{HOST}:{self.app_port}"

    @property
    def public_url(self) -> str:
        return f"http://{HOST}:{self.http_port}"

    def environment(self) -> dict[str, str]:
        """Everything the server of this place needs; it wins over an `offhook.toml`."""
        return {
            "OFFHOOK_DATA_DIR": str(self.data_dir),
            "OFFHOOK_HTTP__HOST": HOST,
            "OFFHOOK_HTTP__PORT": str(self.http_port),
            "OFFHOOK_HTTP__TLS_PORT": str(self.tls_port),
            "OFFHOOK_HTTP__TLS_CERT": "",
            "OFFHOOK_HTTP__TLS_KEY": "",
            "OFFHOOK_HTTP__PUBLIC_URL": self.public_url,
            "OFFHOOK_SIP__HOST": HOST,
            "OFFHOOK_SIP__PORT": str(self.sip_port),
            "OFFHOOK_RTP__PORT_MIN": str(self.rtp_min),
            "OFFHOOK_RTP__PORT_MAX": str(self.rtp_min + RTP_SPAN - 1),
            "OFFHOOK_SIMULATOR": "true",
            "OFFHOOK_FETCH__PRIVATE": "allow",
        }

    def moved(self) -> dict[str, str]:
        """The variables that differ from the defaults: what a person must set in another terminal."""
        found = {}
        if self.data_dir != Path("var").resolve():
            found["OFFHOOK_DATA_DIR"] = str(self.data_dir)
        if self.http_port != HTTP_PORT:
            found["OFFHOOK_HTTP__PORT"] = str(self.http_port)
        if self.tls_port != TLS_PORT:
            found["OFFHOOK_HTTP__TLS_PORT"] = str(self.tls_port)
        if self.sip_port != SIP_PORT:
            found["OFFHOOK_SIP__PORT"] = str(self.sip_port)
        return found


def choose(*, once: bool, wanted: Path | None = None) -> Place:
    """A place nobody else uses. `once`: a temporary directory, so that nothing stays behind."""
    notes: list[str] = []
    data_dir, temporary = _directory(once=once, wanted=wanted or Path("var"), notes=notes)
    return Place(
        data_dir=data_dir,
        http_port=port(HTTP_PORT, socket.SOCK_STREAM, notes, "HTTP"),
        sip_port=sip_port(notes),
        tls_port=port(TLS_PORT, socket.SOCK_STREAM, notes, "HTTPS"),
        app_port=port(APP_PORT, socket.SOCK_STREAM, notes, "the example application"),
        rtp_min=rtp_range(),
        temporary=temporary,
        notes=notes,
    )


def port(usual: int, kind: int, notes: list[str], what: str) -> int:
    """The usual port when it is free, else any free one and a note."""
    if free(usual, kind):
        return usual
    found = any_port(kind)
    notes.append(f"port {usual} is in use: {what} takes {found}")
    return found


def sip_port(notes: list[str]) -> int:
    """The usual SIP port when both its transports are free, else any that is, and a note."""
    if free_for_sip(SIP_PORT):
        return SIP_PORT
    found = any_sip_port()
    notes.append(f"port {SIP_PORT} is in use: SIP takes {found}")
    return found


def any_sip_port() -> int:
    """A port of loopback that is free over UDP and TCP."""
    while True:
        found = any_port(socket.SOCK_DGRAM)
        if free_for_sip(found):
            return found


def free_for_sip(number: int) -> bool:
    return free(number, socket.SOCK_DGRAM) and free(number, socket.SOCK_STREAM)


def any_port(kind: int) -> int:
    """A free port of loopback."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def free(number: int, kind: int) -> bool:
    """Whether a port of loopback can be bound now."""
    with socket.socket(socket.AF_INET, kind) as sock:
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, number))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def rtp_range() -> int:
    """The first port of a range in which somebody else's media does not sit: its beginning is free."""
    for first in range(RTP_FIRST, 30000, RTP_SPAN):
        if all(free(number, socket.SOCK_DGRAM) for number in (first, first + 1, first + 2, first + 130)):
            return first
    return RTP_FIRST


def held(data_dir: Path) -> bool:
    """Whether a running instance has this data directory."""
    path = data_dir / "run" / "lock"
    if not path.exists():
        return False
    with path.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _directory(*, once: bool, wanted: Path, notes: list[str]) -> tuple[Path, bool]:
    if once:
        return Path(tempfile.mkdtemp(prefix="offhook-demo-")), True
    chosen = wanted.resolve()
    if held(chosen):
        other = Path(tempfile.mkdtemp(prefix="offhook-demo-"))
        notes.append(f"{chosen} belongs to a running server: this one keeps its data in {other}")
        return other, True
    if not os.access(chosen if chosen.exists() else chosen.parent, os.W_OK):
        other = Path(tempfile.mkdtemp(prefix="offhook-demo-"))
        notes.append(f"{chosen} cannot be written: the data goes to {other}")
        return other, True
    return chosen, False


def example(name: str) -> Path:
    """The folder of an example. Raises `NotFound` outside the source tree."""
    for root in (Path.cwd(), Path(__file__).resolve().parents[4]):
        folder = root / "examples" / name
        if (folder / "app.py").is_file():
            return folder
    raise NotFound(
        f"the demo needs examples/{name} of the source tree, and an installed package does not have it; "
        "get the sources and run scripts/demo there"
    )
