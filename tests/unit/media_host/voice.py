"""What a peer says and hears: PCMU packets out of a tone, audio out of packets. No sockets."""

import math

import numpy as np
import numpy.typing as npt

from offhook.audio.levels import goertzel
from offhook.audio.tables import FRAME, decode, encode
from offhook.audio.tones import sine


def amplitude(audio: npt.NDArray[np.int16], hertz: float) -> float:
    """Peak of one frequency at 8 000 Hz."""
    return math.sqrt(2 * goertzel(audio, hertz))


class Voice:
    """Says a tone (or silence, at 0 Hz) and remembers what it hears."""

    def __init__(self, hertz: float, ssrc: int = 1, payload_type: int = 0) -> None:
        self.heard: list[npt.NDArray[np.int16]] = []
        self.headers: list[bytes] = []
        self._hertz = hertz
        self._head = bytes([0x80, payload_type])
        self._sequence = 0
        self._ssrc = ssrc.to_bytes(4, "big")

    def packet(self) -> bytes:
        """The next 20 ms."""
        at = self._sequence * FRAME
        pcm = sine(self._hertz, 20, first=at) if self._hertz else np.zeros(FRAME, np.int16)
        head = self._head + (self._sequence & 0xFFFF).to_bytes(2, "big") + at.to_bytes(4, "big") + self._ssrc
        self._sequence += 1
        return head + encode("PCMU", pcm)

    def key(self, digit: int, step: int, end: bool = False) -> bytes:
        """A telephone-event packet (payload type 101) of a key pressed at the present instant."""
        at = self._sequence * FRAME
        head = bytes([0x80, 101]) + ((self._sequence + step) & 0xFFFF).to_bytes(2, "big")
        return (
            head
            + at.to_bytes(4, "big")
            + self._ssrc
            + bytes([digit, 0x8A if end else 0x0A])
            + ((step + 1) * FRAME).to_bytes(2, "big")
        )

    def press(self, digit: int) -> list[bytes]:
        """A whole key press of 100 ms with its three end packets."""
        packets = [self.key(digit, step) for step in range(5)]
        packets += [self.key(digit, 4, end=True) for _ in range(3)]
        self._sequence += 8
        return packets

    def hear(self, packet: bytes) -> None:
        if packet[1] & 0x7F == 0:
            self.headers.append(packet[:12])
            self.heard.append(decode("PCMU", packet[12:]))

    def forget(self) -> None:
        self.heard.clear()
        self.headers.clear()

    def level(self, hertz: float) -> float:
        """Amplitude of a tone in the last half second heard; 0 when less than that was heard."""
        if len(self.heard) < 25:
            return 0.0
        return amplitude(np.concatenate(self.heard[-25:]), hertz)
