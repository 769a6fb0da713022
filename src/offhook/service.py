"""The composition root: the one module that knows every concrete class of a control process.

`compose` puts the parts together over a set of `Drivers`: the clocks, connections and sockets that differ
between a process that serves (`control.py`) and a world in virtual time (`testing/world.py`). Everything
above the drivers is the same code in both.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import metadata

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from offhook.audio.client import AudioClient
from offhook.calls import replies
from offhook.calls.destinations import Destinations
from offhook.calls.ports import CallsPorts, CallsSettings
from offhook.calls.registry import Calls
from offhook.config import Settings
from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.core.journal import Journal
from offhook.http.app import build
from offhook.http.context import HttpContext, VoiceOptions
from offhook.http.kpn.parts import KpnParts
from offhook.http.limits import Limits
from offhook.http.metrics import Metrics
from offhook.http.regions import Region
from offhook.ipc.pipes import Connector
from offhook.ipc.shm import Prompts
from offhook.media.client import MediaPool, WorkerAddress
from offhook.ncco.settings import Settings as NccoSettings
from offhook.security.fetch_policy import FetchPolicy
from offhook.security.passwords import SecretChecker, hint_key
from offhook.security.secrets import Sealer
from offhook.sip.commands import Command, Credentials
from offhook.sip.flow import Flow
from offhook.sip.stack import SipStack, StackConfig
from offhook.speech.client import SpeechClient
from offhook.storage import trunks
from offhook.storage.database import Database
from offhook.storage.quotas import Rule
from offhook.storage.retention import Retention, RetentionSettings
from offhook.storage.room import Room
from offhook.transport.driver import SipDriver
from offhook.transport.trace import SipTrace
from offhook.webhooks.attempts import Caller, Transport
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.download import Downloads, DownloadSettings
from offhook.webhooks.outbox import Outbox, OutboxSettings
from offhook.webhooks.sign import AccountKeys, Signer

Locate = Callable[[str, int, str], Awaitable[Flow]]
"""Host, port and transport of a peer → the flow on which it is reached. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Drivers:
    """What a process and a world do differently."""

    clock: Clock
    ids: Ids
    database: Database
    journal: Journal
    prompts: Prompts
    sealer: Sealer
    media: list[WorkerAddress]
    audio: Connector
    speech: list[tuple[str, Connector]]
    web: Transport
    """Carries webhooks and downloads."""
    sip_send: Callable[[bytes, Flow], None]
    sip_alias: Callable[[Flow, Flow], None]
    locate: Locate


class Service:
    """One control process without its sockets."""

    def __init__(self, settings: Settings, drivers: Drivers) -> None:
        self.settings = settings
        self.drivers = drivers
        self.sip_bound = False
        self.stack = SipStack(_stack_config(settings, drivers.sealer), drivers.ids)
        self._trace = SipTrace(drivers.journal, self._leg_of)
        self.driver = SipDriver(
            self.stack,
            drivers.clock,
            drivers.sip_send,
            lambda event: self.calls.on_sip(event),
            asyncio.get_running_loop(),
            observe=self._trace,
            alias=drivers.sip_alias,
            keep=lambda: self.calls.on_marks(self.stack.marks()),
        )
        epoch = drivers.ids.uuid()
        self.media = MediaPool(drivers.media, str(settings.run_dir), drivers.clock, drivers.ids, epoch)
        self.audio = AudioClient(drivers.audio, drivers.clock, drivers.ids, epoch)
        self.speech = SpeechClient(
            drivers.speech, drivers.clock, drivers.ids, drivers.prompts, settings.speech.cache_bytes
        )
        self.room = Room(settings.data_dir, settings.storage.least_free)
        self._webhooks = _Webhooks(settings, drivers)
        self.outbox, self.downloads = self._webhooks.outbox, self._webhooks.downloads
        self.retention = Retention(drivers.database, drivers.clock, _retention_settings(settings))
        self.calls = Calls(self._ports(), _calls_settings(settings))
        self.metrics = Metrics(
            CollectorRegistry(),
            lambda: self.calls.live_legs,
            lambda: self.room.free,
            lambda: self.calls.refused,
        )
        self.http = self._http()
        self.media.subscribe(self.calls.on_media)
        self.media.on_worker_lost(self.calls.on_worker_lost)
        self.audio.on_spool_refused(self.calls.on_spool_refused)

    async def start(self) -> None:
        """Connect to the workers, send the webhooks that waited, end what a crash left behind.

        In this order: the webhooks of a call that is ended now go behind the ones that it has caused before.
        """
        await self.downloads.clear()
        self.media.start()
        self.audio.start()
        self.speech.start()
        await self.outbox.start()
        await self.calls.recover()
        self.retention.start()
        self.metrics.start(asyncio.get_running_loop())

    def missing(self) -> list[str]:
        """What keeps the platform from being ready, in words."""
        pieces = [
            None if self.sip_bound else "sip: no address is bound",
            self.media.ready(),
            self.audio.ready(),
            self.speech.ready(),
            self.drivers.database.ready(),
            self.room.problem(),
            self._draining(),
        ]
        return [piece for piece in pieces if piece]

    def _draining(self) -> str | None:
        if not self.calls.draining:
            return None
        return f"calls: draining, {self.calls.live_legs} legs are still up"

    async def trusted_sources(self) -> list[str]:
        """The networks of enabled trunks: who is never held back by a rate."""
        known = await self.drivers.database.read(lambda connection: trunks.list(connection, enabled=True))
        usable = [trunk for trunk in known if not trunk.simulated or self.settings.simulator_active]
        return sorted({source for trunk in usable for source in trunk.sources})

    async def drain(self, grace: float) -> None:
        """Refuse new calls, wait `grace` seconds for the others, hang up the rest. REST still answers."""
        self.metrics.stop()
        await self.retention.close()
        await self.calls.close(grace)

    async def close(self) -> None:
        """After `drain`: send the last webhooks and let go of everything."""
        # The writer works in order: after this, what ended is committed and its webhooks are in the outbox.
        await self.calls.settle()
        await self.outbox.close(1.0)
        await self.downloads.close()
        self.driver.close()
        self._trace.close()
        await asyncio.gather(self.media.close(), self.audio.close(), self.speech.close())
        await self.drivers.database.close()

    def _leg_of(self, session: str) -> tuple[str, str] | None:
        leg = self.calls.exchange.live.sessions.get(session)
        return None if leg is None else (leg.leg_id, leg.conversation.conversation_id)

    def _ports(self) -> CallsPorts:
        drivers = self.drivers
        return CallsPorts(
            clock=drivers.clock,
            ids=drivers.ids,
            sip=_Sip(self.driver, self.stack, drivers.locate),
            media=self.media,
            audio=self.audio,
            speech=self.speech,
            fetch=self._webhooks.downloads,
            database=drivers.database,
            outbox=self._webhooks.outbox,
            webhooks=self._webhooks.client,
            journal=drivers.journal,
            unseal=drivers.sealer.open,
            lag=lambda: self.metrics.lag_ms,
        )

    def _http(self) -> FastAPI:
        return build(
            HttpContext(
                calls=self.calls,
                database=self.drivers.database,
                clock=self.drivers.clock,
                ids=self.drivers.ids,
                public_url=self.settings.public_url,
                data_dir=self.settings.data_dir,
                metrics=self.metrics,
                metrics_token=self.settings.http.metrics_token,
                sealer=self.drivers.sealer,
                missing=self.missing,
                max_body=self.settings.http.max_body,
                secrets=SecretChecker(hint_key=hint_key(self.drivers.sealer)),
                limits=Limits(self.settings.http.requests_per_second),
                voice=_voice_options(self.settings),
            ),
            _kpn_parts(self.settings, self.drivers),
        )


class _Webhooks:
    """The parts that talk to applications."""

    def __init__(self, settings: Settings, drivers: Drivers) -> None:
        keys = AccountKeys(drivers.database, drivers.sealer, drivers.clock)
        caller = Caller(drivers.web, Signer(keys, drivers.clock, drivers.ids), check=replies.check)
        self.client = WebhookClient(caller, drivers.ids)
        self.outbox = Outbox(
            drivers.database,
            caller,
            drivers.clock,
            drivers.ids,
            journal=drivers.journal,
            settings=OutboxSettings(node=settings.node, keep_days=settings.storage.webhook_days),
        )
        self.downloads = Downloads(
            drivers.web,
            policy_of(settings),
            drivers.ids,
            DownloadSettings(
                settings.data_dir / "downloads",
                max_bytes=settings.fetch.max_stream_bytes,
                total_timeout_s=settings.fetch.timeout,
                at_once=settings.fetch.downloads,
                cache_s=settings.fetch.cache_seconds,
            ),
        )


class _Sip:
    """The SIP port of the calls: the driver for what is sent, the stack for what is kept."""

    def __init__(self, driver: SipDriver, stack: SipStack, locate: Locate) -> None:
        self._driver = driver
        self._stack = stack
        self._locate = locate

    def command(self, command: Command) -> None:
        self._driver.command(command)

    def dump(self, session: str) -> bytes | None:
        return self._stack.dump(session)

    def load(self, session: str, dialog: bytes, credentials: Credentials | None = None) -> None:
        self._stack.load(session, dialog, credentials)

    def unanswered(self) -> int:
        return self._stack.unanswered

    def take_calls(self, on: bool) -> None:
        self._stack.take_calls(on)

    async def locate(self, host: str, port: int, transport: str) -> Flow:
        return await self._locate(host, port, transport)


def policy_of(settings: Settings) -> FetchPolicy:
    """Where requests may go, by the settings."""
    return FetchPolicy(private=settings.private_fetches, networks=settings.fetch_networks)


def _retention_settings(settings: Settings) -> RetentionSettings:
    return RetentionSettings(
        settings.data_dir,
        node=settings.node,
        call_days=settings.storage.call_days,
        by_application=settings.storage.call_records == "application",
        recording_days=settings.storage.recording_days,
        spool_days=settings.storage.spool_days,
    )


def _stack_config(settings: Settings, sealer: Sealer) -> StackConfig:
    return StackConfig(
        contact_host=settings.sip.advertised_host,
        contact_port=settings.sip.port,
        user_agent=f"Offhook/{metadata.version('offhook')}",
        nonce_secret=sealer.derive("sip nonces"),
        udp_limit=settings.sip.udp_limit,
    )


def _kpn_parts(settings: Settings, drivers: Drivers) -> KpnParts:
    kpn = settings.kpn
    return KpnParts(
        sealer=drivers.sealer,
        clock=drivers.clock,
        token_life_s=kpn.token_life,
        rule=Rule(kpn.quota_interval, kpn.quota_unit, kpn.quota_limit),
        arrays=kpn.arrays,
        origins=kpn.allowed_origins,
        sunset=kpn.sunset,
    )


def _voice_options(settings: Settings) -> VoiceOptions:
    return VoiceOptions(
        region=Region(settings.region.name, settings.region.own_hosts),
        app_legs=settings.http.app_legs,
        sip_domain=settings.sip.domain,
    )


def _calls_settings(settings: Settings) -> CallsSettings:
    return CallsSettings(
        data_dir=settings.data_dir,
        sip_domain=settings.sip.domain,
        public_url=settings.public_url,
        recording_url_template=settings.recording_url_template,
        answer=settings.calls.answer,
        answer_details=settings.calls.answer_details,
        max_legs=settings.calls.max_legs,
        per_second=settings.calls.per_second,
        per_account=settings.calls.per_second_per_account,
        dials_per_second=settings.calls.dials_per_second,
        max_lag_ms=settings.calls.max_lag_ms,
        max_skipped=settings.calls.max_skipped,
        max_duration=settings.calls.max_duration,
        media_timeout=settings.calls.media_timeout,
        conversation_size=settings.calls.conversation_size,
        unowned_from=settings.calls.unowned_from,
        ncco=NccoSettings(
            connect_ends_call=settings.calls.connect_ends_call,
            record_waits_for_timeout=settings.calls.record_waits_for_timeout,
        ),
        simulator_active=settings.simulator_active,
        destinations=Destinations.read(settings.destinations.allow, settings.destinations.deny),
        node=settings.node,
        mask_digits=settings.journal.mask_digits,
    )
