"""E6–E9: offers and answers, in both roles."""

import pytest

from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.sdp.negotiator import Negotiated, accept_answer, answer, make_offer, revise
from offhook.sdp.session import SessionDescription

HOST, PORT = "203.0.113.10", 30000


def offer(*media: str, session: str = "c=IN IP4 192.0.2.1") -> bytes:
    lines = ["v=0", "o=- 5 6 IN IP4 192.0.2.1", "s=-", session, "t=0 0", *media]
    return "".join(f"{line}\r\n" for line in lines if line).encode()


def answered(*media: str, session: str = "c=IN IP4 192.0.2.1") -> Negotiated:
    return answer(offer(*media, session=session), HOST, PORT).media


def section(body: bytes, index: int = 0) -> list[str]:
    session = SessionDescription.parse(body)
    media = session.media[index]
    return [f"m={media.header()}", *(f"{line.kind}={line.value}" for line in media.lines)]


def status(*media: str) -> int:
    with pytest.raises(RemoteProtocolError) as caught:
        answered(*media)
    return caught.value.status


def test_an_offer_byte_for_byte() -> None:
    assert make_offer(HOST, PORT, ["PCMU", "PCMA"], 42, 7, "sendrecv").decode() == (
        "v=0\r\n"
        "o=- 42 7 IN IP4 203.0.113.10\r\n"
        "s=-\r\n"
        "c=IN IP4 203.0.113.10\r\n"
        "t=0 0\r\n"
        "m=audio 30000 RTP/AVP 0 8 101\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
        "a=fmtp:101 0-15\r\n"
        "a=ptime:20\r\n"
        "a=sendrecv\r\n"
    )


def test_an_answer_byte_for_byte() -> None:
    made = answer(
        offer(
            "m=audio 24680 RTP/AVP 18 8 0 97",
            "a=rtpmap:97 telephone-event/8000",
            "a=ptime:30",
            "a=rtcp:24681",
            "m=video 24682 RTP/AVP 31 34",
        ),
        "2001:db8::1",
        PORT,
        ["PCMU", "PCMA"],
        42,
        7,
    )
    assert made.body.decode() == (
        "v=0\r\n"
        "o=- 42 7 IN IP6 2001:db8::1\r\n"
        "s=-\r\n"
        "c=IN IP6 2001:db8::1\r\n"
        "t=0 0\r\n"
        "m=audio 30000 RTP/AVP 8 97\r\n"
        "a=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:97 telephone-event/8000\r\n"
        "a=fmtp:97 0-15\r\n"
        "a=ptime:20\r\n"
        "a=sendrecv\r\n"
        "m=video 0 RTP/AVP 31 34\r\n"
    )
    assert made.media == Negotiated("PCMA", 8, 97, ("192.0.2.1", 24680), True, True, 30)


def test_both_roles_agree() -> None:
    ours = make_offer(HOST, PORT, ["PCMA"])
    theirs = answer(ours, "192.0.2.1", 4000, session_id=9)
    mine = accept_answer(ours, theirs.body)
    assert mine == Negotiated("PCMA", 8, 101, ("192.0.2.1", 4000), True, True, 20)
    assert theirs.media == Negotiated("PCMA", 8, 101, (HOST, PORT), True, True, 20)


def test_e6_the_version_rises_only_on_a_change() -> None:
    first = make_offer(HOST, PORT, session_id=42, version=7)
    same = revise(first, make_offer(HOST, PORT, session_id=1, version=1))
    assert same == first
    held = revise(first, make_offer(HOST, PORT, direction="sendonly"))
    assert SessionDescription.parse(held).origin[1:3] == (42, 8)
    assert SessionDescription.parse(revise(held, held)).origin[1:3] == (42, 8)


def test_e6_an_identical_reoffer_gets_the_identical_answer_and_media() -> None:
    theirs = offer("m=audio 4000 RTP/AVP 0")
    first = answer(theirs, HOST, PORT, session_id=42, version=7)
    again = answer(theirs, HOST, PORT, previous=first.body)
    assert again == first
    held = answer(offer("m=audio 4000 RTP/AVP 0", "a=sendonly"), HOST, PORT, previous=first.body)
    assert SessionDescription.parse(held.body).origin[1:3] == (42, 8)
    assert held.media != first.media


def test_e6_the_session_id_fits_63_bits() -> None:
    assert make_offer(HOST, PORT, session_id=2**63 - 1)
    with pytest.raises(LocalStateError, match="63 bits"):
        make_offer(HOST, PORT, session_id=2**63)


def test_e6_a_peers_longer_session_id_is_read() -> None:
    theirs = offer("m=audio 4000 RTP/AVP 0").replace(
        b"o=- 5 6", b"o=- 18446744073709551615 18446744073709551615"
    )
    assert answer(theirs, HOST, PORT).media.codec == "PCMU"


def test_e6_media_lines_are_never_fewer() -> None:
    first = answer(offer("m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 31"), HOST, PORT)
    later = SessionDescription.parse(revise(first.body, make_offer(HOST, PORT)))
    assert [(media.kind, media.port) for media in later.media] == [("audio", PORT), ("video", 0)]


def test_e6_rejected_lines_have_port_0_and_the_same_formats() -> None:
    made = answer(
        offer(
            "m=video 4002/2 RTP/AVP 31 34",
            "a=rtpmap:34 H263/90000",
            "m=audio 4000 RTP/AVP 0",
            "m=audio 4004 RTP/AVP 8",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "m=image 4006 udptl t38",
        ),
        HOST,
        PORT,
    )
    assert section(made.body, 0) == ["m=video 0 RTP/AVP 31 34"]
    assert section(made.body, 1)[0] == f"m=audio {PORT} RTP/AVP 0"
    assert section(made.body, 2) == ["m=audio 0 RTP/AVP 8"]
    assert section(made.body, 3) == ["m=application 0 UDP/DTLS/SCTP webrtc-datachannel"]
    assert section(made.body, 4) == ["m=image 0 udptl t38"]


def test_e6_the_times_of_the_offer_are_repeated() -> None:
    theirs = offer("m=audio 4000 RTP/AVP 0").replace(b"t=0 0", b"t=3034423619 3042462419")
    assert b"\r\nt=3034423619 3042462419\r\n" in answer(theirs, HOST, PORT).body
    assert b"\r\nt=0 0\r\n" in answer(theirs.replace(b"t=3034423619 3042462419\r\n", b""), HOST, PORT).body


@pytest.mark.parametrize(
    ("theirs", "ours", "send", "receive"),
    [
        ("sendrecv", "sendrecv", True, True),
        ("sendonly", "recvonly", False, True),
        ("recvonly", "sendonly", True, False),
        ("inactive", "inactive", False, False),
    ],
)
@pytest.mark.parametrize("level", ["media", "session"])
def test_e7_the_answer_mirrors_the_direction(
    theirs: str, ours: str, send: bool, receive: bool, level: str
) -> None:
    media = ["m=audio 4000 RTP/AVP 0"]
    media.insert(1 if level == "media" else 0, f"a={theirs}")
    made = answer(offer(*media), HOST, PORT)
    assert section(made.body)[-1] == f"a={ours}"
    assert (made.media.send, made.media.receive) == (send, receive)


def test_e7_media_level_wins_over_session_level() -> None:
    assert answered("a=inactive", "m=audio 4000 RTP/AVP 0", "a=sendrecv").send


@pytest.mark.parametrize(
    ("attribute", "ours", "receive"),
    [("", "recvonly", True), ("a=sendrecv", "recvonly", True), ("a=inactive", "inactive", False)],
)
@pytest.mark.parametrize("null", ["c=IN IP4 0.0.0.0", "c=IN IP6 ::"])
def test_e7_the_null_address_is_a_hold(null: str, attribute: str, ours: str, receive: bool) -> None:
    media = [line for line in ("m=audio 4000 RTP/AVP 0", attribute) if line]
    made = answer(offer(*media, session=null), HOST, PORT)
    assert section(made.body)[-1] == f"a={ours}"
    assert (made.media.send, made.media.receive) == (False, receive)


def test_e7_we_can_hold_in_an_answer_and_never_go_beyond_the_offer() -> None:
    plain, held = offer("m=audio 4000 RTP/AVP 0"), offer("m=audio 4000 RTP/AVP 0", "a=sendonly")
    assert section(answer(plain, HOST, PORT, direction="sendonly").body)[-1] == "a=sendonly"
    assert section(answer(held, HOST, PORT, direction="sendrecv").body)[-1] == "a=recvonly"
    assert section(answer(held, HOST, PORT, direction="sendonly").body)[-1] == "a=inactive"


@pytest.mark.parametrize(
    ("ours", "theirs", "send", "receive"),
    [
        ("sendrecv", "sendrecv", True, True),
        ("sendrecv", "recvonly", True, False),
        ("sendrecv", "inactive", False, False),
        ("sendonly", "recvonly", True, False),
        ("sendonly", "sendrecv", True, False),
        ("inactive", "sendrecv", False, False),
    ],
)
def test_e7_directions_when_we_offered(ours: str, theirs: str, send: bool, receive: bool) -> None:
    made = accept_answer(
        make_offer(HOST, PORT, direction=ours), offer("m=audio 4000 RTP/AVP 0", f"a={theirs}")
    )
    assert (made.send, made.receive) == (send, receive)


@pytest.mark.parametrize(
    ("media", "codec", "payload_type"),
    [
        (["m=audio 4000 RTP/AVP 0 8"], "PCMU", 0),
        (["m=audio 4000 RTP/AVP 8 0"], "PCMA", 8),
        (["m=audio 4000 RTP/AVP 18 96", "a=rtpmap:96 pcma/8000/1"], "PCMA", 96),
        (["m=audio 4000 RTP/AVP 96 97 0", "a=rtpmap:97 opus/48000/2"], "PCMU", 0),
        (["m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 PCMU/16000"], "PCMA", 8),
        (["m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 PCMU/8000/2"], "PCMA", 8),
    ],
)
def test_e8_payload_numbers_follow_the_offer(media: list[str], codec: str, payload_type: int) -> None:
    made = answered(*media)
    assert (made.codec, made.payload_type) == (codec, payload_type)


def test_e8_our_codecs_limit_the_choice() -> None:
    assert answer(offer("m=audio 4000 RTP/AVP 0 8"), HOST, PORT, ["PCMA"]).media.codec == "PCMA"


@pytest.mark.parametrize(
    ("maps", "event_type"),
    [
        (["a=rtpmap:96 telephone-event/8000"], 96),
        (["a=rtpmap:96 telephone-event/48000", "a=rtpmap:97 telephone-event/8000"], 97),
        (["a=rtpmap:96 Telephone-Event/8000"], 96),
        (["a=rtpmap:96 telephone-event/16000"], None),
        (["a=rtpmap:99 telephone-event/8000"], None),
        ([], None),
    ],
)
def test_e8_telephone_events_at_the_right_clock_rate(maps: list[str], event_type: int | None) -> None:
    assert answered("m=audio 4000 RTP/AVP 0 96 97", *maps).event_payload_type == event_type


def test_e8_no_events_offered_means_none_answered() -> None:
    made = answer(offer("m=audio 4000 RTP/AVP 0"), HOST, PORT)
    assert section(made.body)[0] == f"m=audio {PORT} RTP/AVP 0"
    assert b"telephone-event" not in made.body


def test_e8_connection_at_either_level() -> None:
    assert answered("m=audio 4000 RTP/AVP 0").remote == ("192.0.2.1", 4000)
    own = answered("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::5", session="")
    assert own.remote == ("2001:db8::5", 4000)
    assert answered("m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.77").remote == ("192.0.2.77", 4000)


@pytest.mark.parametrize(
    ("lines", "ptime"),
    [([], 20), (["a=ptime:40"], 40), (["a=ptime:20.0"], 20), (["a=ptime:0"], 20), (["a=ptime:x"], 20)],
)
def test_ptime(lines: list[str], ptime: int) -> None:
    assert answered("m=audio 4000 RTP/AVP 0", *lines).ptime == ptime


@pytest.mark.parametrize(
    "media",
    [
        ["m=audio 4000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"],
        ["m=audio 4000 RTP/SAVPF 0"],
        ["m=audio 4000 UDP/TLS/RTP/SAVPF 0"],
        ["m=audio 4000 RTP/AVP 18 9"],
        ["m=audio 4000 RTP/AVP 96"],
        ["m=audio 0 RTP/AVP 0"],
        ["m=video 4000 RTP/AVP 31"],
        [],
    ],
)
def test_e9_nothing_usable_is_488(media: list[str]) -> None:
    assert status(*media) == 488


def test_e9_the_plain_one_of_two_profiles_is_taken() -> None:
    made = answer(offer("m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 0"), HOST, PORT)
    assert section(made.body, 0) == ["m=audio 0 RTP/SAVP 0"]
    assert made.media.remote == ("192.0.2.1", 4002)


def test_e9_crypto_on_a_plain_stream_is_ignored() -> None:
    made = answer(offer("m=audio 4000 RTP/AVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"), HOST, PORT)
    assert b"crypto" not in made.body


@pytest.mark.parametrize(
    "body",
    [
        offer("m=audio 0 RTP/AVP 0"),
        offer("m=audio 4000 RTP/AVP 18"),
        offer("m=audio 4000 RTP/SAVP 0"),
        offer("m=video 4000 RTP/AVP 31"),
        offer("m=audio 4000 RTP/AVP 0", "m=video 4000 RTP/AVP 31"),
        offer(),
    ],
)
def test_answers_that_cannot_be_used_are_488(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        accept_answer(make_offer(HOST, PORT), body)
    assert caught.value.status == 488


def test_an_answer_with_a_codec_that_was_not_offered_is_488() -> None:
    with pytest.raises(RemoteProtocolError, match="no codec that was offered"):
        accept_answer(make_offer(HOST, PORT, ["PCMA"]), offer("m=audio 4000 RTP/AVP 0"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"codecs": ["OPUS"]},
        {"codecs": []},
        {"direction": "both"},
        {"port": 0},
        {"port": 65536},
        {"host": "a b"},
        {"host": ""},
        {"version": -1},
    ],
)
def test_offers_that_cannot_be_made(arguments: dict[str, object]) -> None:
    with pytest.raises(LocalStateError):
        make_offer(**{"host": HOST, "port": PORT, **arguments})  # type: ignore[arg-type]
