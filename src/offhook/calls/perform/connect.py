"""`connect`: a leg is added to the conversation of the program's leg."""

from offhook.calls import notices
from offhook.calls.connecting import Connecting
from offhook.calls.program import Program
from offhook.ncco.effects import StartConnect, StopConnect


def start(program: Program, effect: StartConnect) -> None:
    connecting = Connecting(program, effect)
    program.running.connects[effect.connect] = connecting
    if effect.machine_detection or effect.advanced_machine_detection:
        notices.no_detection(program.exchange, program.leg)
    connecting.start()


def stop(program: Program, effect: StopConnect) -> None:
    connecting = program.running.connects.get(effect.connect)
    if connecting is not None:
        connecting.stop()
