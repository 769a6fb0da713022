"""Several phones in one conversation: each says its name in its turn, and tells afterwards what it heard."""

from collections.abc import Sequence
from typing import Any

from offhook.simulator.app_server import Webhook
from offhook.simulator.call import Call
from offhook.simulator.report import Report
from offhook.testing.world import World

TURN = 2.5
"""Seconds: enough for a name to be said and to fade."""
ENTER_S = 2.0
"""The first turn begins so long after the first call."""


class Conference:
    """Callers by name. Each has a number, an NCCO and a turn to speak."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: dict[str, Call] = {}
        self.reports: dict[str, Report] = {}
        self._documents: dict[str, Any] = {}
        self._started = world.clock.now()
        world.application({"/answer": self._answer})

    def _answer(self, webhook: Webhook) -> Any:
        return self._documents[webhook.query["from"]]

    def call(self, name: str, document: Sequence[dict[str, Any]], script: str = "") -> None:
        """A caller comes; its NCCO is `document`."""
        number = f"1555020{len(self.calls):04}"
        self._documents[number] = list(document)
        self.calls[name] = self.world.dial(number, self.world.number, script or "wait-hangup")
        self.world.wait(0.3)

    def enter(
        self,
        name: str,
        *,
        turn: int | None = None,
        script: str = "",
        before: Sequence[dict[str, Any]] = (),
        **fields: Any,
    ) -> None:
        """A caller goes into the room after the actions `before`, and says its name in `turn` (from 0)."""
        if turn is not None:
            passed = (self.world.clock.now() - self._started) / 1e9
            # The script begins with the answer, about 60 ms after the call.
            wait = round(ENTER_S + turn * TURN - passed - 0.06, 2)
            script = f'wait {wait}; say "{name}"; {script or "wait-hangup"}'
        self.call(name, [*before, {"action": "conversation", "name": "room", **fields}], script)

    def until_turn(self, turn: int) -> None:
        """Let time pass until a turn begins."""
        passed = (self.world.clock.now() - self._started) / 1e9
        self.world.wait(ENTER_S + turn * TURN - passed)

    def uuid(self, name: str) -> str:
        """The id of a caller's leg."""
        caller = f"1555020{list(self.calls).index(name):04}"
        return str(next(event["uuid"] for event in self.world.scenario.events if event.get("from") == caller))

    def act(self, name: str, action: str, **body: Any) -> None:
        """A REST modify request about a caller's leg, which must succeed."""
        status, answer = self.world.request("PUT", f"/v1/calls/{self.uuid(name)}", {"action": action, **body})
        assert (status, answer) == (204, None)

    def end(self) -> None:
        """Everybody who is still there is hung up."""
        for name, call in self.calls.items():
            if not call.done.done():
                self.act(name, "hangup")
        for name, call in self.calls.items():
            self.reports[name] = self.world.run(call.done)
        self.world.wait(2)

    def heard(self, name: str) -> list[str]:
        """What a caller heard, in order."""
        return self.world.heard(self.reports[name])

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Webhooks of a `type` (`transfer`), or with the key of a kind (`recording_url`, `reason`)."""
        events = self.world.scenario.events
        return [event for event in events if event.get("type") == kind or kind in event]
