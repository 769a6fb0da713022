"""A phone's voice stream: an RTP port, a 20 ms clock of its own, a sender, a receiver and what was heard.

It begins with `start`, when offer and answer are settled, and ends with `close`. The clock is a timer of the
event loop, so the same phone runs in real time and in virtual time; after a delay it catches up, so heard
audio keeps its length. It does so no faster than the wire is read: a phone on a machine that stood still
hears all that was sent meanwhile.
"""

import asyncio
from collections.abc import Sequence

from offhook.audio.tables import Pcm
from offhook.core.clock import NS_PER_MS, NS_PER_SECOND, Clock
from offhook.core.ids import Ids
from offhook.sdp.negotiator import Negotiated
from offhook.simulator.heard import Heard
from offhook.simulator.receiver import Receiver
from offhook.simulator.sender import Sender
from offhook.simulator.wire import BURST, Wire
from offhook.sip.flow import Address

TICK = 20 * NS_PER_MS


class Media:
    """`delay` is the depth of the jitter buffer in packets: more on a busy machine."""

    def __init__(self, wire: Wire, clock: Clock, ids: Ids, host: str, delay: int = 3) -> None:
        self._clock = clock
        self._due = 0
        self._negotiated: Negotiated | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wire = wire
        self.address: Address = wire.bind((host, 0), self._receive)
        self.heard = Heard()
        self.receiver = Receiver(delay)
        self.sender = Sender(ids)
        self.started_at: int | None = None

    def start(self, negotiated: Negotiated) -> None:
        """Send and play from now on; again, after a re-offer, with new settings."""
        self._negotiated = negotiated
        self.sender.codec = self.receiver.codec = negotiated.codec
        self.sender.payload_type = self.receiver.payload_type = negotiated.payload_type
        self.sender.event_type = self.receiver.event_type = negotiated.event_payload_type
        if self.started_at is None:
            self.started_at = self._due = self._clock.now()
            self._tick()

    def close(self) -> None:
        """Stop the clock and give the port back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._negotiated = None
        self.sender.stop()
        self._wire.unbind(self.address)

    @property
    def elapsed_ms(self) -> int:
        """Since media began."""
        return 0 if self.started_at is None else (self._clock.now() - self.started_at) // NS_PER_MS

    async def play(self, pcm: Pcm) -> None:
        """Send audio; returns with its last packet."""
        if pcm.size:
            done = asyncio.get_running_loop().create_future()
            self.sender.play(pcm, lambda: _finish(done))
            await done

    async def press(self, keys: Sequence[str], tone_ms: int, gap_ms: int) -> None:
        """Send keys as telephone events; returns with the last packet of the last one."""
        for key in keys:
            done = asyncio.get_running_loop().create_future()
            self.sender.press(key, tone_ms, lambda done=done: _finish(done))  # type: ignore[misc]
            await done
            await asyncio.sleep(gap_ms / 1000)

    def _receive(self, data: bytes, sender: Address) -> None:
        self.receiver.receive(self._clock.now(), data, self.elapsed_ms)

    def _tick(self) -> None:
        now = self._clock.now()
        for _ in range(BURST):
            if self._due > now:
                break
            self._due += TICK
            self._one()
        wait = max(0.0, (self._due - now) / NS_PER_SECOND)
        self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _one(self) -> None:
        if self._negotiated is None:
            return
        self.heard.add(self.receiver.frame() if self._negotiated.receive else None)
        if self._negotiated.send:
            self._wire.send(self.sender.packet(), self.address, self._negotiated.remote)
        else:
            self.sender.skip()


def _finish(done: "asyncio.Future[None]") -> None:
    if not done.done():
        done.set_result(None)
