"""Phones and an application, seen together: what a test asks about a call.

A scenario knows nothing of the platform between them. It gives phones their numbers at the carrier, reads
event webhooks in the order in which they came, and waits for the end of calls.
"""

import asyncio
from typing import Any

from offhook.simulator.app_server import AppServer, Webhook
from offhook.simulator.behaviour import Behaviour
from offhook.simulator.call import Call
from offhook.simulator.carrier import Carrier
from offhook.simulator.phone import Phone
from offhook.simulator.report import Report
from offhook.simulator.script import Script, parse
from offhook.sip.flow import Address


class Scenario:
    """`platform` is where the carrier's phones send their INVITEs; `event_path` is the application's."""

    def __init__(
        self, carrier: Carrier, app: AppServer, platform: Address, event_path: str = "/event"
    ) -> None:
        self.app = app
        self.carrier = carrier
        self._event_path = event_path
        self._platform = platform

    def phone(self, number: str, behaviour: Behaviour | None = None) -> Phone:
        """A phone that has `number` at the carrier."""
        return self.carrier.phone(number, behaviour)

    def dial(self, caller: str, number: str, script: Script | str = "") -> Call:
        """`caller` calls a number of the platform and follows a script."""
        steps = parse(script) if isinstance(script, str) else script
        return self.phone(caller).call(number, self._platform, steps)

    async def call(self, caller: str, number: str, script: Script | str = "") -> Report:
        """`dial`, and wait for the end of the call."""
        return await self.dial(caller, number, script).done

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies of all event webhooks, in the order of arrival."""
        return [webhook.fields for webhook in self.app.at(self._event_path)]

    def statuses(self, uuid: str) -> list[str]:
        """The statuses told of one leg, in order."""
        told = (event for event in self.events if event.get("uuid") == uuid)
        return [str(event["status"]) for event in told if "status" in event]

    async def wait_for_status(self, status: str, uuid: str | None = None, seconds: float = 30.0) -> Webhook:
        """The event webhook with `status` (of one leg), past or future. Raises TimeoutError."""

        def wanted(webhook: Webhook) -> bool:
            fields = webhook.fields
            told = webhook.path == self._event_path and fields.get("status") == status
            return told and uuid in (None, fields.get("uuid"))

        return await self.app.wait_for(wanted, seconds)

    async def all_over(self, *phones: Phone, seconds: float = 60.0) -> list[Report]:
        """The reports of every call of `phones`, once all are over. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            return [await call.done for phone in phones for call in phone.calls]
