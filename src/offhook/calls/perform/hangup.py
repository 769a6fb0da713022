"""The end of a program: whoever started it decides what that means for the leg."""

from offhook.calls.program import Program
from offhook.ncco.effects import HangUpLeg


def hang_up(program: Program, effect: HangUpLeg) -> None:
    """Nothing is left to be done: a call is hung up, a whisper gives way to the conversation."""
    program.on_end(effect.reason)
