"""TLS for the served hosts: a context for each name, with a certificate of the installation's authority.

Certificates are made when a client asks for a name, kept in memory and made again after a day. The key goes
through a file that exists for the moment of loading, because OpenSSL's interface reads files only.
"""

import os
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import OffhookError
from offhook.exec.hosts import DEFAULT, bare, is_served
from offhook.security.tls import new_context

KEEP = 86_400 * US_PER_SECOND
"""Microseconds until a certificate is made anew; it is good for much longer."""
MOST = 256
"""Names held at a time; regions are few, and a program may invent some."""


class Leaves:
    """`issue(name, wall)` gives a PEM text with certificate, chain and key; `wall()` UTC microseconds."""

    def __init__(
        self, issue: Callable[[str, int], bytes], wall: Callable[[], int], say: Callable[[str], None]
    ) -> None:
        self._issue = issue
        self._wall = wall
        self._say = say
        self._made: dict[str, tuple[int, ssl.SSLContext]] = {}

    def server_context(self) -> ssl.SSLContext:
        """What a TLS server listens with: the name that the client says (SNI) chooses the certificate."""
        context = self._make(DEFAULT)
        context.sni_callback = self._choose
        return context

    def context(self, host: str) -> ssl.SSLContext:
        """The context of one served name."""
        now, name = self._wall(), bare(host)
        found = self._made.get(name)
        if found is not None and now - found[0] < KEEP:
            return found[1]
        if len(self._made) >= MOST:
            self._made.clear()
        made = self._make(name)
        self._made[name] = (now, made)
        return made

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if name is None:
            return None
        if not is_served(name):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        try:
            connection.context = self.context(name)
        except (OffhookError, OSError) as error:
            self._say(f"no certificate for {name}: {error}")
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        return None

    def _make(self, name: str) -> ssl.SSLContext:
        context = new_context()
        descriptor, path = tempfile.mkstemp(prefix="offhook-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._issue(name, self._wall()))
            context.load_cert_chain(path)
        finally:
            Path(path).unlink(missing_ok=True)
        return context
