"""From audio to datagrams: the second half of a tick. Before it the mixer's `heard` holds what legs hear."""

from offhook.media.engine.codecs import encode_rows
from offhook.media.engine.dtmf_out import DigitSender
from offhook.media.engine.legs import Legs
from offhook.media.engine.links import Links
from offhook.media.engine.send import Sender
from offhook.media.engine.types import Departures, Floats, LegSettings


class Outbound:
    """Keys that we press, encoding, headers."""

    def __init__(self, legs: Legs) -> None:
        self.legs = legs
        self.sender = Sender(legs.capacity)
        self.digits = DigitSender()

    def open(self, row: int, settings: LegSettings) -> None:
        self.digits.wipe(row)
        self.sender.open(row, settings)

    def run(self, heard: Floats, links: Links) -> Departures:
        """Encode and pack `heard[:top]`, which is used up."""
        legs, sender = self.legs, self.sender
        top = legs.top
        extra = links.frames(heard)
        encode_rows(heard[:top], legs.law[:top], sender.octets[:top])
        rows = legs.senders()
        departures = sender.audio(legs, rows)
        departures.events.extend(self.digits.packets(legs, sender))
        sender.step(top, rows)
        for row, _ in extra:
            sender.sent[row] += 1
        departures.extra.extend(extra)
        return departures
