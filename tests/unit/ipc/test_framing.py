import pytest

from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.ipc.framing import MAX_FRAME, FrameDecoder, Reader, frame
from offhook.ipc.media import Command, Join


def test_frames_come_out_whatever_the_pieces() -> None:
    stream = frame(b"one") + frame(b"") + frame(b"three")
    decoder = FrameDecoder()
    bodies = [body for byte in stream for body in decoder.feed(bytes([byte]))]
    assert bodies == [b"one", b"", b"three"]
    assert decoder.pending == 0


def test_a_length_over_the_limit_spends_the_stream() -> None:
    decoder = FrameDecoder()
    with pytest.raises(RemoteProtocolError, match="over the limit"):
        decoder.feed((MAX_FRAME + 1).to_bytes(4, "big"))
    with pytest.raises(RemoteProtocolError, match="open a new connection"):
        decoder.feed(frame(b"x"))


def test_a_body_over_the_limit_is_our_own_mistake() -> None:
    with pytest.raises(LocalStateError, match="in parts"):
        frame(bytes(MAX_FRAME + 1))


def test_a_tagged_union_is_read_by_its_tag() -> None:
    assert Reader[Command](Command).read(b"\x83\xa4type\xa4Join\xa3leg\xa1L\xacconversation\xa1C") == Join(
        "L", "C"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\x81\xa4type\xa7Nothing",
        b"\x83\xa4type\xa4Join\xa3leg\xa2\xff\xff\xacconversation\xa1C",
        b"\x83\xa4type\xa4Join\xa3leg\x01\xacconversation\xa1C",
        b"\x82\xa4type\xa4Join\xa1x" + b"\x91" * 100_000,
    ],
    ids=["empty", "reserved", "unknown tag", "bad utf-8", "wrong type", "deep nesting"],
)
def test_anything_else_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be read"):
        Reader[Command](Command).read(body)
