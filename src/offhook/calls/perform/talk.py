"""`talk`: text is synthesised and played to the program's listeners."""

from offhook.calls import prompts
from offhook.calls.playbacks import Manner, Playback
from offhook.calls.program import Program
from offhook.ncco.effects import StartTalk, StopPlayback
from offhook.ncco.events import PlaybackFinished


def start(program: Program, effect: StartTalk) -> None:
    """Speak. A text that cannot be synthesised gives an `error` webhook and is skipped."""
    manner = Manner(program.target, effect.loop, effect.level, effect.barge)
    playback = Playback(
        program.exchange,
        program.leg,
        effect.playback,
        manner,
        lambda reason: program.feed(PlaybackFinished(effect.playback, reason)),
    )
    playback.start(lambda: prompts.speak(program.exchange, effect.text, effect.language, effect.style))


def stop(program: Program, effect: StopPlayback) -> None:
    """Stop a talk or a stream; one that is over already is left alone."""
    playback = program.exchange.live.playbacks.get(effect.playback)
    if playback is not None:
        playback.stop()
