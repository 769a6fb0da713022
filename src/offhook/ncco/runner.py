"""Runs one program after another on a leg: the action that holds it up, and what goes on beside it.

Where programs come from, and what follows when one is over, is the interpreter's business.
"""

from typing import Any

from offhook.core.errors import NccoError
from offhook.core.ids import Ids
from offhook.ncco.actions.prompt import Prompt
from offhook.ncco.actions.registry import load_action, load_activity
from offhook.ncco.activities.barge_in import BargeIn
from offhook.ncco.contract import NO_BARGE, Action, Activity, Context
from offhook.ncco.document import is_nothing, parse, syntax_error
from offhook.ncco.effects import Effect
from offhook.ncco.events import Digit, Event
from offhook.ncco.program import Program
from offhook.ncco.settings import Settings


class Runner:
    """The program, its running action and the leg's background activities."""

    def __init__(self, ids: Ids, settings: Settings) -> None:
        self._ids = ids
        self._settings = settings
        self._program: Program | None = None
        self._action: Action | None = None
        self._activities: list[Activity] = []
        self.over: str | None = None
        """Why the call should end now, set when a program came to its end."""

    @property
    def idle(self) -> bool:
        """Nothing runs, not even in the background."""
        return self._action is None and not self._activities

    def run(self, now: int, program: Program) -> list[Effect]:
        """Start `program`; the one before has been abandoned or is over."""
        self._program = program
        return self._advance(now)

    def feed(self, now: int, event: Event) -> list[Effect]:
        """Hand an event to whoever it concerns, and go on if that ended the running action."""
        taken = any(activity.takes(now, event) for activity in self._activities)
        effects: list[Effect] = []
        for activity in self._activities:
            effects += activity.on(now, event)
        self._drop_done()
        if self._action is None:
            return effects
        if not taken:
            effects += self._action.on(now, event)
        return effects + self._advance(now)

    def abandon(self, now: int) -> list[Effect]:
        """Give up the program. Activities go on, except the barge-in, which is part of it."""
        self._program = None
        self._end_barge_in()
        action, self._action = self._action, None
        if action is None:
            return []
        effects = action.stop(now, "replaced")
        self._adopt(action.leave())
        return effects

    def close(self, now: int) -> list[Effect]:
        """The leg is over: stop everything; recordings are done when their files are."""
        effects = self.abandon(now)
        for activity in self._activities:
            effects += activity.stop(now, "leg gone")
        self._drop_done()
        return effects

    def _advance(self, now: int) -> list[Effect]:
        """Start actions until one holds the program up, or the program is over."""
        effects: list[Effect] = []
        while self._program is not None:
            effects += self._break_in(now, self._program)
            if self._action is not None:
                if not self._action.done:
                    break
                effects += self._finish(now, self._action)
                continue
            action = self._program.take()
            if action is None:
                self._end("program finished")
            else:
                effects += self._start(now, action, self._program)
        return effects

    def _end(self, reason: str) -> None:
        self._program = None
        self.over = reason

    def _start(self, now: int, action: Action, program: Program) -> list[Effect]:
        if isinstance(action, Prompt):
            return self._start_prompt(now, action, program)
        barge_in = self._barge_in
        self._end_barge_in()
        self._action = action
        effects = action.start(now, Context(self._ids, self._settings))
        if barge_in is not None and barge_in.digit is not None:
            effects += action.on(now, Digit(barge_in.digit))
        return effects

    def _start_prompt(self, now: int, prompt: Prompt, program: Program) -> list[Effect]:
        barge_in = self._barge_in
        leads_to = program.input_after_prompts()
        if barge_in is None and prompt.barge_in and leads_to is not None:
            barge_in = BargeIn(barge=leads_to.barge)
            self._activities.append(barge_in)
        self._action = prompt
        barge = NO_BARGE if barge_in is None else barge_in.barge
        effects = prompt.start(now, Context(self._ids, self._settings, barge))
        if barge_in is not None:
            barge_in.playback = prompt.playback
        return effects

    def _finish(self, now: int, action: Action) -> list[Effect]:
        """The action is over: keep what it leaves, and look at the reply it brings."""
        self._action = None
        self._adopt(action.leave())
        effects: list[Effect] = []
        if not is_nothing(action.reply):
            try:
                self._program = parse(action.reply, limits=self._settings.limits)
            except NccoError as error:
                effects = [syntax_error(error)]
            else:
                return effects
        reason = action.ends_call(self._settings)
        if reason is not None:
            self._end(reason)
        return effects

    @property
    def _barge_in(self) -> BargeIn | None:
        return next((one for one in self._activities if isinstance(one, BargeIn)), None)

    def _break_in(self, now: int, program: Program) -> list[Effect]:
        """After an interruption: stop the prompt and jump to the input."""
        barge_in, prompt = self._barge_in, self._action
        if barge_in is None or not barge_in.interrupted or not isinstance(prompt, Prompt):
            return []
        self._action = None
        program.skip_prompts()
        return [] if prompt.done else prompt.stop(now, "barge-in")

    def _end_barge_in(self) -> None:
        self._activities = [one for one in self._activities if not isinstance(one, BargeIn)]

    def _adopt(self, left: list[Activity]) -> None:
        self._activities += left
        self._drop_done()

    def _drop_done(self) -> None:
        self._activities = [activity for activity in self._activities if not activity.done]

    def dump(self) -> dict[str, Any]:
        """The state as JSON data."""
        return {
            "program": None if self._program is None else self._program.dump(),
            "action": None if self._action is None else self._action.dump(),
            "activities": [activity.dump() for activity in self._activities],
            "over": self.over,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take up the state that `dump` gave."""
        self._program = None if data["program"] is None else Program.load(data["program"])
        self._action = None if data["action"] is None else load_action(data["action"])
        self._activities = [load_activity(item) for item in data["activities"]]
        self.over = data["over"]
