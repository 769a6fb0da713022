"""Lines in memory and on disk: order, masks, rotation, reading, crashes, full disks."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from offhook.core.journal import Line, MemoryJournal, decode_line, encode_line
from offhook.core.journal_file import FileJournal


class StillClock:
    def now(self) -> int:
        return 5_000

    def wall(self) -> int:
        return 1_767_225_600_000_000


def opened(folder: Path, **options: Any) -> FileJournal:
    return FileJournal(folder, StillClock(), **options)


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_line_in_memory() -> None:
    journal = MemoryJournal(node=3)
    journal.write(
        17, "leg", "CON-1", "sip.in", {"text": "INVITE\r\nAuthorization: x1\r\n", "level": 0.123456}
    )
    assert journal.lines == [
        Line(3, 1, 17, "leg", "CON-1", "sip.in", {"text": "INVITE\r\nAuthorization: •••\r\n", "level": 0.123})
    ]
    assert journal.kinds() == ["sip.in"]
    assert journal.kinds("other") == []


def test_lines_of_a_conversation_have_no_leg() -> None:
    journal = MemoryJournal()
    journal.write(1, "leg", "CON-1", "a", {})
    journal.write(2, None, "CON-1", "b", {})
    journal.write(3, None, None, "c", {})
    assert [line.kind for line in journal.read("CON-1")] == ["b"]
    assert [line.kind for line in journal.read("leg")] == ["a"]


def test_digits_are_hidden_for_one_leg_until_it_is_over() -> None:
    journal = MemoryJournal()
    journal.hide_digits("one")
    for leg in ("one", "two"):
        journal.write(1, leg, None, "digit", {"digit": "5"})
    journal.leg_over("one")
    journal.write(1, "one", None, "digit", {"digit": "5"})
    assert [line.data["digit"] for line in journal.lines] == ["•••", "5", "5"]
    masked = MemoryJournal(mask_digits=True)
    masked.write(1, "one", None, "digit", {"digit": "5"})
    assert masked.lines[0].data == {"digit": "•••"}


@pytest.mark.parametrize(
    "data",
    [
        {"raw": b"\x00\xff"},
        {"$bytes": "not ours"},
        {"$dict": {"$bytes": "AA=="}},
        {"$bytes": {"$dict": 1}},
        [{"$bytes": b"x"}],
        {"text": "\udcff ü \x00"},
        [1, None, True, "x", {"y": []}],
    ],
)
def test_values_come_back(data: Any) -> None:
    journal = MemoryJournal()
    journal.write(1, "leg", None, "k", data)
    assert journal.lines[0].data == data


def test_the_same_writes_give_the_same_bytes() -> None:
    def text() -> bytes:
        journal = MemoryJournal()
        journal.write(1, "leg", None, "k", {"set": {"b", "a"}, "f": 1 / 3, "inf": float("inf")})
        return journal.dump()

    assert text() == text() == b'[0,1,1,"leg",null,"k",{"set":["a","b"],"f":0.333,"inf":"inf"}]\n'


def test_what_is_no_line() -> None:
    for text in (b"", b"{}", b"[1,2]", b'{"journal":1}', b"[0,1,1"):
        with pytest.raises(ValueError):
            decode_line(text)
    assert b"\n" not in encode_line(Line(0, 1, 1, "l", None, "k", "a\nb"))


def test_one_write_per_turn_of_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(tmp_path)
    flushes: list[int] = []
    original = journal._segments.append

    def counted(lines: list[tuple[int, str, bytes]], heading: Any) -> None:
        flushes.append(len(lines))
        original(lines, heading)

    monkeypatch.setattr(journal._segments, "append", counted)

    async def main() -> None:
        for n in range(5):
            journal.write(n, "leg", None, "k", n)
        assert flushes == []
        await asyncio.sleep(0)
        assert flushes == [5]
        journal.write(9, "leg", None, "k", 9)
        await asyncio.sleep(0)
        assert flushes == [5, 1]

    asyncio.run(main())
    assert [line.data for line in journal.read("leg")] == [0, 1, 2, 3, 4, 9]
    assert [line.seq for line in journal.read("leg")] == [1, 2, 3, 4, 5, 6]
    journal.close()


def test_reading_sees_what_is_not_written_yet(tmp_path: Path) -> None:
    async def main() -> None:
        journal = opened(tmp_path)
        journal.write(1, "leg", None, "k", "x")
        assert [line.data for line in journal.read("leg")] == ["x"]
        journal.close()

    asyncio.run(main())


def test_segments_turn_over_and_are_found_again(tmp_path: Path) -> None:
    journal = opened(tmp_path, segment_bytes=400)
    for n in range(40):
        journal.write(n, f"leg{n % 3}", None, "k", {"n": n})
    names = segments(tmp_path)
    assert names[:2] == ["0000-00000001.idx", "0000-00000001.jsonl"]
    assert len(names) > 6
    assert [line.data["n"] for line in journal.read("leg1")] == list(range(1, 40, 3))
    journal.close()
    again = opened(tmp_path)
    assert [line.data["n"] for line in again.read("leg1")] == list(range(1, 40, 3))
    assert again.read("leg9") == []
    again.close()


def test_a_segment_begins_with_its_heading_and_is_private(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal", node=7)
    journal.write(1, "leg", None, "k", None)
    journal.close()
    path = tmp_path / "journal" / "0007-00000001.jsonl"
    heading = json.loads(path.read_text().splitlines()[0])
    assert heading == {"journal": 1, "node": 7, "t": 5000, "wall": 1_767_225_600_000_000}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_old_segments_are_removed(tmp_path: Path) -> None:
    journal = opened(tmp_path, segment_bytes=200, keep_segments=3)
    for n in range(60):
        journal.write(n, "leg", None, "k", {"n": n})
    journal.close()
    assert len([name for name in segments(tmp_path) if name.endswith(".jsonl")]) == 3
    again = opened(tmp_path, keep_segments=4)
    kept = [line.data["n"] for line in again.read("leg")]
    assert kept[-1] == 59
    assert kept == list(range(kept[0], 60))
    again.close()


def test_a_segment_without_an_index_and_a_cut_line(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    for n in range(3):
        journal.write(n, "leg", None, "k", n)
    assert journal._segments._file is not None
    journal._segments._file.close()  # the process died while writing
    path = tmp_path / "0000-00000001.jsonl"
    path.write_bytes(path.read_bytes()[:-4])
    again = opened(tmp_path)
    again.write(9, "leg", None, "k", 9)
    assert [line.data for line in again.read("leg")] == [0, 1, 9]
    assert (tmp_path / "0000-00000001.idx").exists()
    again.close()


def test_a_full_disk_is_reported_once_and_costs_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = opened(tmp_path)
    original = journal._segments.append
    full = True

    def append(lines: list[tuple[int, str, bytes]], heading: Any) -> None:
        if full:
            raise OSError(28, "No space left on device")
        original(lines, heading)

    monkeypatch.setattr(journal._segments, "append", append)
    for n in range(3):
        journal.write(n, "leg", None, "k", n)
    assert caplog.text.count("cannot be written") == 1
    full = False
    journal.write(3, "leg", None, "k", 3)
    assert [line.data for line in journal.read("leg")] == [0, 1, 2, 3]
    journal.close()


def test_a_disk_that_is_full_at_the_start_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = True
    chmod = Path.chmod

    def refused(path: Path, mode: int) -> None:
        if full:
            raise OSError(28, "No space left on device")
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", refused)
    journal = opened(tmp_path)
    for n in range(3):
        journal.write(n, "leg", None, "k", n)
    assert caplog.text.count("calls go on without it") == 1
    assert list(tmp_path.glob("*")) == []
    full = False
    journal.write(3, "leg", None, "k", 3)
    assert [line.data for line in journal.read("leg")] == [0, 1, 2, 3]
    full = True
    journal.close()
    assert [path.suffix for path in tmp_path.glob("*")] == [".jsonl"]
    full = False
    again = opened(tmp_path)
    assert [line.data for line in again.read("leg")] == [0, 1, 2, 3]
    again.close()


def test_nodes_share_a_folder(tmp_path: Path) -> None:
    one, two = opened(tmp_path, node=1), opened(tmp_path, node=2)
    one.write(1, "leg", None, "k", "one")
    two.write(1, "leg", None, "k", "two")
    assert [line.data for line in one.read("leg")] == ["one"]
    one.close()
    two.close()
