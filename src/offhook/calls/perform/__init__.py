"""What programs ask for, done: one module per family of the interpreter's effects, and this table of them."""

from collections.abc import Callable
from typing import Any

from offhook.calls.perform import connect, conversation, hangup, keys, record, stream, talk, timers, webhooks
from offhook.calls.program import Program
from offhook.ncco import effects
from offhook.ncco.effects import Effect

PERFORMERS: dict[type[Effect], Callable[[Program, Any], None]] = {
    effects.FetchNcco: webhooks.fetch,
    effects.SendWebhook: webhooks.send,
    effects.ReportError: webhooks.report,
    effects.StartTalk: talk.start,
    effects.StartStream: stream.start,
    effects.StopPlayback: talk.stop,
    effects.StartRecording: record.start,
    effects.StopRecording: record.stop,
    effects.StartConnect: connect.start,
    effects.StopConnect: connect.stop,
    effects.EnterConversation: conversation.enter,
    effects.ListenKeys: keys.listen,
    effects.SetTimer: timers.arm,
    effects.CancelTimer: timers.cancel,
    effects.HangUpLeg: hangup.hang_up,
}


def perform(program: Program, effect: Effect) -> None:
    """Do what one effect asks for; answers come back through `program.feed`."""
    PERFORMERS[type(effect)](program, effect)
