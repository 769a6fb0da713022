"""Timers of a program: `wait`, the time limits of `input`."""

from offhook.calls.program import Program
from offhook.ncco.effects import CancelTimer, SetTimer
from offhook.ncco.events import TimerFired


def arm(program: Program, effect: SetTimer) -> None:
    """Set a timer; setting a key again moves it."""
    cancel(program, CancelTimer(effect.key))
    program.running.timers[effect.key] = program.exchange.timers.at(
        effect.at, lambda: _fire(program, effect.key)
    )


def cancel(program: Program, effect: CancelTimer) -> None:
    timer = program.running.timers.pop(effect.key, None)
    if timer is not None:
        timer.cancel()


def _fire(program: Program, key: str) -> None:
    program.running.timers.pop(key, None)
    program.feed(TimerFired(key))
