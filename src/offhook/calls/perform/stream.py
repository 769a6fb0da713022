"""`stream`: an audio file is fetched, decoded and played to the program's listeners."""

from offhook.calls import prompts
from offhook.calls.playbacks import Manner, Playback
from offhook.calls.program import Program
from offhook.ncco.effects import StartStream
from offhook.ncco.events import PlaybackFinished


def start(program: Program, effect: StartStream) -> None:
    """Play a file. One that cannot be had or read gives an `error` webhook and is skipped."""
    manner = Manner(program.target, effect.loop, effect.level, effect.barge)
    playback = Playback(
        program.exchange,
        program.leg,
        effect.playback,
        manner,
        lambda reason: program.feed(PlaybackFinished(effect.playback, reason)),
    )
    playback.start(lambda: prompts.fetch(program.exchange, effect.url))
