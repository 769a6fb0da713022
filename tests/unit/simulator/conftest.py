"""A world with a memory network for phones."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from offhook.core.ids import SeededIds
from offhook.simulator.agent import Agent
from offhook.simulator.behaviour import Behaviour
from offhook.simulator.carrier import Carrier
from offhook.simulator.phone import Phone
from offhook.speech.tonecode import ToneCodeTTS
from offhook.testing.loop import VirtualLoop
from offhook.testing.wire import Network


@dataclass
class Town:
    """Phones with addresses of their own, and what runs in them."""

    loop: VirtualLoop
    network: Network
    ids: SeededIds
    agents: list[Agent]

    def phone(self, number: str, behaviour: Behaviour | None = None, **settings: Any) -> Phone:
        host = f"10.0.0.{len(self.agents) + 1}"
        settings.setdefault("tts", ToneCodeTTS())
        settings.setdefault("loop", self.loop)
        phone = Phone.on(self.network, self.loop.clock, self.ids, host, number, behaviour, **settings)
        self.agents.append(phone.agent)
        return phone

    def carrier(self) -> Carrier:
        carrier = Carrier(
            self.network, self.loop.clock, self.ids, "10.0.1.1", tts=ToneCodeTTS(), loop=self.loop
        )
        self.agents.append(carrier.agent)
        return carrier

    def run(self, body: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        async def scene() -> Any:
            try:
                return await asyncio.wait_for(body(), 7_200)
            finally:
                for agent in self.agents:
                    await agent.close()

        return self.loop.run_until_complete(scene())


@pytest.fixture
def town() -> Iterator[Town]:
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    yield Town(loop, Network(loop, 1), SeededIds(1), [])
    asyncio.set_event_loop(None)
    loop.close()
