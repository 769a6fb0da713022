"""A SIP endpoint for any number of calls: the stack, its driver and a wire.

It gives each event to whoever owns the session, and a new INVITE to `on_invite`. It decides nothing: phones
and the carrier are built on it. It listens for UDP and TCP at one port and calls over the one it is told.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.core.tasks import Tasks
from offhook.simulator.wire import Wire
from offhook.sip.commands import Command, Reject
from offhook.sip.events import Ended, Event, Failed, InviteReceived
from offhook.sip.flow import Address, Flow
from offhook.sip.stack import SipStack, StackConfig
from offhook.transport.driver import SipDriver
from offhook.transport.pool import StreamPool

log = logging.getLogger("offhook.simulator")

ATTEMPTS = 20
"""How often a free port is looked for."""


class Owner(Protocol):
    """Whoever has a session."""

    def on_sip(self, event: Event) -> None: ...


OnInvite = Callable[[InviteReceived], None]


class Agent:
    """Bound to `host`:`port` (0 for any) from the start. `loop` is the running one where none is given."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        ids: Ids,
        host: str,
        port: int = 0,
        *,
        on_invite: OnInvite | None = None,
        transport: str = "udp",
        user_agent: str = "Offhook simulator",
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.clock = clock
        self.host = host
        self.ids = ids
        self.wire = wire
        self.on_invite = on_invite
        self.tasks = Tasks()
        self.transport = transport
        self._owners: dict[str, Owner] = {}
        chosen = loop or asyncio.get_running_loop()
        self._streams = StreamPool("tcp", wire.streams, clock, chosen)
        self.address: Address = self._bind(host, port)
        config = StackConfig(
            contact_host=host,
            contact_port=self.address[1],
            user_agent=user_agent,
            nonce_secret=ids.token(16).encode(),
        )
        stack = SipStack(config, ids)
        self._driver = SipDriver(stack, clock, self._send, self._event, chosen, alias=self._streams.alias)
        self._streams.deliver_to(self._driver)

    def own(self, session: str, owner: Owner) -> None:
        """Events of `session` go to `owner` until the session is over."""
        self._owners[session] = owner

    def forget(self, session: str) -> None:
        """Its owner has no more interest in `session`."""
        self._owners.pop(session, None)

    def command(self, command: Command) -> None:
        self._driver.command(command)

    def flow_to(self, destination: Address) -> Flow:
        """The way to a peer."""
        return Flow(self.transport, self.address, destination)

    def uri(self, user: str) -> str:
        """A SIP URI of this endpoint."""
        return f"sip:{user}@{_bracketed(self.host)}:{self.address[1]}"

    async def close(self) -> None:
        """Stop at once; calls that are up are not ended first."""
        self._driver.close()
        self._streams.close()
        self.wire.unbind(self.address)
        self._owners.clear()
        await self.tasks.close()

    def _receive(self, data: bytes, sender: Address) -> None:
        self._driver.feed(data, Flow("udp", self.address, sender))

    def _send(self, data: bytes, flow: Flow) -> None:
        if flow.transport == "udp":
            self.wire.send(data, self.address, flow.remote)
        else:
            self._streams.send(data, flow)

    def _bind(self, host: str, port: int) -> Address:
        """One port for both transports; where any will do, one that is free for both."""
        for attempt in range(1, ATTEMPTS + 1):
            bound = self.wire.bind((host, port), self._receive)
            try:
                self._streams.listen(bound)
            except OSError:
                self.wire.unbind(bound)
                if port or attempt == ATTEMPTS:
                    raise
            else:
                break
        return bound

    def _event(self, event: Event) -> None:
        if isinstance(event, InviteReceived):
            if self.on_invite is None:
                self.command(Reject(event.session, 480))
            else:
                self.on_invite(event)
            return
        owner = self._owners.get(event.session)
        if isinstance(event, Ended | Failed):
            self._owners.pop(event.session, None)
        if owner is not None:
            owner.on_sip(event)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
