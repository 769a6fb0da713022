"""What a caller says, as a capture that SIPp plays: voice with keys at given seconds. Pure."""

import struct
from collections.abc import Mapping

from offhook.audio import tables, tones
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import TelephoneEvent, event_code

TICK = 0.02
FRAME = 160
KEY_TICKS = 5
KEY_REPEATS = 2
GAP_TICKS = 4
VOICE_HERTZ = 350
EVENTS = 101


def script(seconds: float, keys: Mapping[float, str]) -> bytes:
    """`keys` are rows of keys by the second at which the first is pressed; between them the caller hums."""
    pcm = tones.sine(VOICE_HERTZ, round(seconds * 1000), 6000.0)
    total = round(seconds / TICK)
    pressed = _ticks(keys)
    packets: list[tuple[float, bytes]] = []
    began = 0
    for tick in range(total):
        key = pressed.get(tick)
        if key is None:
            payload = tables.encode("PCMU", pcm[tick * FRAME : tick * FRAME + FRAME])
            packet = RtpPacket(0, tick, tick * FRAME, 7, payload, tick == 0)
        else:
            digit, place = key
            began = tick if place == 0 else began
            event = TelephoneEvent(
                event_code(digit), place >= KEY_TICKS, 10, min(place + 1, KEY_TICKS) * FRAME
            )
            packet = RtpPacket(EVENTS, tick, began * FRAME, 7, event.serialise(), place == 0)
        packets.append((tick * TICK, packet.serialise()))
    return pcap(packets)


def _ticks(keys: Mapping[float, str]) -> dict[int, tuple[str, int]]:
    """(key, which packet of it) by tick."""
    found: dict[int, tuple[str, int]] = {}
    length = KEY_TICKS + KEY_REPEATS
    for second, row in keys.items():
        for number, digit in enumerate(row):
            first = round(second / TICK) + number * (length + GAP_TICKS)
            found |= {first + place: (digit, place) for place in range(length)}
    return found


def pcap(packets: list[tuple[float, bytes]]) -> bytes:
    """UDP payloads at their seconds as Ethernet frames in a pcap file (link type 1)."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    home = b"\x7f\0\0\1"
    for at, payload in packets:
        udp = struct.pack(">HHHH", 6000, 6000, 8 + len(payload), 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, home, home)
        frame = b"\0" * 12 + b"\x08\x00" + ip + udp
        seconds, micro = divmod(round(at * 1e6), 1_000_000)
        parts.append(struct.pack("<IIII", seconds + 1, micro, len(frame), len(frame)) + frame)
    return b"".join(parts)
