"""The actions of one NCCO that have not been started yet.

A program is taken from, or given up for another. There is no way to append to one.
"""

from collections.abc import Iterable
from typing import Any

from offhook.ncco.actions.input import Input
from offhook.ncco.actions.prompt import Prompt
from offhook.ncco.actions.registry import load_action
from offhook.ncco.contract import Action


class Program:
    """A first-in first-out list of checked actions."""

    def __init__(self, actions: Iterable[Action] = ()) -> None:
        self._actions = tuple(actions)
        self._next = 0

    def __len__(self) -> int:
        return len(self._actions) - self._next

    @property
    def remaining(self) -> tuple[Action, ...]:
        return self._actions[self._next :]

    def take(self) -> Action | None:
        """The next action, None at the end."""
        if not len(self):
            return None
        self._next += 1
        return self._actions[self._next - 1]

    def input_after_prompts(self) -> Input | None:
        """The input that follows when only prompts stand before it: where a barge-in leads."""
        for action in self.remaining:
            if not isinstance(action, Prompt):
                return action if isinstance(action, Input) else None
        return None

    def skip_prompts(self) -> None:
        """Jump over the prompts that a barge-in makes superfluous."""
        while self.remaining and isinstance(self.remaining[0], Prompt):
            self._next += 1

    def dump(self) -> list[dict[str, Any]]:
        return [action.dump() for action in self.remaining]

    @classmethod
    def load(cls, data: list[dict[str, Any]]) -> "Program":
        return cls(load_action(item) for item in data)
