"""Lines go from segments where they are, while another process reads and appends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offhook.core import journal_reader
from offhook.core.journal_erasure import Erased, Wanted, erase, pattern_of
from offhook.core.journal_file import US_PER_DAY, FileJournal

ALICE, BOB, CARL = "15550100777", "15550100888", "15550100999"


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.walls = 1_767_225_600_000_000

    def now(self) -> int:
        return self.walls * 1000

    def wall(self) -> int:
        return self.walls


def opened(folder: Path, **options: Any) -> FileJournal:
    return FileJournal(folder, Clock(), **options)


def fill(journal: FileJournal, rounds: int = 1) -> None:
    for number in range(rounds):
        journal.write(number, "leg-a", "CON-1", "sip.in", {"message": f"From: <sip:+{ALICE}@h>"})
        journal.write(number, "leg-b", "CON-1", "webhook", {"from": ALICE, "to": BOB, "n": number})
        journal.write(number, None, "CON-1", "talk", {"text": "hello"})
        journal.write(number, "leg-c", None, "raw", {"body": f"<{BOB}>".encode(), "n": number})


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("size", [100_000_000, 2_000])
def test_a_call_goes_while_the_journal_is_being_written(tmp_path: Path, size: int) -> None:
    journal = opened(tmp_path, segment_bytes=size)
    fill(journal, 40)
    before = [journal.read(key) for key in ("leg-b", "CON-1", "leg-c")]
    done = erase(tmp_path, Wanted(frozenset({"leg-a"})))
    assert (done.lines, done.masked) == (40, 0)
    assert (done.segments == 1) == (size == 100_000_000)
    assert journal.read("leg-a") == []
    assert [journal.read(key) for key in ("leg-b", "CON-1", "leg-c")] == before
    fill(journal)
    assert [line.t for line in journal.read("leg-a")] == [0]
    assert len(journal.read("leg-b")) == 41
    journal.close()
    again = opened(tmp_path)
    assert len(again.read("leg-b")) == 41
    again.close()
    assert everything(tmp_path).count(b'null,null,"erased",null]') == 40
    assert len(journal_reader.read(tmp_path, "leg-a")) == 1


class Keys(frozenset[str]):
    """Looked up and never walked through: a busy number has many calls, a journal millions of lines."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("every line would be compared with every key")


@pytest.mark.parametrize("size", [100_000_000, 2_000])
def test_keys_are_looked_up(tmp_path: Path, size: int) -> None:
    journal = opened(tmp_path, segment_bytes=size)
    fill(journal, 20)
    assert erase(tmp_path, Wanted(Keys({"leg-a", "leg-c"}))).lines == 40
    assert journal.read("leg-a") == journal.read("leg-c") == []
    assert len(journal.read("leg-b")) == 20
    assert not any(b"leg-a" in path.read_bytes() for path in tmp_path.glob("*.idx"))
    journal.close()


def test_a_number_goes_from_the_lines_of_others(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    fill(journal)
    longer = {"to": f"9{ALICE}", "spaced": "+1 (555) 010-0777", "coded": f"%2B{ALICE}", "whole": int(ALICE)}
    journal.write(5, "leg-d", None, "mixed", {key: longer[key] for key in ("to", "spaced", "coded")})
    journal.write(6, "leg-d", None, "int", {"whole": longer["whole"]})
    done = erase(tmp_path, Wanted(frozenset({"leg-a"}), ALICE))
    assert done == Erased(lines=1, masked=3, segments=1)
    assert journal.read("leg-b")[0].data == {"from": "x" * 11, "to": BOB, "n": 0}
    mixed = {"to": f"9{ALICE}", "spaced": "+x (xxx) xxx-xxxx", "coded": "%2B" + "x" * 11}
    assert [line.data for line in journal.read("leg-d")] == [mixed]
    journal.close()
    assert ALICE.encode() not in everything(tmp_path).replace(f"9{ALICE}".encode(), b"")


def test_a_number_inside_bytes_takes_its_line_along(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    fill(journal)
    assert erase(tmp_path, Wanted(frozenset(), BOB)).masked == 2
    assert journal.read("leg-c") == []
    assert journal.read("leg-b")[0].data["to"] == "x" * 11
    assert erase(tmp_path, Wanted(frozenset(), BOB)) == Erased()
    journal.close()


def test_a_dry_run_counts_and_changes_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path, segment_bytes=2_000)
    fill(journal, 40)
    before = everything(tmp_path)
    wanted = Wanted(frozenset({"leg-a", "CON-1"}), ALICE)
    told = erase(tmp_path, wanted, dry_run=True)
    assert everything(tmp_path) == before
    assert erase(tmp_path, wanted) == told == Erased(80, 40, told.segments)
    journal.close()


def test_indexes_forget_the_key(tmp_path: Path) -> None:
    journal = opened(tmp_path, segment_bytes=2_000)
    fill(journal, 40)
    journal.close()
    erase(tmp_path, Wanted(frozenset({"leg-a"})))
    assert b"leg-a" not in everything(tmp_path)
    assert b"leg-b" in everything(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl", ".idx"}


def test_torn_and_strange_lines_do_no_harm(tmp_path: Path) -> None:
    heading = b'{"journal":1}\n'
    short = b'[0,1,2,"k",null,"",0]\n'
    strange = f"not json {ALICE}\n".encode()
    torn = f'[0,1,2,"k",null,"x",{{"from":"{ALICE}"'.encode()
    path = tmp_path / "0000-00000001.jsonl"
    path.write_bytes(heading + short + strange + torn)
    assert erase(tmp_path, Wanted(frozenset({"k"}), ALICE)) == Erased(1, 1, 1)
    left = path.read_bytes()
    assert left == heading + b" " * (len(short) - 1) + b"\n" + b" " * (len(strange) - 1) + b"\n" + torn


def test_a_number_is_found_whole_only() -> None:
    pattern = pattern_of("5550100")
    for text in (b"5550100", b"+555-0100", b'"5550100"', b"%225550100%22", b"a5550100b"):
        assert pattern.search(text), text
    for text in (b"15550100", b"55501001", b"555\n0100"):
        assert not pattern.search(text), text


def test_segments_go_when_their_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    journal = FileJournal(tmp_path, clock)
    for _ in range(4):
        fill(journal)
        clock.walls += US_PER_DAY
        journal.remove_old(clock.wall() - 2 * US_PER_DAY - 1)
    segments = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    assert segments == [f"0000-{number:08d}.jsonl" for number in (2, 3, 4, 5)]
    assert len(list(tmp_path.glob("*.idx"))) == 3
    assert len(journal.read("leg-a")) == 3
    assert journal.remove_old(clock.wall() + 1) == 3
    assert journal.remove_old(clock.wall() + 9 * US_PER_DAY) == 0
    journal.close()
    after = FileJournal(tmp_path, clock)
    assert after.remove_old(clock.wall() + 1) == 1
    after.close()


def test_numbers_are_masked_where_asked(tmp_path: Path) -> None:
    journal = opened(tmp_path, mask_numbers=True)
    journal.hide_digits("leg-a")
    journal.write(1, "leg-a", None, "x", {"from": ALICE, "digits": "1234", "text": f"to {CARL}"})
    assert journal.read("leg-a")[0].data == {"from": "•••77", "digits": "•••", "text": "to •••99"}
    journal.close()
