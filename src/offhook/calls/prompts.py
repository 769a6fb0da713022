"""Where prompts come from: speech that is synthesised, files that are fetched and decoded.

Both give shared memory that any media worker can play. A decoded file belongs to one playback and is dropped
with it; synthesised speech stays in the cache of the speech client.
"""

from offhook.calls.exchange import Exchange
from offhook.calls.shelf import Loaded
from offhook.core.errors import SpeechError


async def speak(exchange: Exchange, text: str, language: str, style: int) -> Loaded:
    """Synthesise `text`; a failure that may pass is tried once more. Raises SpeechError."""
    try:
        prompt = await exchange.ports.speech.synthesise(text, language, style)
    except SpeechError as error:
        if not error.retryable:
            raise
        prompt = await exchange.ports.speech.synthesise(text, language, style)
    return Loaded(prompt.name, prompt.samples, _keep)


async def fetch(exchange: Exchange, url: str) -> Loaded:
    """Download and decode the file at `url`. Raises DeliveryError or MediaError."""
    path = await exchange.ports.fetch.download(url)
    try:
        prompt = await exchange.ports.audio.decode(path)
    finally:
        exchange.ports.fetch.discard(path)
    return Loaded(prompt.name, prompt.samples, lambda: exchange.ports.audio.drop(prompt))


def _keep() -> None:
    """Speech is dropped by the cache that holds it."""
