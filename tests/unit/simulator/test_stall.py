"""A phone on a machine that stood still hears what was sent meanwhile, from a real socket."""

import asyncio
import contextlib
import socket

import pytest

from offhook.audio import tables
from offhook.audio.tables import FRAME
from offhook.audio.tones import sine
from offhook.core.ids import RandomIds
from offhook.rtp.packet import RtpPacket
from offhook.sdp.negotiator import Negotiated
from offhook.simulator.listen import tones
from offhook.simulator.media import TICK, Media
from offhook.simulator.wire import UdpWire
from offhook.testing.loop import VirtualClock

FRAMES = 150


class Stalling(asyncio.SelectorEventLoop):
    """A loop that can be made to have stood still."""

    stalled = 0.0

    def time(self) -> float:
        return super().time() + self.stalled


def packets() -> list[bytes]:
    """Three seconds of a tone."""
    pcm = sine(1000.0, FRAMES * 20, 8_000.0)
    return [
        RtpPacket(0, n, n * FRAME, 7, tables.encode("PCMU", pcm[n * FRAME : (n + 1) * FRAME])).serialise()
        for n in range(FRAMES)
    ]


@pytest.mark.parametrize("late_ms", [0, 300])
def test_three_seconds_that_waited_in_the_socket_are_heard(late_ms: int) -> None:
    async def body() -> Media:
        wire, clock = UdpWire(), VirtualClock()
        media = Media(wire, clock, RandomIds(), "127.0.0.1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            name = peer.getsockname()
            media.start(Negotiated("PCMU", 0, 101, (name[0], name[1]), True, True, 20))
            sent = packets()
            peer.sendto(sent[0], media.address)
            while not media.receiver.arrivals.packets:  # noqa: ASYNC110 — until the socket was read once
                await asyncio.sleep(0)
            for data in sent[1:]:
                peer.sendto(data, media.address)
            clock.advance(FRAMES * TICK + late_ms * 1_000_000)
            loop.stalled = FRAMES * 0.02 + late_ms / 1000
            while media.heard.milliseconds < FRAMES * 20 + late_ms:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        media.close()
        wire.close()
        return media

    loop = Stalling()
    with contextlib.closing(loop):
        media = loop.run_until_complete(body())
    assert media.receiver.arrivals.late == 0
    (tone,) = tones(media.heard.pcm)
    assert tone.duration_ms >= (FRAMES - 3) * 20 - 20
