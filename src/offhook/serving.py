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
import ssl
from collections.abc import Callable
from typing import Any
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
HANDSHAKE = 10.0
"""Seconds for a TLS handshake: until it is done a connection counts for no other limit."""
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
        self._http, self._https = http, https
        self._plain = _server(app, connection)
        self._secure = _server(app, connection)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen. A certificate that cannot be used costs HTTPS, until there is one that can, and no more."""
        await self._listen(self._plain, self._http, None)
        await self.look()

    async def keep_certificate(self) -> None:
        """Take up a renewed certificate, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Take up a changed certificate now; one that cannot be used changes nothing."""
        if self._https is None:
            return
        try:
            await self._tls.refresh()
        except OffhookError as error:
            state = "goes on with the certificate it has" if self._secure.started else "is not served"
            log.error("HTTPS %s: %s", state, error)
            return
        if not self._secure.started and not self._plain.should_exit:
            await self._listen(self._secure, self._https, self._tls.context)

    async def _listen(self, server: uvicorn.Server, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """What `uvicorn.Server.startup` does with one socket, and a limit to the time of a TLS handshake."""
        config = server.config
        config.load()
        config.ssl = tls
        server.lifespan = config.lifespan_class(config)

        def connection() -> asyncio.Protocol:
            make: Any = config.http_protocol_class
            made: asyncio.Protocol = make(
                config=config, server_state=server.server_state, app_state=server.lifespan.state
            )
            return made

        listening = await asyncio.get_running_loop().create_server(
            connection,
            sock=sock,
            ssl=tls,
            ssl_handshake_timeout=HANDSHAKE if tls else None,
            backlog=config.backlog,
        )
        server.servers = [listening]
        server.started = True
        self._tasks.append(asyncio.ensure_future(server.main_loop()))

    async def stop(self) -> None:
        """Take no more connections and let the last answers out."""
        started = [server for server in (self._plain, self._secure) if server.started]
        self._plain.should_exit = self._secure.should_exit = True
        for task in self._tasks:
            await task
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWERS):
                await asyncio.gather(*(server.shutdown() for server in started))


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
            return Chosen.of(given.tls_cert, given.tls_key)
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
    names += [name.strip() for name in settings.http.tls_names.split(",") if name.strip()]
    return [*names, socket.gethostname(), settings.sip.domain]
