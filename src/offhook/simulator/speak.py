"""Words and files as 8 kHz audio for a phone to send."""

import wave
from contextlib import aclosing

import numpy as np

from offhook.audio.resampling import resample
from offhook.audio.tables import RATE, Pcm
from offhook.core.errors import MediaError
from offhook.speech.base import TTS, Audio, plain


async def words(tts: TTS, text: str, language: str) -> Pcm:
    """`text` spoken by style 0 of `language`. Raises SpeechError."""
    voice = tts.voice(language, 0)
    pieces: list[bytes] = []
    async with aclosing(tts.synthesise(plain(text), voice)) as stream:
        async for spoken in stream:
            if isinstance(spoken, Audio):
                pieces.append(spoken.pcm)
    pcm = np.frombuffer(b"".join(pieces), "<i2").astype(np.int16)
    return resample(pcm, voice.rate, RATE)


def read_wav(path: str) -> Pcm:
    """The first channel of a 16-bit WAV file. Raises MediaError."""
    try:
        with wave.open(path, "rb") as file:
            if file.getsampwidth() != 2:
                raise MediaError(f"{path} has {8 * file.getsampwidth()}-bit samples; 16-bit PCM is needed")
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            channels, rate = file.getnchannels(), file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise MediaError(f"{path} cannot be read as a WAV file: {error}") from error
    return resample(data[: data.size // channels * channels : channels].astype(np.int16), rate, RATE)


def write_wav(path: str, pcm: Pcm) -> None:
    """8 kHz mono audio as a WAV file. Raises MediaError."""
    try:
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm.astype("<i2").tobytes())
    except OSError as error:
        raise MediaError(f"{path} cannot be written: {error}") from error
