"""HTTP and HTTPS: uvicorn on the sockets that control inherited, in its loop, without its signal handlers.

Both serve the same application. The HTTPS certificate is looked at every minute and at SIGHUP, so that a
renewed one counts for the next connection and no open one is touched. Which certificate that is, given or our
own, and for which names, is decided here.
"""

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from offhook.config import Settings, is_wildcard
from offhook.core.clock import Clock
from offhook.core.errors import Invalid, OffhookError
from offhook.http.crowd import Limits
from offhook.locate import default_route_address
from offhook.security.certificate_store import server_file
from offhook.security.tls import Chosen, ServerTls

log = logging.getLogger("offhook.control")

LOOK_EVERY = 60.0
"""Seconds until a replaced certificate file counts without a SIGHUP."""
LAST_ANSWERS = 1.0
OWN_DESCRIPTORS = 300
"""Files, webhooks and workers of control."""


class Web:
    """The servers of one control process."""

    def __init__(
        self,
        app: ASGIApp,
        http: socket.socket,
        https: socket.socket | None,
        tls: ServerTls,
        connection: type[asyncio.Protocol],
    ) -> None:
        """`connection` is what serves one connection, HTTP or HTTPS (`http/connections.py`)."""
        self._tls = tls
        self._sockets = [(http, False)] + ([(https, True)] if https else [])
        self._servers = [_server(app, connection) for _ in self._sockets]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen. Raises Invalid when the certificate cannot be used."""
        for server, (sock, secure) in zip(self._servers, self._sockets, strict=True):
            server.config.load()
            if secure:
                await self._tls.refresh()
                server.config.ssl = self._tls.context
            server.lifespan = server.config.lifespan_class(server.config)
            await server.startup(sockets=[sock])
            self._tasks.append(asyncio.ensure_future(server.main_loop()))

    async def keep_certificate(self) -> None:
        """Take up a renewed certificate, for ever."""
        while len(self._sockets) > 1:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Take up a changed certificate now; one that cannot be used changes nothing."""
        if len(self._sockets) < 2:
            return
        try:
            await self._tls.refresh()
        except OffhookError as error:
            log.error("the HTTPS certificate stays as it was: %s", error)

    async def stop(self) -> None:
        """Take no more connections and let the last answers out."""
        for server in self._servers:
            server.should_exit = True
        for task in self._tasks:
            await task
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWERS):
                await asyncio.gather(*(server.shutdown() for server in self._servers if server.started))


def _server(app: ASGIApp, connection: type[asyncio.Protocol]) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=connection,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=75,
            server_header=False,
        )
    )


def limits_of(settings: Settings) -> Limits:
    """How many connections, and how slow. Each is a descriptor, of which control needs some for itself."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Limits(
        in_all=max(10, min(settings.http.connections, descriptors - OWN_DESCRIPTORS)),
        per_source=settings.http.connections_per_source,
        head_s=settings.http.header_timeout,
        body_s=settings.http.body_timeout,
    )


def chooser(settings: Settings, clock: Clock) -> Callable[[], Chosen]:
    """How to find the certificate of these settings: the given files, else our own, made when needed."""
    given = settings.http

    def choose() -> Chosen:
        if given.tls_cert:
            return Chosen(Path(given.tls_cert), Path(given.tls_key) if given.tls_key else None)
        return Chosen(server_file(settings.data_dir, server_names(settings), clock.wall()))

    return choose


def server_names(settings: Settings) -> list[str]:
    """Every name and address by which clients of this machine may reach HTTPS."""
    names = ["localhost", "127.0.0.1", "::1", urlsplit(settings.public_url).hostname or ""]
    bound = settings.http.host
    if is_wildcard(bound):
        with contextlib.suppress(Invalid):  # a machine without a network
            names.append(default_route_address(bound))
    else:
        names.append(bound)
    return [*names, socket.gethostname(), settings.sip.domain]
