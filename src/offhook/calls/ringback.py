"""What a caller hears while a connected leg rings: a file of the application, or the callee's early media.

A file is played on loop to the caller only. Early media of a phone (tones and announcements of its network)
is let through when no file was asked for: the leg joins the conversation, and hears nothing yet itself.
"""

from offhook.calls import legmedia, prompts
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.playbacks import Manner, Playback
from offhook.core.errors import LocalStateError, RemoteProtocolError


class Ringback:
    """The caller's ears during one connect."""

    def __init__(self, exchange: Exchange, caller: Leg, url: str | None) -> None:
        self._exchange = exchange
        self._caller = caller
        self._url = url
        self._playback: Playback | None = None

    def start(self) -> None:
        """Play the file, when there is one."""
        if self._url is None:
            return
        url = self._url
        manner = Manner(f"leg:{self._caller.leg_id}", loop=0)
        self._playback = Playback(
            self._exchange, self._caller, self._exchange.ports.ids.uuid(), manner, lambda reason: None
        )
        self._playback.start(lambda: prompts.fetch(self._exchange, url))

    def early_media(self, callee: Leg, body: bytes) -> None:
        """The callee's network sends audio before the answer (RFC 3960)."""
        if self._url is not None or callee.party.kind != "phone" or callee.media.joined:
            return
        try:
            legmedia.complete(self._exchange, callee, body, early=True)
        except (RemoteProtocolError, LocalStateError) as error:
            self._exchange.trace.leg(callee, "early media", {"problem": str(error)})
            return
        legmedia.join(self._exchange, callee)

    def stop(self) -> None:
        if self._playback is not None:
            self._playback.stop()
            self._playback = None
