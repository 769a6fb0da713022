"""The SDP that answers an offer (RFC 3264 §6).

One audio stream of the offer is taken, with the first of its codecs that we know and the offer's own
payload numbers; every other media line is refused with port 0 and the offer's formats. Only RTP/AVP is
served: an offer of encrypted streams alone is 488.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from offhook.core.errors import RemoteProtocolError
from offhook.sdp.codecs import VoiceFormat, event_type, ptime_of, voice_formats
from offhook.sdp.lines import Line, is_unspecified
from offhook.sdp.media import MediaDescription
from offhook.sdp.negotiated import Negotiated
from offhook.sdp.offer import CODECS, describe_audio, describe_session, revise
from offhook.sdp.session import SessionDescription

PROFILE = "RTP/AVP"

_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_SENDS = ("sendrecv", "sendonly")
_RECEIVES = ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class Answered:
    """Our answer and what it means for the media."""

    body: bytes
    media: Negotiated


def answer(
    offer: bytes,
    host: str,
    port: int,
    codecs: Sequence[str] = CODECS,
    session_id: int = 1,
    version: int = 1,
    *,
    direction: str = "sendrecv",
    previous: bytes | None = None,
) -> Answered:
    """Answer `offer` with our stream at `host`:`port`.

    `direction` is what we are willing to do; the answer never goes beyond the offer. With `previous`, the
    last description we sent in this session, its id is kept and its version raised only on a change.
    Raises RemoteProtocolError: 400 for an unreadable offer, 488 when nothing in it can be used.
    """
    theirs = SessionDescription.parse(offer)
    chosen, voice = _choose(theirs, codecs)
    address = theirs.connection(chosen)
    allowed = narrowed(mirrored(theirs.direction(chosen), address), direction)
    events = event_type(chosen)
    ours = describe_session(host, session_id, version)
    ours.lines = [line for line in ours.lines if line.kind != "t"]
    ours.lines += [line for line in theirs.lines if line.kind == "t"] or [Line("t", "0 0")]
    audio = describe_audio(port, [(voice.payload_type, voice.codec)], events, allowed)
    ours.media = [audio if media is chosen else media.rejected() for media in theirs.media]
    body = ours.serialise() if previous is None else revise(previous, ours.serialise())
    return Answered(
        body,
        Negotiated(
            codec=voice.codec,
            payload_type=voice.payload_type,
            event_payload_type=events,
            remote=(address, chosen.port),
            send=allowed in _SENDS and not is_unspecified(address),
            receive=allowed in _RECEIVES,
            ptime=ptime_of(chosen),
        ),
    )


def mirrored(direction: str, address: str) -> str:
    """The direction that answers an offer: what they send we receive.

    A null address is the hold of RFC 2543: they do not want to receive, whatever the attribute says.
    """
    if is_unspecified(address):
        direction = narrowed(direction, "sendonly")
    return _MIRROR[direction]


def narrowed(direction: str, limit: str) -> str:
    """The part of `direction` that `limit` allows."""
    send = direction in _SENDS and limit in _SENDS
    receive = direction in _RECEIVES and limit in _RECEIVES
    if send:
        return "sendrecv" if receive else "sendonly"
    return "recvonly" if receive else "inactive"


def _choose(theirs: SessionDescription, codecs: Sequence[str]) -> tuple[MediaDescription, VoiceFormat]:
    usable = [m for m in theirs.media if m.kind == "audio" and m.port and m.profile.upper() == PROFILE]
    for media in usable:
        for voice in voice_formats(media):
            if voice.codec in codecs:
                return media, voice
    if usable:
        raise RemoteProtocolError(f"the offer has none of the codecs {', '.join(codecs)}", 488)
    raise RemoteProtocolError("the offer has no audio stream with the profile RTP/AVP", 488)
