"""Asynchronous `input`: every key of the program's leg is a webhook from now on."""

from offhook.calls import digits
from offhook.calls.program import Program
from offhook.ncco.effects import ListenKeys


def listen(program: Program, effect: ListenKeys) -> None:
    digits.listen(program.exchange, program.leg, effect)
