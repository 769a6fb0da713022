"""What REST asks of a live leg: hang up, mute, transfer, play, send keys.

Every function but `hang_up` raises NotFound for a leg that is not alive, and Conflict for one that is not
answered where that matters. Talk and stream of REST are heard by the leg alone and have one slot each.
"""

from typing import Any

from offhook.calls import digits, legmedia, lifecycle, prompts, rooms, rows, states
from offhook.calls.answering import hang_up_after
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.playbacks import Manner, Playback
from offhook.calls.program import Program
from offhook.core.errors import Conflict, Invalid, NccoError, NotFound
from offhook.ncco.document import parse
from offhook.ncco.effects import ListenKeys
from offhook.ncco.events import Transfer

Json = Any
KEYS = frozenset("0123456789*#p")


def find(exchange: Exchange, leg_id: str) -> Leg:
    """A live leg."""
    leg = exchange.live.legs.get(leg_id)
    if leg is None:
        raise NotFound(f"call {leg_id} is not a live call of this node")
    return leg


def find_answered(exchange: Exchange, leg_id: str) -> Leg:
    leg = find(exchange, leg_id)
    if not leg.answered:
        raise Conflict(f"call {leg_id} is {leg.status}, not answered; wait for its answered event")
    return leg


def hang_up(exchange: Exchange, leg_id: str) -> None:
    """End a leg: BYE, or `cancelled` when it was not answered yet. One that is over is left alone."""
    leg = exchange.live.legs.get(leg_id)
    if leg is None:
        return
    exchange.trace.leg(leg, "rest", {"action": "hangup"})
    lifecycle.hang_up(exchange, leg, states.HUNG_UP_BY_US if leg.answered else states.GIVEN_UP)


def set_audio(
    exchange: Exchange, leg_id: str, *, muted: bool | None = None, earmuffed: bool | None = None
) -> None:
    """Mute, unmute, earmuff or unearmuff."""
    leg = find_answered(exchange, leg_id)
    exchange.trace.leg(leg, "rest", {"action": "audio", "muted": muted, "earmuffed": earmuffed})
    legmedia.set_audio(exchange, leg, muted=muted, earmuffed=earmuffed)


def transfer(exchange: Exchange, leg_id: str, ncco: Json | None, url: str | None) -> None:
    """Run another NCCO on a leg, in a new conversation. A connected leg leaves its conversation for it."""
    leg = find_answered(exchange, leg_id)
    if (ncco is None) == (url is None):
        raise Invalid("destination", "give exactly one of ncco and url")
    if ncco is not None:
        try:
            parse(ncco)
        except NccoError as error:
            raise Invalid(f"destination.ncco{error.path}", error.problem) from None
    exchange.trace.leg(leg, "rest", {"action": "transfer", "ncco": ncco, "url": url})
    _move(exchange, leg)
    watcher, leg.watcher = leg.watcher, None
    if watcher is not None:
        watcher.over(leg)
    if leg.program is None or leg.program.private:
        if leg.program is not None:
            leg.program.close()
        leg.program = Program(exchange, leg, hang_up_after(exchange, leg))
    leg.program.feed(Transfer(ncco, url))


def _move(exchange: Exchange, leg: Leg) -> None:
    """Into a conversation of its own, with the `transfer` webhook."""
    fresh = exchange.new_conversation(leg.party.account_id, leg.party.application_id)
    others = rooms.move(exchange, leg, fresh, rows.insert_conversation(fresh, exchange.wall()))
    lifecycle.hang_up_all(exchange, others)


def talk(
    exchange: Exchange, leg_id: str, text: str, language: str, style: int, loop: int, level: float
) -> None:
    """Speak to the leg alone; a talk of REST that still plays gives way."""
    leg = find_answered(exchange, leg_id)
    exchange.trace.leg(leg, "rest", {"action": "talk", "text": text})
    play = _slot(exchange, leg, "talk", loop, level)
    play.start(lambda: prompts.speak(exchange, text, language, style))


def stream(exchange: Exchange, leg_id: str, url: str, loop: int, level: float) -> None:
    """Play a file to the leg alone; a stream of REST that still plays gives way."""
    leg = find_answered(exchange, leg_id)
    exchange.trace.leg(leg, "rest", {"action": "stream", "url": url})
    play = _slot(exchange, leg, "stream", loop, level)
    play.start(lambda: prompts.fetch(exchange, url))


def _slot(exchange: Exchange, leg: Leg, kind: str, loop: int, level: float) -> Playback:
    slots = exchange.live.slots
    key = (leg.leg_id, kind)
    if key in slots:
        slots[key].stop()

    def finished(reason: str) -> None:
        if slots.get(key) is play:
            del slots[key]

    manner = Manner(f"leg:{leg.leg_id}", loop, level)
    play = Playback(exchange, leg, exchange.ports.ids.uuid(), manner, finished)
    slots[key] = play
    return play


def stop_playing(exchange: Exchange, leg_id: str, kind: str) -> None:
    """Stop the `talk` or `stream` of REST; nothing playing is no error."""
    leg = find_answered(exchange, leg_id)
    exchange.trace.leg(leg, "rest", {"action": f"stop {kind}"})
    play = exchange.live.slots.get((leg.leg_id, kind))
    if play is not None:
        play.stop()


def send_digits(exchange: Exchange, leg_id: str, text: str) -> None:
    """Send keys to the leg's far end."""
    leg = find_answered(exchange, leg_id)
    if not text or not set(text) <= KEYS:
        raise Invalid("digits", "must hold 0-9, *, # and p (a pause of 500 ms) only")
    exchange.trace.leg(leg, "rest", {"action": "dtmf", "digits": text})
    digits.send(exchange, leg, text)


def listen_digits(exchange: Exchange, leg_id: str, url: str | None) -> None:
    """Send every key of the leg to `url` from now on; None stops it, also what an `input` had asked for."""
    leg = find_answered(exchange, leg_id)
    exchange.trace.leg(leg, "rest", {"action": "input/dtmf", "url": url})
    digits.listen(exchange, leg, None if url is None else ListenKeys(url, "POST", legacy=False))
