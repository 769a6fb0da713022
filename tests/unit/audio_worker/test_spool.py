from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from offhook.audio.spool import RATE, SpoolWriter, blocks, scan, spool_path
from offhook.core.errors import MediaError


def second(value: int, channels: int = 1, frames: int = RATE) -> bytes:
    return np.full((frames, channels), value, dtype="<i2").tobytes()


def whole(path: Path) -> npt.NDArray[np.int16]:
    return np.concatenate(list(blocks(path)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return spool_path(tmp_path, "rec-1")


def test_blocks_come_back_in_order(path: Path) -> None:
    writer = SpoolWriter(path, 2)
    assert writer.append(0, second(1, 2), last=False)
    assert writer.append(1, second(2, 2, frames=400), last=True)
    writer.close()
    state = scan(path)
    assert (state.channels, state.closed, state.duration_ms) == (2, True, 1050)
    audio = whole(path)
    assert audio.shape == (8400, 2)
    assert (audio[:8000] == 1).all()
    assert (audio[8000:] == 2).all()


def test_a_writer_goes_on_where_a_killed_one_stopped(path: Path) -> None:
    first = SpoolWriter(path, 1)
    first.append(0, second(1), last=False)
    first.append(1, second(2), last=False)
    path.write_bytes(path.read_bytes()[:-5])  # torn within block 1
    again = SpoolWriter(path, 1)
    assert again.state.next_sequence == 1
    assert not again.append(0, second(9), last=False)  # sent again, held already
    assert again.append(1, second(2), last=False)
    assert again.append(2, second(3, frames=80), last=True)
    assert whole(path)[[0, 8000, 16000], 0].tolist() == [1, 2, 3]
    first.close()
    again.close()


def test_blocks_that_never_came_are_silence(path: Path) -> None:
    writer = SpoolWriter(path, 1)
    writer.append(0, second(5), last=False)
    writer.append(3, second(6), last=True)
    assert scan(path).duration_ms == 4000
    assert whole(path)[::8000, 0].tolist() == [5, 0, 0, 6]
    writer.close()


def test_nothing_follows_the_last_block(path: Path) -> None:
    writer = SpoolWriter(path, 1)
    writer.append(0, b"", last=True)
    assert not writer.append(1, second(1), last=False)
    assert scan(path).frames == 0
    writer.close()


def test_half_a_sample_is_cut(path: Path) -> None:
    writer = SpoolWriter(path, 2)
    writer.append(0, bytes(7), last=False)
    assert scan(path).frames == 1
    writer.close()


def test_a_changed_bit_ends_what_is_readable(path: Path) -> None:
    writer = SpoolWriter(path, 1)
    writer.append(0, second(1), last=False)
    writer.append(1, second(1), last=False)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    assert scan(path).next_sequence == 1
    writer.close()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 101, "a b"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MediaError, match="not a recording id"):
        spool_path(tmp_path, name)


def test_other_files_are_refused(path: Path) -> None:
    with pytest.raises(MediaError, match="nothing was recorded under rec-1"):
        scan(path)
    path.write_bytes(b"RIFF" * 20)
    with pytest.raises(MediaError, match="not a spool"):
        scan(path)
    with pytest.raises(MediaError, match="1 to 32 channels"):
        SpoolWriter(path, 33)
