"""The control process: `python -m offhook.control`, started by the supervisor with its sockets.

It puts real clocks, sockets, connections and files under the service of `service.py`, serves SIP and HTTP,
and gives a sign of life to the supervisor every second. It ends at SIGTERM after the grace, and at once when
the supervisor is gone.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from offhook import config
from offhook.config import Settings
from offhook.core.clock import Clock, SystemClock
from offhook.core.errors import Invalid, OffhookError
from offhook.core.ids import RandomIds
from offhook.core.journal_file import FileJournal
from offhook.core.tasks import Tasks, outside
from offhook.door import Door, bind_sip, make_transports
from offhook.drain import Drain, stop_all
from offhook.http.connections import guarded
from offhook.http.crowd import Crowd
from offhook.ipc.beat import Beat
from offhook.ipc.pipes import Connector, unix_connector
from offhook.ipc.shm import SharedPrompts
from offhook.locate import Locator, default_route_address
from offhook.media.client import WorkerAddress
from offhook.security.fetch_policy import SystemResolver
from offhook.security.secrets import Sealer, load_key
from offhook.security.tls import ServerTls
from offhook.service import Drivers, Service, policy_of
from offhook.serving import Web, chooser, limits_of
from offhook.storage.database import Database
from offhook.storage.retention import US_PER_DAY, Step
from offhook.supervisor.plans import socket_of
from offhook.supervisor.run import PASSED_ON
from offhook.supervisor.sockets import inherited, open_all
from offhook.transport.acl import Acl
from offhook.transport.transports import Transports
from offhook.webhooks.transport import AiohttpTransport

log = logging.getLogger("offhook.control")

RESEND_EVERY = 1.0
"""Seconds until a webhook that is to be sent again is noticed."""
STANDING_EVERY = 1.0
"""Seconds until the calls of a suspended or deleted account are hung up."""
TRUST_EVERY = 5.0
"""Seconds until a changed trunk counts."""
LOG_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"


def main() -> None:
    """Run one control process; exit status 2 for a wrong setting."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.umask(0o077)
    try:
        settings = config.load()
        with asyncio.Runner(loop_factory=_loop_factory(settings)) as runner:
            runner.run(serve(settings))
    except Invalid as error:
        log.error("%s", error)
        sys.exit(2)
    except OffhookError as error:
        log.error("%s", error)
        sys.exit(1)


async def serve(settings: Settings) -> None:
    """Everything from the first connection to the last BYE."""
    stop = asyncio.Event()
    _watch(stop)
    settings.make_directories()
    settings = with_advertised(settings)
    sockets = inherited() or open_all(settings)
    clock = SystemClock()
    acl = Acl(rate=settings.sip.rate_per_source)
    transports, wire = make_transports(settings, clock, acl)
    web = AiohttpTransport(policy_of(settings), SystemResolver())
    journal = _journal(settings, clock)
    service = Service(settings, _drivers(settings, clock, journal, transports, web))
    if settings.journal.keep_days:
        service.retention.add("journal segments", _journal_keeper(journal, settings.journal.keep_days))
    tasks = Tasks()
    tasks.start(Beat().keep(), "sign of life")
    tasks.start(_keep_trusting(service, acl), "trusted sources")
    tasks.start(service.room.keep(service.drivers.database), "room for the data")
    tls = ServerTls(chooser(settings, clock))
    connection = guarded(
        Crowd(limits_of(settings)), lambda reason: service.metrics.closed.labels(reason).inc()
    )
    http = Web(service.http, sockets.http, sockets.https, tls, connection)
    tasks.start(http.keep_certificate(), "HTTPS certificate")
    reload = Reload(settings, clock, tls, http, tasks)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    drain = Drain(settings.run_dir, clock, service.calls, stop_all(stop.set))
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, drain.look)
    tasks.start(drain.run(), "drain")
    try:
        door = Door(service.driver)
        await bind_sip(transports, door, sockets)  # first: the calls of a crashed process get their BYE
        await service.start()
        door.open()
        service.sip_bound = True
        tasks.start(_keep_resending(service), "webhooks to be sent again")
        tasks.start(_keep_standing(service), "calls of suspended accounts")
        await http.start()
        gc.freeze()
        web_urls = [settings.public_url, *([settings.https_url] if settings.https_url else [])]
        sip_addresses = map(_shown, transports.addresses("udp"))
        log.info("serving: HTTP %s, SIP %s", ", ".join(web_urls), ", ".join(sip_addresses))
        await stop.wait()
        log.info("stopping")
    finally:
        await service.drain(settings.shutdown.grace)
        await http.stop()
        await tasks.close()
        await service.close()
        transports.close()
        await wire.close()
        await web.close()
        journal.close()


def _journal(settings: Settings, clock: Clock) -> FileJournal:
    return FileJournal(
        settings.journal_dir,
        clock,
        node=settings.node,
        segment_bytes=settings.journal.segment_bytes,
        keep_segments=settings.journal.keep_segments,
        mask_digits=settings.journal.mask_digits,
        mask_numbers=settings.journal.mask_numbers,
    )


def _journal_keeper(journal: FileJournal, days: int) -> Step:
    """Removes the segments that are older than so many days."""

    async def step(wall: int) -> int:
        return await outside(journal.remove_old, wall - days * US_PER_DAY)

    return step


def _drivers(
    settings: Settings, clock: Clock, journal: FileJournal, transports: Transports, web: AiohttpTransport
) -> Drivers:
    """The real things; the database is brought up to date here."""
    database = Database(settings.database, durability=settings.storage.durability)
    database.migrate()
    return Drivers(
        clock=clock,
        ids=RandomIds(settings.node),
        database=database,
        journal=journal,
        prompts=SharedPrompts(),
        sealer=Sealer(load_key(settings.data_dir, settings.secret_key or None)),
        media=[_media(settings, number) for number in range(settings.media.workers)],
        audio=unix_connector(socket_of(settings, "audio")),
        speech=[_speech(settings, number) for number in range(settings.speech.workers)],
        web=web,
        sip_send=transports.send,
        sip_alias=transports.alias,
        locate=Locator(settings, transports),
    )


def _media(settings: Settings, number: int) -> WorkerAddress:
    name = f"media-{number}"
    host = settings.rtp.advertised_host or settings.rtp_host
    return WorkerAddress(name, host, unix_connector(socket_of(settings, name)))


def _speech(settings: Settings, number: int) -> tuple[str, Connector]:
    name = f"speech-{number}"
    return name, unix_connector(socket_of(settings, name))


def with_advertised(settings: Settings) -> Settings:
    """The settings with addresses that peers can use where a wildcard is bound."""
    sip, rtp = settings.sip.advertised_host, settings.rtp.advertised_host
    wild = [host for host in settings.sip.hosts if config.is_wildcard(host)]
    if not sip and wild:
        sip = default_route_address(wild[0])
    if not rtp and config.is_wildcard(settings.rtp_host):
        rtp = default_route_address(settings.rtp_host)
    return settings.model_copy(
        update={
            "sip": settings.sip.model_copy(update={"advertised_host": sip}),
            "rtp": settings.rtp.model_copy(update={"advertised_host": rtp}),
        }
    )


def _watch(stop: asyncio.Event) -> None:
    """End on a signal, or when the supervisor's pipe on standard input closes."""
    loop = asyncio.get_running_loop()
    for number in PASSED_ON:  # the settings are being read as it is, and a wish to drain will be
        loop.add_signal_handler(number, lambda: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    with contextlib.suppress(OSError, ValueError):
        loop.add_reader(0, readable)


@dataclass(slots=True)
class Reload:
    """SIGHUP: take up the HTTPS certificate, and say which other settings a restart would change."""

    settings: Settings
    clock: Clock
    tls: ServerTls
    http: Web
    tasks: Tasks

    def __call__(self) -> None:
        try:
            new = config.load()
        except Invalid as error:
            log.error("the settings cannot be read again: %s", error)
            return
        names = [name for name in config.changed(self.settings, new) if name not in config.RELOADABLE]
        if names:
            log.warning("these settings have changed and need a restart: %s", ", ".join(names))
        else:
            log.info("no setting that needs a restart has changed")
        pair = {"tls_cert": new.http.tls_cert, "tls_key": new.http.tls_key}
        web = self.settings.http.model_copy(update=pair)
        self.tls.choose = chooser(self.settings.model_copy(update={"http": web}), self.clock)
        self.tasks.start(self.http.look(), "HTTPS certificate after SIGHUP")


async def _keep_trusting(service: Service, acl: Acl) -> None:
    """Trunks may be added and removed while the server runs; a rate or a stranger's garbage in their name
    must not hold them back.
    """
    while True:
        try:
            acl.trust(await service.trusted_sources())
        except Exception:
            log.exception("the trunks cannot be read; the sources trusted before stay so")
        await asyncio.sleep(TRUST_EVERY)


async def _keep_resending(service: Service) -> None:
    """Send what `offhook webhooks resend`, another process, has asked for."""
    while True:
        await asyncio.sleep(RESEND_EVERY)
        try:
            await service.outbox.take_requeued()
        except Exception:
            log.exception("webhooks to be sent again cannot be looked up; tried again in a second")


async def _keep_standing(service: Service) -> None:
    """End the calls of accounts that `offhook accounts`, another process, has suspended or deleted."""
    while True:
        await asyncio.sleep(STANDING_EVERY)
        try:
            await service.calls.check_accounts()
        except Exception:
            log.exception("the accounts of live calls cannot be looked up; tried again in a second")


def _loop_factory(settings: Settings) -> Callable[[], asyncio.AbstractEventLoop]:
    if settings.loop == "uvloop":
        import uvloop  # not on every platform

        factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
        return factory
    return asyncio.new_event_loop


def _shown(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


if __name__ == "__main__":
    main()
