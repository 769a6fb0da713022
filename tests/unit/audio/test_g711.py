"""The tables against the Recommendation, value by value."""

import numpy as np
import pytest

from offhook.audio import reference, tables


def test_every_octet_decodes_as_the_formula_says() -> None:
    assert tables.MULAW_DECODE.tolist() == [reference.mulaw_decode(octet) for octet in range(256)]
    assert tables.ALAW_DECODE.tolist() == [reference.alaw_decode(octet) for octet in range(256)]


@pytest.mark.parametrize("sign", [1, -1])
def test_every_level_encodes_as_the_formula_says(sign: int) -> None:
    # Both laws look at no more than 14 bits: one value in four, and its neighbours at every edge.
    magnitudes = {min(4 * level + extra, 32767) for level in range(8192) for extra in (0, 3)}
    for magnitude in sorted(magnitudes)[:: 3 if sign > 0 else 7]:
        sample = sign * magnitude
        assert tables.MULAW_ENCODE[sample & 0xFFFF] == reference.mulaw_encode(sample), sample
        assert tables.ALAW_ENCODE[sample & 0xFFFF] == reference.alaw_encode(sample), sample


def test_known_points_of_the_recommendation() -> None:
    assert tables.MULAW_DECODE[[0x00, 0x80, 0xFF, 0x7F]].tolist() == [-32124, 32124, 0, 0]
    assert tables.ALAW_DECODE[[0x2A, 0xAA, 0xD5, 0x55]].tolist() == [-32256, 32256, 8, -8]
    extremes = np.array([-32768, 32767, 0], np.int16)
    assert tables.encode("PCMU", extremes) == bytes((0x00, 0x80, 0xFF))
    assert tables.encode("PCMA", extremes) == bytes((0x2A, 0xAA, 0xD5))


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_decode_then_encode_gives_the_octet_back(codec: str) -> None:
    octets = bytes(octet for octet in range(256) if not (codec == "PCMU" and octet == 0x7F))
    assert tables.encode(codec, tables.decode(codec, octets)) == octets


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_the_error_is_below_half_a_step(codec: str) -> None:
    pcm = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    back = tables.decode(codec, tables.encode(codec, pcm)).astype(int)
    error = np.abs(back - pcm.astype(int))
    assert (error <= np.maximum(np.abs(pcm.astype(int)) / 16, 16)).all()
    assert (np.diff(back) >= 0).all()


def test_tables_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        tables.MULAW_DECODE[0] = 1
