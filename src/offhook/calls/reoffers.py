"""Re-INVITEs from the peer: hold and resume, a new address, a new codec (RFC 3264 §8, RFC 3261 §14.2).

A refused re-offer leaves the leg as it was. A re-INVITE without SDP gets an offer of everything we have; its
answer comes with the ACK and is applied then.
"""

from offhook.calls import legmedia
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.core.errors import MediaError, RemoteProtocolError
from offhook.sip.commands import AnswerReoffer, RejectReoffer
from offhook.sip.events import ReofferAnswered, ReofferReceived


def received(exchange: Exchange, leg: Leg, event: ReofferReceived) -> None:
    """Answer a re-offer, or refuse it with the status owed."""
    session = leg.signalling.session
    if leg.media.reservation is None:
        exchange.sip(leg, RejectReoffer(session, 488))
        return
    try:
        offer = event.offer
        body = legmedia.answer(exchange, leg, offer) if offer else legmedia.offer(exchange, leg)
    except RemoteProtocolError as error:
        exchange.sip(leg, RejectReoffer(session, error.status or 488))
        return
    except MediaError:
        exchange.sip(leg, RejectReoffer(session, 503))
        return
    exchange.sip(leg, AnswerReoffer(session, body))


def answered(exchange: Exchange, leg: Leg, event: ReofferAnswered) -> None:
    """The ACK to a re-INVITE that had no offer carries the answer to ours."""
    if not leg.media.offered:
        return
    try:
        legmedia.complete(exchange, leg, event.body)
    except RemoteProtocolError as error:
        exchange.trace.leg(leg, "reoffer", {"problem": str(error)})
        leg.media.offered = False


def failed(leg: Leg) -> None:
    """Our offer came to nothing; the session stays as it was (RFC 3261 §14.1)."""
    leg.media.offered = False
