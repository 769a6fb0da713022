"""`conversation`: the program's leg enters a named conversation.

Nothing here takes it out: a transfer has moved the leg before its new program begins, and the end of the leg
gives back its place with everything else.
"""

from offhook.calls import notices, rooms
from offhook.calls.answering import hang_up_after
from offhook.calls.perform.record import NO_TRANSCRIPTION
from offhook.calls.program import Program
from offhook.ncco.effects import EnterConversation
from offhook.ncco.events import EntryRefused


def enter(program: Program, effect: EnterConversation) -> None:
    """Move the leg. One that finds no room gets an `error` webhook and goes on with the next action."""
    exchange, leg = program.exchange, program.leg
    refusal = rooms.enter(exchange, leg, effect)
    if refusal is not None:
        notices.error(exchange, leg, refusal)
        program.feed(EntryRefused(effect.entry))
        return
    if effect.recording is not None and effect.recording.transcription is not None:
        notices.error(exchange, leg, NO_TRANSCRIPTION)
    if program.private:
        program.go_public(hang_up_after(exchange, leg))
        watcher, leg.watcher = leg.watcher, None
        if watcher is not None:
            watcher.over(leg)
