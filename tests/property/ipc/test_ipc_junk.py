"""No bytes of a peer can do anything but close the connection."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, msgpack

from offhook.core.errors import RemoteProtocolError
from offhook.ipc.endpoint import Endpoint, Write
from offhook.ipc.framing import FrameDecoder, frame
from offhook.ipc.handshake import Hello, Numbered, Resume, Snapshot
from offhook.ipc.media import Command

numbers = st.integers(0, 1 << 62)
packets = st.one_of(
    st.builds(Hello, st.integers(0, 2), st.text(max_size=3), st.text(max_size=3)),
    st.builds(Resume, numbers),
    st.builds(Snapshot, numbers, st.dictionaries(st.text(max_size=2), st.lists(st.text(max_size=2)))),
    st.builds(Numbered, numbers, st.binary(min_size=1, max_size=20).map(lambda b: Raw(msgpack.encode(b)))),
)


@given(st.lists(st.binary(max_size=300)), st.data())
def test_bodies_survive_any_cutting(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame(body) for body in bodies)
    decoder = FrameDecoder()
    got: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        got += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert got == bodies


@given(st.binary(max_size=2000), st.integers(0, 64))
def test_junk_raises_only_the_defined_error(junk: bytes, limit: int) -> None:
    decoder = FrameDecoder(limit)
    try:
        bodies = decoder.feed(junk)
    except RemoteProtocolError:
        return
    assert all(len(body) <= limit for body in bodies)
    assert decoder.pending <= limit + 4


@given(st.lists(st.one_of(packets.map(msgpack.encode), st.binary(max_size=60)), max_size=12))
def test_an_endpoint_survives_any_packets(bodies: list[bytes]) -> None:
    endpoint = Endpoint("worker", "w", Command)
    endpoint.connected(0)
    for body in bodies:
        try:
            outputs = endpoint.received(0, frame(body))
        except RemoteProtocolError:
            endpoint.disconnected()
            outputs = endpoint.connected(0)
        assert sum(len(o.data) for o in outputs if isinstance(o, Write)) < 10_000
    endpoint.disconnected()
    assert endpoint.connected(0)
