"""Session descriptions: tolerant reading, exact writing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.negotiator import answer
from offhook.sdp.session import MAX_LINES, MAX_MEDIA, MAX_SDP, Origin, SessionDescription

FULL = (
    b"v=0\r\no=alice 2890844526 2890844527 IN IP4 host.example.com\r\ns= \r\ni=info\r\nu=http://x\r\n"
    b"c=IN IP4 192.0.2.1/127\r\nb=AS:64\r\nt=0 0\r\nr=7d 1h 0 25h\r\na=sendonly\r\na=group:BUNDLE 1\r\n"
    b"m=audio 49170/2 RTP/AVP 0 8\r\nc=IN IP6 2001:db8::1\r\na=rtcp:49171\r\na=x-odd:  \xff \r\n"
    b"a=recvonly\r\n"
    b"m=video 0 RTP/AVP 31\r\nz=unknown\r\n"
)


def test_every_line_comes_back() -> None:
    assert SessionDescription.parse(FULL).serialise() == FULL


def test_typed_view() -> None:
    session = SessionDescription.parse(FULL)
    assert session.origin == Origin("alice", 2890844526, 2890844527, "IP4", "host.example.com")
    audio, video = session.media
    assert (audio.kind, audio.port, audio.port_count, audio.profile, audio.formats) == (
        "audio",
        49170,
        2,
        "RTP/AVP",
        ["0", "8"],
    )
    assert session.connection(audio) == "2001:db8::1"
    assert session.connection(video) == "192.0.2.1"
    assert session.direction(audio) == "recvonly"
    assert session.direction(video) == "sendonly"
    assert session.attribute("group") == "BUNDLE 1"
    assert audio.attribute("rtcp") == "49171"
    assert audio.attribute("nothing") is None


def test_bare_line_feeds_and_a_missing_last_line_end() -> None:
    session = SessionDescription.parse(b"v=0\no=- 1 1 IN IP4 a\n\nm=audio 1 RTP/AVP 0\na=sendonly")
    assert session.media[0].attribute("sendonly") == ""
    assert session.serialise().count(b"\r\n") == 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"v=1\r\n",
        b"o=- 1 1 IN IP4 a\r\nv=0\r\n",
        b"v=0\r\nm=audio\r\n",
        b"v=0\r\nm=audio x RTP/AVP 0\r\n",
        b"v=0\r\nm=audio 65536 RTP/AVP 0\r\n",
        b"v=0\r\nm=audio -1 RTP/AVP 0\r\n",
        b"v=0\r\n1=2\r\n",
        b"v=0\r\n" + b"a=x\r\n" * MAX_LINES,
        b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * (MAX_MEDIA + 1),
        b"v=0\r\na=" + b"x" * MAX_SDP,
    ],
)
def test_what_is_no_description_is_400(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        SessionDescription.parse(data)
    assert caught.value.status == 400


@pytest.mark.parametrize("line", [b"o=- 1 1 IN IP4", b"o=- x 1 IN IP4 a", b"o=- 1 -1 IN IP4 a", b"s=-"])
def test_a_malformed_origin_is_400(line: bytes) -> None:
    session = SessionDescription.parse(b"v=0\r\n" + line + b"\r\n")
    with pytest.raises(RemoteProtocolError):
        _ = session.origin


@pytest.mark.parametrize("line", [b"c=IN IP4", b"c=X IP4 a", b"c=IN IP9 a", b"s=-"])
def test_a_missing_or_malformed_connection_is_400(line: bytes) -> None:
    session = SessionDescription.parse(b"v=0\r\n" + line + b"\r\nm=audio 1 RTP/AVP 0\r\n")
    with pytest.raises(RemoteProtocolError):
        session.connection(session.media[0])


LINES = st.sampled_from(
    [
        "v=0",
        "o=- 1 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "c=IN IP6 ::",
        "t=0 0",
        "m=audio 4000 RTP/AVP 0 8 101",
        "m=audio 0 RTP/AVP 8",
        "m=audio 4000 RTP/SAVP 0",
        "m=video 4000 RTP/AVP 31",
        "m=audio 4000 RTP/AVP 96 x 99999",
        "a=rtpmap:96 PCMA/8000",
        "a=rtpmap:0 PCMU/16000",
        "a=rtpmap:101 telephone-event/8000",
        "a=rtpmap:",
        "a=ptime:0",
        "a=ptime:20.5",
        "a=inactive",
        "a=sendonly",
        "a=",
    ]
)


@given(st.lists(LINES | st.text(max_size=20), max_size=25))
def test_any_text_is_answered_or_refused(lines: list[str]) -> None:
    offer = ("v=0\r\n" + "\r\n".join(lines)).encode("utf-8", "surrogatepass")
    try:
        answered = answer(offer, "192.0.2.9", 4000)
    except RemoteProtocolError as error:
        refused = error.status
    else:
        ours, theirs = SessionDescription.parse(answered.body), SessionDescription.parse(offer)
        assert [media.kind for media in ours.media] == [media.kind for media in theirs.media]
        assert sum(1 for media in ours.media if media.port) == 1
        refused = 0
    assert refused in (0, 400, 488)
