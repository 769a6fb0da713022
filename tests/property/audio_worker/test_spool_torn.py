"""A spool cut or damaged anywhere gives a prefix of what was recorded, and can be written on."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.audio.spool import SpoolWriter, blocks, scan
from offhook.core.errors import MediaError

parts = st.lists(st.integers(0, 40), min_size=1, max_size=6)


def write(path: Path, sizes: list[int]) -> list[bytes]:
    writer = SpoolWriter(path, 1)
    made = []
    for sequence, size in enumerate(sizes):
        made.append(np.arange(size, dtype="<i2").tobytes())
        writer.append(sequence, made[-1], last=False)
    writer.close()
    return made


def read(path: Path) -> bytes:
    return b"".join(piece.tobytes() for piece in blocks(path))


@settings(max_examples=60, deadline=None)
@given(parts, st.data())
def test_any_cut_gives_whole_blocks_and_goes_on(sizes: list[int], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.pcm"
        made = write(path, sizes)
        full = path.read_bytes()
        path.write_bytes(full[: data.draw(st.integers(0, len(full)))])
        writer = SpoolWriter(path, 1)
        kept = writer.state.next_sequence
        assert read(path) == b"".join(made[:kept])
        for sequence, pcm in enumerate(made):
            assert writer.append(sequence, pcm, last=False) == (sequence >= kept)
        writer.close()
        assert path.read_bytes() == full


@settings(max_examples=60, deadline=None)
@given(parts, st.data())
def test_any_damage_gives_a_prefix_or_a_refusal(sizes: list[int], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.pcm"
        made = write(path, sizes)
        damaged = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(damaged)
        try:
            found = scan(path)
        except MediaError:
            assert place < 32
            return
        if place >= 32:
            assert read(path) == b"".join(made[: found.next_sequence])


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_junk_is_refused_or_empty(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.pcm"
        path.write_bytes(junk)
        try:
            scan(path)
        except MediaError:
            pass
