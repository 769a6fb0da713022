"""The media host with the real engine and wires of plain lists: each command, its events, its idempotence."""

from collections.abc import Collection

import numpy as np
import pytest
from tests.unit.media_host.voice import Voice, amplitude

from offhook.audio.tones import sine
from offhook.core.errors import MediaError
from offhook.ipc.audio import RecorderBlock
from offhook.ipc.media import (
    AskStats,
    CloseLeg,
    CloseLink,
    Command,
    DigitReceived,
    DigitsSent,
    Event,
    Join,
    Leave,
    LegOpened,
    LegRefused,
    LegStats,
    MediaIdle,
    MediaStarted,
    MoveRecord,
    OpenLeg,
    OpenLink,
    Play,
    PlaybackFinished,
    RecordFinished,
    SendDigits,
    SetAudio,
    StartRecord,
    StopPlay,
    StopRecord,
    UpdateLeg,
)
from offhook.ipc.shm import MemoryPrompts
from offhook.media.engine import Arrivals, Departures
from offhook.media.host import MediaHost
from offhook.media.host.wires import Address

TICK = 20_000_000
REMOTE = ("10.0.0.1", 4000)


class ListWires:
    """Wires that only remember."""

    def __init__(self) -> None:
        self.ports = {20000, 20002, 20004}
        self.rows: dict[int, Address | None] = {}
        self.links: dict[int, tuple[str, str]] = {}
        self.relearned: list[int] = []

    def take(self, row: int, port: int, remote: Address | None, payload_types: Collection[int]) -> None:
        if port not in self.ports:
            raise MediaError(f"port {port} is not one of the ports that wait here: reserve another")
        self.ports.discard(port)
        self.rows[row] = remote

    def discard(self, port: int) -> None:
        self.ports.discard(port)

    def aim(self, row: int, remote: Address | None, payload_types: Collection[int]) -> None:
        self.rows[row] = remote

    def relearn(self, row: int) -> None:
        self.relearned.append(row)

    def release(self, row: int) -> None:
        self.rows.pop(row, None)
        self.links.pop(row, None)

    def remote(self, row: int) -> Address | None:
        return self.rows.get(row)

    def link(self, row: int, local: str, remote: str) -> None:
        if not local:
            raise MediaError("the link cannot be bound")
        self.links[row] = (local, remote)


class Stage:
    def __init__(self, capacity: int = 8) -> None:
        self.blocks: list[RecorderBlock] = []
        self.events: list[Event] = []
        self.prompts = MemoryPrompts()
        self.wires = ListWires()
        self.host = MediaHost(
            capacity,
            self.wires,
            open_prompt=self.prompts.open,
            sink=self.blocks.append,
            number=lambda below: below // 3,
        )
        self._arrivals = Arrivals(64)
        self._now = 0

    def do(self, *commands: Command) -> list[Event]:
        told = [event for command in commands for event in self.host.handle(self._now, command)]
        self.events += told
        return told

    def open(self, leg: str, port: int = 20000, **options: object) -> int:
        """Open a leg; its row."""
        before = set(self.wires.rows)
        self.do(OpenLeg(leg, port, "PCMU", 0, 101, REMOTE, 7, **options))  # type: ignore[arg-type]
        return (set(self.wires.rows) - before).pop()

    def tick(self, count: int = 1, packets: dict[int, Voice] | None = None) -> Departures:
        for _ in range(count):
            for row, voice in (packets or {}).items():
                self._arrivals.add(row, voice.packet())
            departures, events = self.host.tick(self._now, self._arrivals)
            self.events += events
            self._arrivals.clear()
            self._now += TICK
        return departures

    def deliver(self, row: int, packets: list[bytes]) -> None:
        for packet in packets:
            self._arrivals.add(row, packet)
            self.tick()

    def heard(self, row: int, hertz: float, packets: dict[int, Voice] | None = None) -> float:
        """Amplitude of a tone in half a second of what a row is sent."""
        ear = Voice(0)
        for _ in range(25):
            departures = self.tick(1, packets)
            ear.hear(departures.data[row, : departures.length[row]].tobytes())
        return amplitude(np.concatenate(ear.heard), hertz)

    def told(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_a_leg_opens_once_and_speaks_at_random_numbers() -> None:
    stage = Stage()
    row = stage.open("A")
    stage.do(OpenLeg("A", 20000, "PCMU", 0, 101, REMOTE, 7))
    assert stage.events == [LegOpened("A"), LegOpened("A")]
    packet = stage.tick().data[row]
    assert packet[2:4].tobytes() == (65536 // 3).to_bytes(2, "big")
    assert packet[4:8].tobytes() == (2**32 // 3).to_bytes(4, "big")
    assert packet[8:12].tobytes() == bytes([0, 0, 0, 7])


def test_refusals_say_why_and_leave_nothing_open() -> None:
    stage = Stage(capacity=1)
    assert stage.do(OpenLeg("A", 9, "PCMU", 0, None, None, 1)) == [
        LegRefused("A", "port 9 is not one of the ports that wait here: reserve another")
    ]
    refused = stage.do(OpenLeg("A", 20000, "OPUS", 0, None, None, 1))[0]
    assert isinstance(refused, LegRefused)
    assert "PCMU and PCMA" in refused.reason
    assert 20000 not in stage.wires.ports  # closed, so that another is warmed in its place
    stage.open("B", 20002)
    full = stage.do(OpenLeg("C", 20004, "PCMU", 0, None, None, 1))[0]
    assert isinstance(full, LegRefused)
    assert stage.host.describe()["leg"] == ["B"]


def test_members_of_a_conversation_hear_each_other_until_one_leaves() -> None:
    stage = Stage()
    a, b = stage.open("A"), stage.open("B", 20002)
    stage.do(Join("A", "room"), Join("B", "room"))
    voices = {a: Voice(440), b: Voice(1000)}
    stage.tick(10, voices)
    assert stage.heard(a, 1000, voices) > 6000
    assert stage.heard(b, 440, voices) > 6000
    assert stage.told(MediaStarted) == [MediaStarted("A", REMOTE), MediaStarted("B", REMOTE)]
    stage.do(SetAudio("A", muted=True, earmuffed=False))
    assert stage.heard(b, 440, voices) < 1500
    stage.do(SetAudio("A", muted=False, earmuffed=False), Leave("B"))
    assert stage.heard(b, 440, voices) < 300
    stage.do(Join("B", "other"), Join("A", "other"))
    stage.tick(2, voices)
    assert stage.heard(b, 440, voices) > 6000


def test_closing_a_leg_ends_what_it_had_and_tells_its_statistics() -> None:
    stage = Stage()
    row = stage.open("A")
    prompt = stage.prompts.write(sine(440, 5000))
    stage.do(
        Play("p", "leg:A", prompt.name, prompt.samples, loop=0),
        StartRecord("r", "leg:A"),
        SendDigits("d", "A", "123"),
    )
    stage.tick(30, {row: Voice(500)})
    told = stage.do(CloseLeg("A"))
    stage.tick()
    stats = told[-1]
    assert isinstance(stats, LegStats)
    assert (stats.received, stats.sent) == (30, 30)
    assert DigitsSent("d") in told
    assert stage.told(PlaybackFinished) == [PlaybackFinished("p", "closed", 600)]
    assert stage.told(RecordFinished) == [RecordFinished("r", "closed", 600)]
    assert stage.blocks[-1].last
    assert stage.do(CloseLeg("A")) == []
    assert stage.host.describe() == {"leg": [], "link": [], "playback": [], "recording": []}
    assert stage.wires.rows == {}


def test_a_prompt_plays_once_however_often_it_is_asked_for() -> None:
    stage = Stage()
    row = stage.open("A")
    prompt = stage.prompts.write(sine(700, 600))
    play = Play("p", "leg:A", prompt.name, prompt.samples)
    stage.do(play, play)
    assert stage.heard(row, 700) > 6000
    stage.tick(10)
    stage.do(play)
    stage.tick(40)
    assert stage.told(PlaybackFinished) == [PlaybackFinished("p", "done", 600)]


def test_a_prompt_stops_when_told_to_or_at_a_key() -> None:
    stage = Stage()
    row = stage.open("A")
    stage.do(Join("A", "room"))
    prompt = stage.prompts.write(sine(700, 5000))
    stage.do(Play("p1", "conversation:room", prompt.name, prompt.samples))
    stage.tick(5)
    stage.do(StopPlay("p1"), StopPlay("unknown"))
    stage.tick()
    stage.do(Play("p2", "conversation:room", prompt.name, prompt.samples, stop_on_digit="A"))
    voice = Voice(0)
    stage.tick(5, {row: voice})
    stage.deliver(row, voice.press(5))
    stage.tick(10)
    reasons = [
        (event.playback, event.reason) for event in stage.events if isinstance(event, PlaybackFinished)
    ]
    assert reasons == [("p1", "stopped"), ("p2", "digit")]
    digits = stage.told(DigitReceived)
    assert len(digits) == 1
    assert isinstance(digits[0], DigitReceived)
    assert (digits[0].leg, digits[0].digit, digits[0].duration_ms) == ("A", "5", 100)


@pytest.mark.parametrize(
    ("target", "prompt", "reason"),
    [("leg:gone", None, "closed"), ("leg:A", "/missing", "failed"), ("elsewhere", None, "failed")],
)
def test_a_prompt_that_cannot_play_is_told_as_finished(target: str, prompt: str | None, reason: str) -> None:
    stage = Stage()
    stage.open("A")
    real = stage.prompts.write(sine(700, 100))
    assert stage.do(Play("p", target, prompt or real.name, real.samples)) == [
        PlaybackFinished("p", reason, 0)
    ]


def test_a_recording_hands_over_blocks_in_order_and_its_end() -> None:
    stage = Stage()
    row = stage.open("A")
    start = StartRecord("r", "leg:A", layout="split", channels=2, owner="A")
    stage.do(start, start)
    stage.tick(130, {row: Voice(440)})
    stage.do(StopRecord("r"), StopRecord("r"))
    stage.tick()
    assert [block.sequence for block in stage.blocks] == list(range(len(stage.blocks)))
    assert [block.last for block in stage.blocks] == [False] * (len(stage.blocks) - 1) + [True]
    assert {(block.recording, block.channels) for block in stage.blocks} == {("r", 2)}
    audio = np.frombuffer(b"".join(block.pcm for block in stage.blocks), "<i2").reshape(-1, 2)
    assert len(audio) == 130 * 160
    assert amplitude(np.ascontiguousarray(audio[8000:16000, 0]), 440) > 6000
    assert stage.told(RecordFinished) == [RecordFinished("r", "stopped", 2600)]


def test_a_recording_moves_to_another_target_and_holds_that_conversation_alone() -> None:
    stage = Stage()
    rows = [stage.open("A"), stage.open("B", 20002)]
    voices = {rows[0]: Voice(440), rows[1]: Voice(1000)}
    stage.do(Join("A", "one"), Join("B", "two"), StartRecord("r", "conversation:one", owner="A"))
    stage.tick(50, voices)
    stage.do(Join("A", "two"), MoveRecord("r", "conversation:two"), MoveRecord("r", "conversation:two"))
    stage.tick(50, voices)
    assert len(stage.host._table.conversations) == 1
    stage.do(Leave("A"), MoveRecord("r", "leg:A"), MoveRecord("r", "leg:gone"), MoveRecord("x", "leg:A"))
    stage.tick(50, voices)
    stage.do(StopRecord("r"), MoveRecord("r", "conversation:two"))
    stage.tick()
    audio = np.frombuffer(b"".join(block.pcm for block in stage.blocks), "<i2")
    assert [block.sequence for block in stage.blocks] == list(range(len(stage.blocks)))
    assert len(audio) == 150 * 160
    parts = [audio[start * 160 : (start + 40) * 160] for start in (5, 55, 105)]
    assert [amplitude(part, 440) > 6000 for part in parts] == [True] * 3
    assert [amplitude(part, 1000) > 6000 for part in parts] == [False, True, False]
    stage.do(Leave("B"))
    assert len(stage.host._table.conversations) == 0


def test_a_recording_of_a_leg_that_is_gone_is_an_empty_file() -> None:
    stage = Stage()
    assert stage.do(StartRecord("r", "leg:gone", layout="channels", channels=3)) == [
        RecordFinished("r", "closed", 0)
    ]
    assert stage.blocks == [RecorderBlock("r", 0, 3, b"", last=True)]


def test_keys_are_sent_and_confirmed_once() -> None:
    stage = Stage()
    stage.open("A")
    send = SendDigits("d", "A", "1p#", tone_ms=100, gap_ms=60)
    stage.do(send, send)
    assert stage.told(DigitsSent) == []
    stage.tick(60)
    assert stage.told(DigitsSent) == [DigitsSent("d")]
    assert stage.do(SendDigits("e", "gone", "1")) == [DigitsSent("e")]
    assert stage.do(SendDigits("f", "A", "?")) == [DigitsSent("f")]
    assert stage.do(SendDigits("g", "A", "")) == [DigitsSent("g")]


def test_an_update_changes_what_it_names_and_keeps_the_rest() -> None:
    stage = Stage()
    row = stage.open("A")
    stage.do(UpdateLeg("A", codec="PCMA", payload_type=8, remote=("10.0.0.2", 5000)))
    assert stage.tick().data[row, 1] & 0x7F == 8
    assert stage.wires.rows[row] == ("10.0.0.2", 5000)
    stage.do(UpdateLeg("A", send=False))
    assert row not in stage.tick().rows
    stage.do(UpdateLeg("A", send=True), UpdateLeg("gone", send=True))
    assert stage.tick().data[row, 1] & 0x7F == 8
    assert isinstance(stage.do(UpdateLeg("A", codec="G999"))[0], LegRefused)


def test_silence_on_the_wire_is_told_every_ten_seconds_but_not_on_hold() -> None:
    stage = Stage()
    row = stage.open("A")
    stage.tick(50, {row: Voice(440)})
    stage.tick(700)
    assert stage.told(MediaIdle) == [MediaIdle("A", 10.0)]
    assert row in stage.wires.relearned
    stage.tick(500)
    assert stage.told(MediaIdle)[-1] == MediaIdle("A", 20.0)
    stage.do(UpdateLeg("A", receive=False))
    stage.tick(1200)
    stage.do(UpdateLeg("A", receive=True))
    stage.tick(400)
    assert len(stage.told(MediaIdle)) == 2
    stage.tick(250)
    assert stage.told(MediaIdle)[-1] == MediaIdle("A", 10.0)


def test_a_link_carries_a_conversation_between_two_hosts() -> None:
    near, far = Stage(), Stage()
    a, b = near.open("A"), far.open("B")
    near.do(Join("A", "room"), OpenLink("l.a", "room", "/run/l.a", "/run/l.b"))
    far.do(Join("B", "room"), OpenLink("l.b", "room", "/run/l.b", "/run/l.a"))
    assert list(near.wires.links.values()) == [("/run/l.a", "/run/l.b")]
    voices, ear = (Voice(440), Voice(1000)), Voice(0)
    for _ in range(60):
        out = near.tick(1, {a: voices[0]})
        for _, frame in out.extra:
            far._arrivals.long.append((next(iter(far.wires.links)), frame))
        back = far.tick(1, {b: voices[1]})
        for _, frame in back.extra:
            near._arrivals.long.append((next(iter(near.wires.links)), frame))
        ear.hear(back.data[b, : back.length[b]].tobytes())
    assert ear.level(440) > 6000
    assert ear.level(1000) < 300
    near.do(CloseLink("l.a"), CloseLink("l.a"))
    assert near.host.describe()["link"] == []
    assert near.wires.links == {}


def test_end_all_closes_everything_and_finishes_recordings() -> None:
    stage = Stage()
    stage.open("A")
    stage.do(Join("A", "room"), OpenLink("l", "room", "/a", "/b"), StartRecord("r", "conversation:room"))
    prompt = stage.prompts.write(sine(700, 5000))
    stage.do(Play("p", "conversation:room", prompt.name, prompt.samples))
    stage.tick(5)
    stage.events += stage.host.end_all(0)
    stage.tick()
    assert stage.host.describe() == {"leg": [], "link": [], "playback": [], "recording": []}
    assert stage.told(RecordFinished) == [RecordFinished("r", "stopped", 100)]
    assert stage.blocks[-1].last


def test_statistics_are_told_when_asked() -> None:
    stage = Stage()
    row = stage.open("A")
    stage.tick(20, {row: Voice(440)})
    stats = stage.do(AskStats("A"), AskStats("gone"))
    assert len(stats) == 1
    assert isinstance(stats[0], LegStats)
    assert (stats[0].received, stats[0].lost) == (20, 0)
