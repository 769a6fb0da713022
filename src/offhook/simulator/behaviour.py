"""What a phone does when it is called, as data."""

from dataclasses import dataclass

from offhook.simulator.script import HangUp, Record, Script, Speak, Step, Tone, Wait, WaitHangUp

BEEP_HERTZ = 1_000.0
BEEP_SECONDS = 0.4
ANSWER_AFTER = 1.0
GREETING = Speak("You have reached the voice mailbox. Please leave a message after the tone.")


@dataclass(frozen=True, slots=True)
class Answers:
    """Rings, answers after some seconds, then follows a script."""

    after: float = ANSWER_AFTER
    script: Script = ()


@dataclass(frozen=True, slots=True)
class Refuses:
    """Refuses with a SIP status, after ringing for `after` seconds if that is above 0."""

    status: int
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings and is never answered."""


Behaviour = Answers | Refuses | Rings

BUSY = Refuses(486)
DECLINES = Refuses(603, after=0.5)
UNKNOWN_NUMBER = Refuses(404)
NO_ANSWER = Rings()


def voicemail(
    greeting: Step = GREETING,
    after: float = ANSWER_AFTER,
    record: str | None = None,
) -> Answers:
    """Greets, beeps, then listens until the caller hangs up, for two minutes at most."""
    beep = Tone(BEEP_HERTZ, BEEP_SECONDS)
    listening: Script = (Record(record),) if record else ()
    script = (Wait(0.5), greeting, Wait(0.3), beep, *listening, WaitHangUp(120.0), HangUp())
    return Answers(after, script)


def talker(text: str, after: float = ANSWER_AFTER) -> Answers:
    """Says one sentence and listens until the caller hangs up."""
    return Answers(after, (Wait(0.3), Speak(text), WaitHangUp()))
