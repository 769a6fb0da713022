"""The simulated carrier: the far side of the trunk that a fresh installation has.

Every number that the platform dials through it reaches a phone: one that a test or a person has put there,
or else a default whose behaviour follows from the last two digits (docs/specs/simulator.md). Calls towards
the platform are INVITEs from the carrier's address with the dialled number as user.
"""

import asyncio
from collections import deque

from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.simulator.agent import Agent
from offhook.simulator.behaviour import (
    BUSY,
    DECLINES,
    NO_ANSWER,
    UNKNOWN_NUMBER,
    Behaviour,
    talker,
    voicemail,
)
from offhook.simulator.bridge import Bridge
from offhook.simulator.phone import Phone, without_separators
from offhook.simulator.wire import Wire
from offhook.sip.events import InviteReceived
from offhook.sip.flow import Address
from offhook.speech.base import TTS

REMEMBERED = 200
"""Phones that were dialled without being put there, kept for their reports."""

BY_LAST_DIGITS: dict[str, Behaviour] = {
    "90": BUSY,
    "91": DECLINES,
    "92": NO_ANSWER,
    "93": voicemail(),
    "94": UNKNOWN_NUMBER,
}


def greeting(number: str) -> str:
    """What a default phone says."""
    return f"Hello. This is the simulated phone ending in {' '.join(number[-2:])}."


class Carrier:
    """Listens at `host`:`port` (0 for any free port) from the start."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        ids: Ids,
        host: str,
        port: int = 0,
        *,
        tts: TTS | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.agent = Agent(wire, clock, ids, host, port, on_invite=self._invited, loop=loop)
        self.dialled: deque[Phone] = deque(maxlen=REMEMBERED)
        """Default phones, one per call, oldest first."""
        self._bridges: set[Bridge] = set()
        self._phones: dict[str, Phone] = {}
        self._remote: dict[str, Address] = {}
        self._tts = tts

    @property
    def address(self) -> Address:
        """Where the platform sends its INVITEs."""
        return self.agent.address

    def phone(self, number: str, behaviour: Behaviour | None = None) -> Phone:
        """A phone in this process that has `number` from now on and may call."""
        phone = Phone(self.agent, number, behaviour, tts=self._tts)
        self._phones[_digits(number)] = phone
        return phone

    def connect(self, number: str, address: Address) -> None:
        """A phone in another process, listening at `address`, has `number` from now on."""
        self._remote[_digits(number)] = address

    def remove(self, number: str) -> None:
        """The number has its default behaviour again; calls that are up go on."""
        self._phones.pop(_digits(number), None)
        self._remote.pop(_digits(number), None)

    async def close(self) -> None:
        await self.agent.close()

    def _invited(self, invite: InviteReceived) -> None:
        number = _digits(invite.user)
        phone = self._phones.get(number)
        remote = self._remote.get(number)
        if remote is not None:
            self._hand_on(invite, remote)
        else:
            (phone or self._default(number)).receive(invite)

    def _default(self, number: str) -> Phone:
        behaviour = BY_LAST_DIGITS.get(number[-2:]) or talker(greeting(number))
        phone = Phone(self.agent, number, behaviour, tts=self._tts)
        self.dialled.append(phone)
        return phone

    def _hand_on(self, invite: InviteReceived, phone: Address) -> None:
        bridge: list[Bridge] = []
        bridge.append(Bridge(self.agent, invite, phone, lambda: self._bridges.difference_update(bridge)))
        self._bridges.update(bridge)


def _digits(number: str) -> str:
    """A number as it is compared: with or without `+` it is the same."""
    return without_separators(number).removeprefix("+")
