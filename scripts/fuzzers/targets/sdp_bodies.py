"""SDP offers and answers: any bytes give a description or a refusal, and what we write we read again."""

from random import Random

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.negotiator import accept_answer, answer, make_offer, revise
from offhook.sdp.session import SessionDescription

from .contract import TargetOptions, require
from .mutate import Mutator

OURS = make_offer("127.0.0.1", 4000)
SAMPLES = (
    OURS,
    make_offer("::1", 4000, ("PCMA",), 2**40, 7, "sendonly"),
    b"v=0\r\no=a 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000/2 RTP/AVP 96 8 0 97"
    b"\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-16\r\na=ptime:30\r\na=maxptime:60\r\na=inactive\r\n",
    b"v=0\no=- 3 3 IN IP6 2001:db8::1\ns= \nt=0 0\nm=video 5000 RTP/AVP 99\nc=IN IP6 ::1\n"
    b"m=audio 6000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\nm=audio 6002 RTP/AVP 0 101\n"
    b"c=IN IP4 0.0.0.0\na=rtpmap:101 telephone-event/8000\na=recvonly\n",
    b"v=0\r\no=x 0 0 IN IP4 h.example\r\ns=x\r\nc=IN IP4 224.2.1.1/127/3\r\nb=AS:64\r\nt=0 0\r\n"
    b"r=7d 1h 0 25h\r\nk=clear:x\r\na=group:BUNDLE a\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\n"
    b"a=ice-ufrag:x\r\n",
)
WORDS = (
    b"m=audio 0 RTP/AVP 0\r\n",
    b"a=rtpmap:0 ",
    b"PCMU/8000",
    b"a=sendrecv\r\n",
    b"c=IN IP4 ",
    b"a=ptime:",
)
REFUSALS = (400, 488)


class SdpTarget:
    """An input is one session description."""

    def __init__(self) -> None:
        self._mutator = Mutator(SAMPLES, WORDS)

    def next(self, random: Random) -> bytes:
        return self._mutator.mutate(random, self._mutator.sample(random))

    def check(self, data: bytes) -> None:
        self._reads(data)
        previous: bytes | None = None
        for before in (None, OURS):
            try:
                answered = answer(data, "127.0.0.1", 4002, previous=before)
            except RemoteProtocolError as error:
                _refusal(error)
                continue
            ours = SessionDescription.parse(answered.body)
            theirs = SessionDescription.parse(data)
            require(len(ours.media) >= len(theirs.media), "an answer has every media line of the offer")
            require(0 <= answered.media.payload_type < 1000, "a payload type is a number of the offer")
            require(0 < answered.media.ptime <= 200, "a packet time is within 1–200 ms")
            previous = answered.body
        if previous is not None:
            revise(previous, OURS)
        try:
            accept_answer(OURS, data)
        except RemoteProtocolError as error:
            _refusal(error)

    def failing(self, data: bytes) -> bytes:
        return data

    def _reads(self, data: bytes) -> None:
        try:
            once = SessionDescription.parse(data).serialise()
        except RemoteProtocolError as error:
            _refusal(error)
            return
        require(SessionDescription.parse(once).serialise() == once, "what we write we read again")


def _refusal(error: RemoteProtocolError) -> None:
    require(error.status in REFUSALS, f"an SDP is refused with 400 or 488, not with {error.status}")


def make(options: TargetOptions) -> SdpTarget:
    return SdpTarget()
