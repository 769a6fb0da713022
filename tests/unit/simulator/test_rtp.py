"""A phone's RTP: what it sends and what it makes of what it gets."""

import numpy as np

from offhook.audio import tables, tones
from offhook.core.ids import SeededIds
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import TelephoneEvent
from offhook.simulator.receiver import Receiver
from offhook.simulator.sender import Sender

MS = 1_000_000


def sent(sender: Sender, count: int) -> list[RtpPacket]:
    return [RtpPacket.parse(sender.packet()) for _ in range(count)]


def test_silence_is_sent_when_there_is_nothing_to_say() -> None:
    first, second = sent(Sender(SeededIds(1)), 2)
    assert (first.marker, second.marker) == (True, False)
    assert second.sequence == first.sequence + 1
    assert second.timestamp == first.timestamp + 160
    assert not np.any(tables.decode("PCMU", first.payload))


def test_audio_is_sent_without_gaps_and_its_end_is_told() -> None:
    sender = Sender(SeededIds(1))
    ended: list[str] = []
    pieces = [tones.sine(440, 25), tones.sine(440, 15, first=200)]
    for number, piece in enumerate(pieces):
        sender.play(piece, lambda number=number: ended.append(str(number)))  # type: ignore[misc]
    payload = b"".join(packet.payload for packet in sent(sender, 2))
    assert payload == tables.encode("PCMU", np.concatenate(pieces))
    assert ended == ["0", "1"]


def test_a_key_is_one_event_with_three_ends() -> None:
    sender = Sender(SeededIds(1))
    sender.event_type = 101
    ended: list[bool] = []
    sender.press("5", 60, lambda: ended.append(True))
    packets = sent(sender, 5)
    events = [TelephoneEvent.parse(packet.payload) for packet in packets]
    assert {packet.timestamp for packet in packets} == {packets[0].timestamp}
    assert [packet.marker for packet in packets] == [True, False, False, False, False]
    assert [(event.digit, event.end, event.duration) for event in events] == [
        ("5", False, 160), ("5", False, 320), ("5", True, 480), ("5", True, 480), ("5", True, 480),
    ]  # fmt: skip
    assert ended == [True]
    (voice,) = sent(sender, 1)
    assert (voice.payload_type, voice.marker) == (0, True)
    assert voice.timestamp == packets[0].timestamp + 5 * 160


def voice(sequence: int, level: int = 1_000, timestamp: int | None = None) -> bytes:
    payload = tables.encode("PCMU", np.full(160, level, np.int16))
    return RtpPacket(0, sequence, sequence * 160 if timestamp is None else timestamp, 1, payload).serialise()


def play(receiver: Receiver, packets: dict[int, list[bytes]], frames: int) -> list[int | None]:
    """`packets` arrive before the frame of their number; gives the level of each frame."""
    heard: list[int | None] = []
    for number in range(frames):
        for data in packets.get(number, []):
            receiver.receive(number * 20 * MS, data, number * 20)
        frame = receiver.frame()
        heard.append(None if frame is None else round(int(frame[0]), -2))
    return heard


def test_packets_are_played_in_order_after_the_delay() -> None:
    receiver = Receiver(delay=2)
    packets = {0: [voice(1, 1_000)], 1: [voice(3, 3_000)], 2: [voice(2, 2_000)]}
    assert play(receiver, packets, 6) == [None, None, 1_000, 2_000, 3_000, None]
    assert (receiver.lost, receiver.arrivals.late) == (0, 0)


def test_loss_is_a_gap_and_is_counted() -> None:
    receiver = Receiver(delay=1)
    packets = {number: [voice(number)] for number in (0, 1, 2, 5, 6)}
    assert play(receiver, packets, 8) == [None, 1_000, 1_000, 1_000, None, None, 1_000, 1_000]
    assert receiver.lost == 2
    assert receiver.arrivals.largest_gap_ms == 60.0


def test_a_sender_whose_clock_slipped_is_heard_again() -> None:
    receiver = Receiver(delay=1)
    packets = {number: [voice(number)] for number in range(10)}
    packets |= {number + 20: [voice(number)] for number in range(10, 40)}
    heard = play(receiver, packets, 60)
    assert heard[40:50] == [1_000] * 10
    assert receiver.arrivals.late == 5


def test_keys_are_read_once_each_and_are_not_missing_audio() -> None:
    sender, receiver = Sender(SeededIds(1)), Receiver(delay=1, event_type=101)
    sender.event_type = 101
    sender.play(tones.sine(440, 100), lambda: None)
    for key in "11":
        sender.press(key, 100, lambda: None)
        sender.play(tones.silence(60), lambda: None)
    packets = {number: [data, data] for number, data in enumerate(sender.packet() for _ in range(30))}
    packets[7] = []
    heard = play(receiver, packets, 30)
    assert [(key.key, key.duration_ms, key.complete) for key in receiver.keys] == [("1", 100, True)] * 2
    assert None not in heard[1:]


def test_a_cut_key_is_known_and_marked() -> None:
    receiver = Receiver(event_type=101)
    event = TelephoneEvent(3, False, 10, 320).serialise()
    receiver.receive(0, RtpPacket(101, 1, 0, 1, event).serialise(), 0)
    assert [(key.key, key.complete) for key in receiver.keys] == [("3", False)]


def test_junk_is_counted_and_nothing_else() -> None:
    receiver = Receiver(event_type=101)
    flash = TelephoneEvent(16, True, 0, 0).serialise()
    for data in (
        b"",
        b"x" * 20,
        RtpPacket(99, 1, 0, 1, b"x").serialise(),
        RtpPacket(101, 1, 0, 1, b"").serialise(),
    ):
        receiver.receive(0, data, 0)
    receiver.receive(0, RtpPacket(101, 2, 0, 1, flash).serialise(), 0)
    assert receiver.arrivals.foreign == 4
    assert receiver.keys == []
