"""A web server for audio files inside a world: what `streamUrl` and `ringbackTone` point at."""

import io
import wave
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from offhook.audio.tables import RATE, Pcm

Message = MutableMapping[str, Any]


class Files:
    """An ASGI application that serves what was put there and counts the requests."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        """Paths in the order in which they were asked for."""
        self._files: dict[str, tuple[str, bytes]] = {}

    def put(self, path: str, data: bytes, content_type: str = "audio/wav") -> None:
        """Serve `data` at `path`."""
        self._files[path] = (content_type, data)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.requests.append(scope["path"])
        content_type, data = self._files.get(scope["path"], ("", b""))
        headers = [(b"content-type", content_type.encode())] if content_type else []
        status = 200 if content_type else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})


def wav(pcm: Pcm) -> bytes:
    """8 kHz mono audio as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()
