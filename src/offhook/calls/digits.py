"""Keys: those pressed on a leg go to the program it owns, those to be sent go to its media worker."""

from offhook.calls import rows
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.rows import Post, record_of
from offhook.ipc import media
from offhook.ncco.effects import ListenKeys
from offhook.ncco.events import Digit
from offhook.ncco.input_result import KEYS, dtmf_result
from offhook.webhooks import payloads


def received(exchange: Exchange, leg: Leg, event: media.DigitReceived) -> None:
    """A key was pressed."""
    if leg.program is not None:
        leg.program.feed(Digit(event.digit, event.duration_ms))
    listener = exchange.live.listeners.get(leg.leg_id)
    if listener is not None and event.digit in KEYS:
        result = dtmf_result(event.digit, timed_out=False, legacy=listener.legacy)
        body = payloads.input_result(record_of(leg), result, exchange.wall())
        hook = leg.hooks.event(listener.url, listener.method)
        rows.submit(exchange, leg, [Post("input", hook, body)])


def listen(exchange: Exchange, leg: Leg, listener: ListenKeys | None) -> None:
    """Make every key from now on a webhook, in place of an earlier listener; None ends it."""
    if listener is None:
        exchange.live.listeners.pop(leg.leg_id, None)
    else:
        exchange.live.listeners[leg.leg_id] = listener


def send(exchange: Exchange, leg: Leg, digits: str) -> None:
    """Send `0-9*#` and `p` (a pause of 500 ms) to the leg."""
    exchange.media(leg, media.SendDigits(exchange.ports.ids.token(), leg.leg_id, digits))
