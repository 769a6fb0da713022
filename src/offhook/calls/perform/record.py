"""`record`: the conversation of the program's leg is recorded."""

from offhook.calls import notices, recordings
from offhook.calls.program import Program
from offhook.ncco.effects import StartRecording, StopRecording
from offhook.ncco.events import RecordingFinished

NO_TRANSCRIPTION = (
    "Transcription is not supported by this version of the server; the audio is recorded without it."
)


def start(program: Program, effect: StartRecording) -> None:
    """Begin; the interpreter's id leads to the recording's own."""

    def finished(reason: str) -> None:
        program.running.recordings.pop(effect.recording, None)
        program.feed(RecordingFinished(effect.recording, reason))

    if effect.transcription is not None:
        notices.error(program.exchange, program.leg, NO_TRANSCRIPTION)
    program.running.recordings[effect.recording] = recordings.start(
        program.exchange, program.leg, effect, finished
    )


def stop(program: Program, effect: StopRecording) -> None:
    recording_id = program.running.recordings.get(effect.recording)
    if recording_id is not None:
        recordings.stop(program.exchange, recording_id)
