"""Several engines as one: each language is spoken by the first engine that has it.

An engine that breaks while it speaks is followed by the next one that has the language, if nothing has been
given yet: half a sentence in one voice and half in another would be worse than an error.
"""

from collections.abc import AsyncGenerator, Sequence

from offhook.core.errors import SpeechError
from offhook.speech.base import TTS, Segment, Spoken, Voice


class FallbackTTS:
    """Engines in order of preference."""

    name = "fallback"

    def __init__(self, engines: Sequence[TTS]) -> None:
        if not engines:
            raise ValueError("at least one speech engine is needed")
        self._engines = tuple(engines)
        self.jobs = min(engine.jobs for engine in engines)

    def voices(self) -> Sequence[Voice]:
        """Every language and style once, from the first engine that has it."""
        found: dict[tuple[str, int], Voice] = {}
        for engine in self._engines:
            for voice in engine.voices():
                found.setdefault((voice.language.lower(), voice.style), voice)
        return list(found.values())

    def voice(self, language: str, style: int) -> Voice:
        refusals: list[str] = []
        for engine in self._engines:
            try:
                return engine.voice(language, style)
            except SpeechError as error:
                refusals.append(str(error))
        raise SpeechError("; ".join(refusals))

    async def synthesise(self, segments: Sequence[Segment], voice: Voice) -> AsyncGenerator[Spoken, None]:
        """Speak with the engine of `voice`, then with the others that have its language.

        An engine with another native rate cannot take over: the listener was promised `voice.rate`.
        """
        failure: SpeechError | None = None
        for engine, own in self._candidates(voice):
            given = False
            try:
                async for spoken in engine.synthesise(segments, own):
                    given = True
                    yield spoken
                return
            except SpeechError as error:
                if given:
                    raise
                failure = failure or error
        raise failure or SpeechError(f"no engine speaks {voice.language} any more")

    async def close(self) -> None:
        for engine in self._engines:
            await engine.close()

    def _candidates(self, voice: Voice) -> list[tuple[TTS, Voice]]:
        found: list[tuple[TTS, Voice]] = []
        for engine in self._engines:
            try:
                own = engine.voice(voice.language, voice.style)
            except SpeechError:
                continue
            if own.rate == voice.rate:
                found.append((engine, own))
        return sorted(found, key=lambda candidate: candidate[1] != voice)
