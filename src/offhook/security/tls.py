"""The TLS side of a server: one context whose certificate can be replaced while connections are open.

A new certificate counts for new handshakes; what is connected stays as it is. A certificate that cannot be
used is refused before it comes near the context in use. TLS 1.2 at least (RFC 8996), HTTP/1.1 by ALPN (RFC
7301).
"""

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from offhook.core.errors import Invalid
from offhook.core.tasks import outside

log = logging.getLogger("offhook.tls")

CERTIFICATE, KEY = "OFFHOOK_HTTP__TLS_CERT", "OFFHOOK_HTTP__TLS_KEY"
Stamp = tuple[tuple[str, int, int, int], ...]
"""What tells a file from the one that replaces it: path, inode, size, time of change."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """PEM files: a certificate with its chain, and the key where that is a file of its own."""

    certificate: Path
    key: Path | None = None

    @classmethod
    def of(cls, certificate: str, key: str) -> "Chosen":
        """As the settings name them; an empty `key` is in the file of the certificate."""
        return cls(Path(certificate), Path(key) if key else None)

    def check(self) -> None:
        """Raises Invalid, naming the setting, for files that a server could not use."""
        self.stamp()
        _load(new_context(), self)

    def stamp(self) -> Stamp:
        """Raises Invalid when a file cannot be looked at."""
        found = []
        for path, setting in ((self.certificate, CERTIFICATE), (self.key, KEY)):
            if path is not None:
                try:
                    seen = path.stat()
                except OSError as error:
                    raise Invalid(setting, f"{path} cannot be read: {error.strerror}") from None
                found.append((str(path), seen.st_ino, seen.st_size, seen.st_mtime_ns))
        return tuple(found)


class ServerTls:
    """`choose` names the files to use now; it may block and may make them. `refresh` has to be called before
    the context is used, and again whenever the files may have changed.
    """

    def __init__(self, choose: Callable[[], Chosen]) -> None:
        self.choose = choose
        self.context = new_context()
        self._stamp: Stamp = ()

    async def refresh(self) -> bool:
        """Take up changed files; False when nothing has changed. Raises Invalid and keeps what was in use."""
        found = await outside(self._look)
        if found is None:
            return False
        chosen, stamp = found
        _load(self.context, chosen)  # on the loop, because handshakes use the context: half a millisecond
        self._stamp = stamp
        log.info("HTTPS certificate: %s", chosen.certificate)
        return True

    def _look(self) -> tuple[Chosen, Stamp] | None:
        chosen = self.choose()
        stamp = chosen.stamp()
        if stamp == self._stamp:
            return None
        chosen.check()
        return chosen, stamp


def new_context() -> ssl.SSLContext:
    """A server's context without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, chosen: Chosen) -> None:
    try:
        context.load_cert_chain(chosen.certificate, chosen.key, password=_no_password)
    except ssl.SSLError as error:
        raise Invalid(CERTIFICATE, _explained(chosen, error)) from None
    except OSError as error:
        raise Invalid(CERTIFICATE, f"{chosen.certificate} cannot be read: {error.strerror}") from None


def _explained(chosen: Chosen, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the key does not belong to the certificate in {chosen.certificate}"
    files = f"{chosen.certificate} must be a PEM file with a certificate, its chain and its key"
    if chosen.key is not None:
        files = (
            f"{chosen.certificate} must hold a certificate and its chain, {chosen.key} its key, both as PEM"
        )
    return f"{files} ({error.reason or error})"


def _no_password() -> bytes:
    """Without this, OpenSSL would ask at the terminal."""
    raise Invalid(KEY, "is protected with a passphrase; give a key without one, in a file of mode 0600")
