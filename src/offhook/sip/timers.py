"""The timer values of RFC 3261 §17 (table 4) as amended by RFC 6026, and how each is derived.

Not timers themselves: those are outputs of the machines (`SetTimer`). Everything is in nanoseconds.
"""

from dataclasses import dataclass

from offhook.core.clock import NS_PER_MS, NS_PER_SECOND

TRYING_AFTER = 200 * NS_PER_MS
"""A server owes a 100 when its user has said nothing for this long (RFC 3261 §17.2.1)."""

MINIMUM_D = 32 * NS_PER_SECOND
"""Timer D is at least this on an unreliable transport (RFC 3261 §17.1.1.2)."""


@dataclass(frozen=True, slots=True)
class Timers:
    """The three base values; tests of slow peers may stretch them, production keeps the defaults."""

    t1: int = 500 * NS_PER_MS
    """Round-trip estimate."""
    t2: int = 4 * NS_PER_SECOND
    """The longest interval between two retransmissions of anything but an INVITE."""
    t4: int = 5 * NS_PER_SECOND
    """How long a message may stay in the network."""

    @property
    def give_up(self) -> int:
        """64·T1: timers B, F, H, J, L, M, and the wait for an ACK or for a final response to a CANCEL."""
        return 64 * self.t1

    @property
    def absorb_failures(self) -> int:
        """Timer D."""
        return max(MINIMUM_D, self.give_up)

    def doubled(self, interval: int) -> int:
        """The next interval of timer A: it doubles without a cap."""
        return 2 * interval

    def capped(self, interval: int) -> int:
        """The next interval of timers E and G and of repeated 2xx responses: it doubles up to T2."""
        return min(2 * interval, self.t2)

    @property
    def e_reaches_t2(self) -> int:
        """How long after the first transmission a client's timer E has grown to T2 (RFC 4320 §4.1)."""
        interval, elapsed = self.t1, 0
        while interval < self.t2:
            elapsed += interval
            interval = self.capped(interval)
        return elapsed
