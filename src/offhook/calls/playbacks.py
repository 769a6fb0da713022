"""One prompt, from the wish to its end: being prepared, playing, over.

The media worker stops a prompt on a key or on speech by itself; we are told afterwards. Whoever starts a
playback is told its end exactly once, also when it was stopped before it could begin.
"""

from collections.abc import Callable
from dataclasses import dataclass

from offhook.calls import notices
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.shelf import Load, Loaded
from offhook.core.errors import OffhookError
from offhook.ipc import media
from offhook.ncco.effects import Barge

REASONS = {"closed": "stopped"}
"""What the media worker says, in the words of the NCCO events."""
UNFORESEEN = "A prompt could not be prepared; the server's log says why."
LEVEL_DECIBELS = 10.0
"""The change that level −1 or 1 makes."""


def gain_of(level: float) -> float:
    """The linear factor of an NCCO level, −1 … 1."""
    return float(10.0 ** (max(-1.0, min(1.0, level)) * LEVEL_DECIBELS / 20.0))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a prompt is played."""

    target: str
    loop: int = 1
    level: float = 0.0
    barge: Barge = Barge()  # noqa: RUF009 — frozen


OnFinished = Callable[[str], None]


class Playback:
    """A prompt for or by `leg`."""

    def __init__(
        self, exchange: Exchange, leg: Leg, playback: str, manner: Manner, on_finished: OnFinished
    ) -> None:
        self.playback = playback
        self._exchange = exchange
        self._leg = leg
        self._manner = manner
        self._on_finished = on_finished
        self._loaded: Loaded | None = None
        self._over = False

    @property
    def leg_id(self) -> str:
        return self._leg.leg_id

    def start(self, load: Load) -> None:
        """Prepare the prompt in the background and play it."""
        self._exchange.live.playbacks[self.playback] = self
        self._exchange.tasks.start(self._prepare(load), f"prompt {self.playback}")

    async def _prepare(self, load: Load) -> None:
        try:
            loaded = await load()
        except OffhookError as error:
            self._failed(str(error))
            return
        except Exception:
            self._failed(UNFORESEEN)
            raise
        if self._over or self._leg.over:
            loaded.release()
            self.finished("stopped")
            return
        self._loaded = loaded
        self._play(loaded)

    def _failed(self, reason: str) -> None:
        """Tell the application, while the call goes on."""
        if not self._over and not self._leg.over:
            notices.error(self._exchange, self._leg, reason)
        self.finished("failed")

    def _play(self, loaded: Loaded) -> None:
        manner = self._manner
        leg = self._leg.leg_id
        self._exchange.media(
            self._leg,
            media.Play(
                playback=self.playback,
                target=manner.target,
                prompt=loaded.name,
                samples=loaded.samples,
                loop=manner.loop,
                gain=gain_of(manner.level),
                stop_on_digit=leg if manner.barge.digits else None,
                stop_on_speech=leg if manner.barge.speech else None,
            ),
        )

    def stop(self) -> None:
        """End it; its end is reported when the worker says so, or now when it has not begun."""
        if self._over:
            return
        if self._loaded is None:
            self.finished("stopped")
        else:
            self._exchange.media(self._leg, media.StopPlay(self.playback))

    def finished(self, reason: str) -> None:
        """It is over; the first reason counts."""
        if self._over:
            return
        self._over = True
        self._exchange.live.playbacks.pop(self.playback, None)
        if self._loaded is not None:
            self._loaded.release()
        self._on_finished(REASONS.get(reason, reason))
