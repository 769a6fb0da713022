"""Offer and answer for one call, in both roles (RFC 3264). The other modules hold the parts.

`make_offer` then `accept_answer` when we offer, `answer` when they do, `revise` (or `answer(previous=…)`)
for every later description of ours in the same session.
"""

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.answer import PROFILE, Answered, answer, mirrored, narrowed
from offhook.sdp.codecs import event_type, ptime_of, voice_formats
from offhook.sdp.lines import is_unspecified
from offhook.sdp.media import MediaDescription
from offhook.sdp.negotiated import Negotiated
from offhook.sdp.offer import CODECS, make_offer, revise
from offhook.sdp.session import SessionDescription

__all__ = ["CODECS", "Answered", "Negotiated", "accept_answer", "answer", "make_offer", "revise"]


def accept_answer(offer: bytes, answer: bytes) -> Negotiated:
    """What the peer's `answer` to our `offer` settles.

    Raises RemoteProtocolError: 400 for an unreadable answer, 488 for one that refuses our stream, does not
    have the media lines of the offer, or names no codec that we offered.
    """
    ours, theirs = SessionDescription.parse(offer), SessionDescription.parse(answer)
    if len(theirs.media) != len(ours.media):
        raise RemoteProtocolError("the answer must have as many media lines as the offer", 488)
    for mine, its in zip(ours.media, theirs.media, strict=True):
        if mine.kind == "audio" and mine.port:
            return _settle(ours, mine, theirs, its)
    raise RemoteProtocolError("the offer had no audio stream to answer", 488)


def _settle(
    ours: SessionDescription, mine: MediaDescription, theirs: SessionDescription, its: MediaDescription
) -> Negotiated:
    if its.kind != "audio" or its.port == 0 or its.profile.upper() != PROFILE:
        raise RemoteProtocolError("the answer refuses our audio stream", 488)
    offered = {voice.codec for voice in voice_formats(mine)}
    voice = next((voice for voice in voice_formats(its) if voice.codec in offered), None)
    if voice is None:
        raise RemoteProtocolError("the answer names no codec that was offered", 488)
    address = theirs.connection(its)
    allowed = narrowed(ours.direction(mine), mirrored(theirs.direction(its), address))
    return Negotiated(
        codec=voice.codec,
        payload_type=voice.payload_type,
        event_payload_type=event_type(its),
        remote=(address, its.port),
        send=allowed in ("sendrecv", "sendonly") and not is_unspecified(address),
        receive=allowed in ("sendrecv", "recvonly"),
        ptime=ptime_of(its),
    )
