"""A few seconds of calls on an engine of its own, before the worker says that it is ready.

What is used for the first time is slow: modules that NumPy imports when a function is first called, code that
Python specialises, memory that the system has yet to give. Without this the first caller would pay for it
with a tick that is 60 ms late. Nothing of it touches a socket.
"""

from collections.abc import Collection

import numpy as np

from offhook.ipc.media import CloseLeg, Command, Join, OpenLeg, Play, SendDigits, StartRecord
from offhook.media.engine import Arrivals
from offhook.media.engine.types import FRAME, FRAME_NS
from offhook.media.host import MediaHost
from offhook.media.host.wires import Address
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import TelephoneEvent

LEGS = 3
TICKS = 150
PROMPT = np.arange(-8_000, 8_000, dtype=np.int16)
EVENTS = 101


class _NoWires:
    """Wires that lead nowhere."""

    def take(self, row: int, port: int, remote: Address | None, payload_types: Collection[int]) -> None: ...
    def discard(self, port: int) -> None: ...
    def aim(self, row: int, remote: Address | None, payload_types: Collection[int]) -> None: ...
    def relearn(self, row: int) -> None: ...
    def release(self, row: int) -> None: ...
    def remote(self, row: int) -> Address | None:
        return ("192.0.2.1", 4_000)

    def link(self, row: int, local: str, remote: str) -> None: ...


def rehearse() -> int:
    """Conversation, loss, keys both ways, prompts and recordings. Gives the packets that would have left."""
    blocks: list[object] = []
    host = MediaHost(
        LEGS, _NoWires(), open_prompt=lambda *_: PROMPT, sink=blocks.append, number=lambda below: below // 2
    )
    arrivals = Arrivals(4 * LEGS)
    for command in _script():
        host.handle(0, command)
    departed = 0
    for tick in range(TICKS):
        for leg in range(LEGS):
            for packet in _packets(leg, tick):
                arrivals.add(leg, packet.serialise())
        departures, _ = host.tick(tick * FRAME_NS, arrivals)
        departed += departures.rows.size
        arrivals.clear()
    for leg in range(LEGS):
        host.handle(0, CloseLeg(str(leg)))
    host.tick(TICKS * FRAME_NS, arrivals)
    return departed


def _script() -> list[Command]:
    script: list[Command] = []
    for leg, (codec, events) in enumerate([("PCMU", EVENTS), ("PCMU", EVENTS), ("PCMA", None)]):
        script.append(OpenLeg(str(leg), 0, codec, 8 if codec == "PCMA" else 0, events, None, leg + 1))
        script.append(Join(str(leg), "conversation"))
    script += [
        Play("playback", "leg:0", "prompt", PROMPT.size, stop_on_digit="1", stop_on_speech="2"),
        Play("music", "conversation:conversation", "prompt", PROMPT.size, loop=0, gain=0.5),
        SendDigits("keys", "0", "1"),
        StartRecord("recording", "leg:0", beep=True, end_on_silence_ms=60_000),
        StartRecord("tracks", "conversation:conversation", "channels", 2),
    ]
    return script


def _packets(leg: int, tick: int) -> list[RtpPacket]:
    """Audio with a loss now and then, two at once after it, a key press, a header that is not plain."""
    law = 8 if leg == 2 else 0
    payload = bytes((sample * 37 + tick * 11 + leg) & 0xFF for sample in range(FRAME))
    audio = RtpPacket(law, tick, tick * FRAME, leg + 7, payload)
    if tick % 20 == 7:
        return []
    if tick % 20 == 9:
        return [audio, audio]
    if leg == 0 and tick in (41, 42):
        event = TelephoneEvent(5, tick == 42, 10, FRAME * (tick - 40))
        return [RtpPacket(EVENTS, tick, 41 * FRAME, leg + 7, event.serialise())]
    if tick % 20 == 11:
        return [RtpPacket(law, tick, tick * FRAME, leg + 7, payload, csrcs=(1,))]
    return [audio]
