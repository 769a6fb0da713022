"""The calls bench without a platform: what it makes of webhooks, packets, stacks and SIPp's files."""

import json
from pathlib import Path

import numpy as np
import pytest
from scripts.benches.rig import capture, order, packets, profile, sipp
from scripts.benches.rig.load_run import most_at_once
from scripts.benches.rig.reader import RECORD

from offhook.audio import tables, tones
from offhook.rtp.packet import RtpPacket

TICK = 20_000_000


def hook(what: str, uuid: str = "a", at: int = 0) -> order.Hook:
    fields = {"uuid": uuid} if what.startswith("/") else {"uuid": uuid, "status": what}
    return order.Hook(at, what if what.startswith("/") else "/events", fields, 500)


GOOD = ["started", "ringing", "/answer", "answered", "/menu", "completed"]


def test_webhooks_in_their_order_have_no_fault() -> None:
    mixed = [h for what in GOOD for h in (hook(what, "a"), hook(what, "b"))]
    assert order.faults(mixed, ["/menu"]) == {}
    assert order.faults([hook(what) for what in ["/answer", *GOOD[:2], *GOOD[3:]]], ["/menu"]) == {}


@pytest.mark.parametrize(
    "told",
    [
        ["started", "answered", "ringing", "/answer", "/menu", "completed"],
        GOOD[:-1],
        [*GOOD, "completed"],
        ["started", "ringing", "/answer", "/menu", "answered", "completed"],
        ["started", "ringing", "answered", "/answer", "/menu", "completed"],
        ["started", "ringing", "/answer", "/answer", "answered", "/menu", "completed"],
    ],
)
def test_missing_doubled_and_misplaced_webhooks_are_faults(told: list[str]) -> None:
    assert list(order.faults([hook(what) for what in told], ["/menu"])) == ["a"]


def test_a_line_of_the_record_that_is_being_written_is_left_out() -> None:
    line = json.dumps([5, "GET", "/answer", {"uuid": "a"}, 77])
    assert order.read([line + "\n", line[:10]]) == [order.Hook(5, "/answer", {"uuid": "a"}, 77)]


def test_most_at_once() -> None:
    one = [hook("answered", at=0), hook("completed", at=10)]
    two = [hook("answered", "b", 5), hook("completed", "b", 20)]
    three = [hook("answered", "c", 10), hook("completed", "c", 20)]
    assert most_at_once([one, two, three]) == 2


def heard(skip: tuple[int, ...] = (), late: dict[int, int] | None = None, count: int = 50) -> bytes:
    """A reader's file with one stream whose numbers wrap."""
    pcm = tones.sine(500, count * 20, 8000.0)
    data = b""
    for number in range(count):
        if number in skip:
            continue
        payload = tables.encode("PCMU", pcm[number * 160 : number * 160 + 160])
        rtp = RtpPacket(0, (65_520 + number) % 65_536, number * 160, 9, payload, False).serialise()
        at = 1_000 * TICK + number * TICK + (late or {}).get(number, 0) * 1_000_000
        data += RECORD.pack(at, 10_004, len(rtp)) + rtp
    return data


def test_a_stream_without_fault() -> None:
    (stream,) = packets.streams(heard())
    assert (stream.port, stream.ssrc, stream.lost, stream.misordered) == (10_004, 9, 0, 0)
    assert stream.heard.longest == pytest.approx(20.0)
    expected = tables.decode("PCMU", tables.encode("PCMU", tones.sine(500, 1000, 8000.0)))
    assert np.array_equal(stream.pcm, expected)
    assert stream.audible == 50


def test_losses_gaps_and_a_file_that_was_cut() -> None:
    (stream,) = packets.streams(heard(skip=(10, 11, 12), late={30: 15})[:-5])
    assert stream.lost == 3
    assert stream.heard.longest == pytest.approx(80.0)
    assert (stream.heard.over_40, stream.heard.over_60) == (1, 1)
    assert stream.arrivals.size == 46
    assert not stream.pcm[10 * 160 : 13 * 160].any()
    assert packets.percentiles([stream])["largest"] == pytest.approx(80.0)


def test_what_is_no_voice_does_not_count() -> None:
    junk = RECORD.pack(1, 10_004, 4) + b"abcd"
    event = RtpPacket(101, 1, 0, 9, bytes(4), False).serialise()
    assert packets.streams(junk + RECORD.pack(2, 10_004, len(event)) + event) == []
    assert packets.percentiles([])["largest"] == 0.0


def test_a_capture_has_voice_and_keys_at_their_seconds() -> None:
    data = capture.script(2.0, {0.5: "1#"})
    found, place = [], 24
    while place < len(data):
        length = int.from_bytes(data[place + 8 : place + 12], "little")
        found.append(RtpPacket.parse(data[place + 16 + 42 : place + 16 + length]))
        place += 16 + length
    assert len(found) == 100
    keys = [number for number, packet in enumerate(found) if packet.payload_type == 101]
    assert keys == [*range(25, 32), *range(36, 43)]
    assert {found[number].timestamp for number in keys[:7]} == {25 * 160}
    assert [packet.payload[0] for packet in (found[25], found[36])] == [1, 11]
    assert [bool(found[number].payload[1] & 0x80) for number in range(25, 32)] == [False] * 5 + [True] * 2


def test_samples_belong_to_the_nearest_part() -> None:
    base = "run (asyncio/runners.py:1);on_sip (offhook/calls/registry.py:5)"
    folded = (
        f"{base};insert (offhook/storage/mapping.py:2);execute (sqlalchemy/engine.py:9) 30\n"
        f"{base};dumps (json/encoder.py:4) 50\n"
        "run (asyncio/runners.py:1) 20\n"
        "run (threading.py:1);_worker (concurrent/futures/thread.py:81) 500\n"
        "run (threading.py:1);_Waiting.wait (offhook/storage/writer.py:169) 400\n"
        "run (threading.py:1);_Reader._work (offhook/storage/readers.py:68) 300\n"
        "no number here\n"
    )
    assert profile.breakdown(folded) == {"ncco/calls": 0.5, "storage": 0.3, "loop and others": 0.2}
    assert profile.hottest(folded, 1) == [("on_sip (offhook/calls/registry.py)", 0.5)]
    assert profile.breakdown("") == {}


def test_the_files_of_sipp(tmp_path: Path) -> None:
    head = "StartTime;TotalCallCreated;SuccessfulCall(C);FailedCall(C);Retransmissions(C)"
    (tmp_path / "caller_12_.csv").write_text(f"{head}\n1;5;2;0;0\n1;10;9;1;3\n")
    (tmp_path / "caller_12_rtt.csv").write_text("Date;RT;name\n1;30.5;1\n2;10.0;1\n3;20.0;1\n")
    counted = sipp.read(tmp_path, 1, "something broke")
    assert (counted.created, counted.successful, counted.failed, counted.retransmissions) == (10, 9, 1, 3)
    assert counted.answer_ms == (10.0, 20.0, 30.5)
    assert counted.answered_within(0.5) == 20.0
    assert counted.complaint == "something broke"
    assert sipp.read(tmp_path / "none", 0).answered_within(0.5) == 0.0
