"""The audio side of a leg: its port, its SDP, its place in a conversation.

Offer and answer are computed by `sdp/` (RFC 3264), packets are the media worker's; this module keeps the two
in step. A session description keeps its id, and its version grows only when something changed (RFC 3264 §8).
"""

from offhook.calls.conversation import Conversation
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.core.errors import LocalStateError
from offhook.ipc import media
from offhook.sdp import negotiator
from offhook.sdp.negotiator import Negotiated

SESSION_ID_LIMIT = 1 << 62
SSRC_LIMIT = 1 << 32


def acceptable(exchange: Exchange, offer: bytes) -> None:
    """Raise RemoteProtocolError(488) when we could never answer this offer."""
    negotiator.answer(offer, "127.0.0.1", 9, exchange.settings.codecs)


def reserve(exchange: Exchange, leg: Leg) -> None:
    """Take a warm port. Raises MediaError when there is none."""
    if leg.media.reservation is None:
        leg.media.reservation = exchange.ports.media.reserve(leg.conversation.conversation_id)
        leg.media.sdp_id = exchange.ports.ids.number(SESSION_ID_LIMIT) + 1


def offer(exchange: Exchange, leg: Leg) -> bytes:
    """Our offer, for an INVITE or for a 200 to an INVITE without one."""
    side = leg.media
    fresh = negotiator.make_offer(
        side.reservation.host, side.reservation.port, exchange.settings.codecs, side.sdp_id
    )
    side.local = negotiator.revise(side.local, fresh) if side.local else fresh
    side.offered = True
    return side.local


def answer(exchange: Exchange, leg: Leg, remote_offer: bytes) -> bytes:
    """Our answer to the peer's offer; the leg's media follows it. Raises RemoteProtocolError(488)."""
    side = leg.media
    made = negotiator.answer(
        remote_offer,
        side.reservation.host,
        side.reservation.port,
        exchange.settings.codecs,
        side.sdp_id,
        previous=side.local or None,
    )
    side.local, side.offered = made.body, False
    apply(exchange, leg, made.media)
    return made.body


def complete(exchange: Exchange, leg: Leg, remote_answer: bytes, *, early: bool = False) -> None:
    """The peer answered our offer. With `early` it may change once more, and we send nothing yet.

    Raises RemoteProtocolError when the answer does not fit the offer.
    """
    if not leg.media.offered:
        raise LocalStateError("an SDP answer came, but no offer of ours is open")
    negotiated = negotiator.accept_answer(leg.media.local, remote_answer)
    leg.media.offered = early
    apply(exchange, leg, negotiated, hold_back=early)


def apply(exchange: Exchange, leg: Leg, negotiated: Negotiated, *, hold_back: bool = False) -> None:
    """Open the leg on its worker, or tell the worker what changed."""
    send = negotiated.send and not hold_back
    if not leg.media.opened:
        leg.media.opened = True
        command = media.OpenLeg(
            leg=leg.leg_id,
            port=leg.media.reservation.port,
            codec=negotiated.codec,
            payload_type=negotiated.payload_type,
            event_payload_type=negotiated.event_payload_type,
            remote=negotiated.remote,
            ssrc=exchange.ports.ids.number(SSRC_LIMIT),
            send=send,
            receive=negotiated.receive,
        )
        exchange.trace.leg(leg, "media.command", command)
        exchange.ports.media.open_leg(leg.media.reservation, command)
        return
    exchange.media(
        leg,
        media.UpdateLeg(
            leg=leg.leg_id,
            codec=negotiated.codec,
            payload_type=negotiated.payload_type,
            event_payload_type=negotiated.event_payload_type,
            remote=negotiated.remote,
            send=send,
            receive=negotiated.receive,
        ),
    )


def join(exchange: Exchange, leg: Leg) -> None:
    """Let the leg and its conversation hear each other."""
    if leg.media.opened and not leg.media.joined:
        leg.media.joined = True
        exchange.media(leg, media.Join(leg.leg_id, leg.conversation.conversation_id))


def part(exchange: Exchange, leg: Leg) -> None:
    """Take the audio out of the conversation; the leg stays a member."""
    if leg.media.joined:
        leg.media.joined = False
        exchange.media(leg, media.Leave(leg.leg_id))


def move(exchange: Exchange, leg: Leg, conversation: Conversation) -> None:
    """Put the leg, which has left its conversation, into another one."""
    leg.conversation = conversation
    conversation.add(leg.leg_id)
    leg.media.joined = False
    join(exchange, leg)


def leave(exchange: Exchange, leg: Leg) -> bool:
    """Out of the books of its conversation; true when that was the last leg and it is over."""
    conversation = leg.conversation
    if not conversation.remove(leg.leg_id):
        return False
    return exchange.live.conversations.pop(conversation.conversation_id, None) is not None


def close(exchange: Exchange, leg: Leg) -> None:
    """Give back the port, whatever became of it."""
    if leg.media.opened:
        leg.media.opened = leg.media.joined = False
        exchange.media(leg, media.CloseLeg(leg.leg_id))
    elif leg.media.reservation is not None:
        exchange.ports.media.release(leg.media.reservation)
    leg.media.reservation = None


def set_audio(
    exchange: Exchange, leg: Leg, *, muted: bool | None = None, earmuffed: bool | None = None
) -> None:
    """Mute: others do not hear the leg. Earmuff: the leg does not hear others. None leaves one as it is."""
    if muted is not None:
        leg.media.muted = muted
    if earmuffed is not None:
        leg.media.earmuffed = earmuffed
    exchange.media(leg, media.SetAudio(leg.leg_id, leg.media.muted, leg.media.earmuffed))
