"""Keys: those pressed on a leg go to the program it owns, those to be sent go to its media worker."""

from offhook.calls import rows
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.rows import Post, record_of
from offhook.ipc import media
from offhook.ncco.events import Digit
from offhook.ncco.input_result import KEYS
from offhook.webhooks import payloads


def received(exchange: Exchange, leg: Leg, event: media.DigitReceived) -> None:
    """A key was pressed."""
    if leg.program is not None:
        leg.program.feed(Digit(event.digit, event.duration_ms))
    url = exchange.live.listeners.get(leg.leg_id)
    if url is not None and event.digit in KEYS:
        body = payloads.dtmf_key(record_of(leg), event.digit, exchange.wall())
        rows.submit(exchange, leg, [Post("input", leg.hooks.event(url, "POST"), body)])


def send(exchange: Exchange, leg: Leg, digits: str) -> None:
    """Send `0-9*#` and `p` (a pause of 500 ms) to the leg."""
    exchange.media(leg, media.SendDigits(exchange.ports.ids.token(), leg.leg_id, digits))
