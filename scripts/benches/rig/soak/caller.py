"""Virtual phones that live through one scene after another, and the account of it."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from scripts.benches.rig.installation import Installation

from offhook.cli.context import workspace
from offhook.cli.rest import request
from offhook.core.clock import SystemClock
from offhook.core.ids import RandomIds
from offhook.simulator.agent import Agent
from offhook.simulator.behaviour import BUSY as IS_BUSY
from offhook.simulator.behaviour import NO_ANSWER, Answers, Behaviour
from offhook.simulator.call import Call
from offhook.simulator.control import Registration, register
from offhook.simulator.phone import Phone
from offhook.simulator.places import CARRIER_SOCKET
from offhook.simulator.script import parse
from offhook.simulator.wire import UdpWire

from .desk import Desk
from .scenes import ANSWERING, BUSY, SILENT, Scene, faults, filled

HOST = "127.0.0.1"
LONGEST_CALL = 60.0
LAST_WEBHOOK = 20.0
FIRST_CALLER = 15551000000
MOST_REMEMBERED = 100


@dataclass(slots=True)
class Account:
    """What happened since the beginning; `gap_ms` and `lag_ms` since somebody looked last."""

    begun: int = 0
    over: int = 0
    failed: int = 0
    held_back: int = 0
    """Not begun, because as many calls as allowed were up."""
    gap_ms: float = 0.0
    """The longest wait between two voice packets at a phone."""
    by_scene: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    """The first hundred."""

    def note(self, scene: Scene, wrong: list[str]) -> None:
        self.over += 1
        self.by_scene[scene.name] += 1
        if wrong:
            self.failed += 1
            if len(self.faults) < MOST_REMEMBERED:
                self.faults.append(f"{time.strftime('%H:%M:%S')} {scene.name}: {'; '.join(wrong)}")


class Callers:
    """All phones of a soak on one SIP endpoint of their own, and those behind the platform."""

    def __init__(self, installation: Installation, desk: Desk, seed: int) -> None:
        self.account = Account()
        self._installation = installation
        self._desk = desk
        self._random = Random(seed)
        self._wire, self._clock = UdpWire(), SystemClock()
        self._agent = Agent(self._wire, self._clock, RandomIds(), HOST)
        self._behind: list[tuple[Phone, Registration]] = []
        self._outbound = asyncio.Lock()
        """Calls to the phone that answers are told apart by taking turns."""

    async def open(self) -> None:
        """Give the phones behind the platform their numbers at the carrier."""
        socket = str(self._installation.place.data_dir / "run" / CARRIER_SOCKET)
        answers = Answers(0.3, parse("wait 0.5; tone 600 1; wait 1; hangup"))
        behind: dict[str, Behaviour] = {ANSWERING: answers, BUSY: IS_BUSY, SILENT: NO_ANSWER}
        for number, behaviour in behind.items():
            phone = Phone.on(self._wire, self._clock, RandomIds(), HOST, number, behaviour)
            self._behind.append((phone, await register(socket, number, phone.address)))

    async def close(self) -> None:
        for phone, held in self._behind:
            await held.close()
            await phone.close()
            await phone.agent.close()
        await self._agent.close()
        self._wire.close()

    async def live(self, scene: Scene) -> None:
        """One scene from the first INVITE to the judgement; never raises."""
        self.account.begun += 1
        number = str(FIRST_CALLER + self.account.begun)
        try:
            if scene.outbound:
                async with self._outbound:
                    wrong = await self._call_out(scene)
            else:
                wrong = await self._call_in(scene, number)
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        finally:
            self._desk.forget(number)
            for phone, _ in self._behind:
                phone.calls[:] = [call for call in phone.calls if not call.done.done()]
        self.account.note(scene, wrong)

    async def _call_in(self, scene: Scene, number: str) -> list[str]:
        place = self._installation.place
        words = {"url": place.app_url, "number": number, "own": self._installation.number}
        self._desk.expect(number, filled(scene.ncco, words), scene.then)
        script = parse(scene.script.replace("{wait}", f"{self._random.uniform(0.2, 2.0):.2f}"))
        phone = Phone(self._agent, number)
        call = phone.call(self._installation.number, self._installation.target, script)
        if scene.early:
            await asyncio.sleep(self._random.uniform(0.0, 0.2))
            call.hang_up()
        if scene.transfer is not None:
            await self._transfer(call, number, scene.transfer)
        wrong = await self._until_over(call)
        told = await self._desk.over(number, LAST_WEBHOOK) or scene.early
        missing = [path for path in scene.paths if not self._came(number, path)]
        if missing:
            await self._desk.until(lambda: all(self._came(number, path) for path in missing), LAST_WEBHOOK)
        self.account.gap_ms = max(self.account.gap_ms, call.report.largest_gap_ms)
        if scene.early and not self._desk.told[number]:
            return wrong  # it was over before it was routed
        wrong += [] if told else ["the webhook of its end has not come"]
        return wrong + faults(
            scene, self._desk.statuses(number), self._desk.told[number], bool(call.report.segments)
        )

    def _came(self, number: str, path: str) -> bool:
        return any(str(fields["path"]).startswith(path) for fields in self._desk.told[number])

    async def _transfer(self, call: Call, number: str, ncco: Any) -> None:
        answered = await self._desk.until(lambda: "answered" in self._desk.statuses(number), LAST_WEBHOOK)
        if not answered or call.done.done():
            raise RuntimeError("the call was not answered, so it could not be transferred")
        await asyncio.sleep(self._random.uniform(0.5, 2.0))
        body = {"action": "transfer", "destination": {"type": "ncco", "ncco": ncco}}
        await asyncio.to_thread(_rest, "PUT", f"/v1/calls/{self._desk.uuid(number)}", body)

    async def _call_out(self, scene: Scene) -> list[str]:
        own = self._installation.number
        self._desk.expect(ANSWERING, None)
        try:
            endpoint = [{"type": "phone", "number": ANSWERING}]
            body = {"to": endpoint, "from": {"type": "phone", "number": own}, "ncco": scene.ncco}
            uuid = (await asyncio.to_thread(_rest, "POST", "/v1/calls", body))["uuid"]

            def mine() -> list[dict[str, Any]]:
                return [f for f in self._desk.told[ANSWERING] if f.get("uuid") == uuid]

            await self._desk.until(lambda: any(f.get("status") == "completed" for f in mine()), LONGEST_CALL)
            return faults(scene, [str(f["status"]) for f in mine() if "status" in f], mine(), True)
        finally:
            self._desk.forget(ANSWERING)

    async def _until_over(self, call: Call) -> list[str]:
        try:
            async with asyncio.timeout(LONGEST_CALL):
                report = await asyncio.shield(call.done)
        except TimeoutError:
            call.hang_up()
            return [f"not over after {LONGEST_CALL:.0f} s"]
        return list(report.problems)


def _rest(method: str, path: str, body: Any) -> Any:
    with workspace() as here:
        return request(here, method, path, body)
