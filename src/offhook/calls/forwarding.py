"""A call to a number that forwards: the caller rings until somebody else answers, then both are connected.

No application takes part. The places are tried in turn: the next one when a server refuses with 5xx, cannot
be reached, or gives no sign of life in its time (`docs/specs/numbers-and-users.md` §5). The caller's 200
follows the answer, so that nobody is connected to a phone that only rings; when nobody answers he is told as
a phone would tell him. Of this, the number's `voiceStatusCallback` hears the end of the caller's leg.
"""

from asyncio import TimerHandle
from collections.abc import Callable

from offhook.calls import identity, legmedia, lifecycle, outbound, states
from offhook.calls.connect_order import party_of, plan_for
from offhook.calls.endpoints.plan import DialPlan, Unroutable
from offhook.calls.exchange import Exchange
from offhook.calls.forward_targets import Target
from offhook.calls.hooks import LegHooks
from offhook.calls.leg import Leg
from offhook.calls.outbound import Order
from offhook.calls.states import Cause
from offhook.core.errors import Invalid
from offhook.ncco.effects import PhoneEndpoint

RING_S = 60.0
TALK_S = 7200.0
TOLD = {"busy": 486, "rejected": 603}
"""What the caller gets when the last place was this; otherwise 480."""
UNAVAILABLE = 480
ANONYMOUS = "anonymous"


class Forwarding:
    """One forwarded call: the watcher of both its legs."""

    def __init__(
        self,
        exchange: Exchange,
        caller: Leg,
        places: tuple[Target, ...],
        accept: Callable[[Exchange, Leg], None],
    ) -> None:
        self._exchange = exchange
        self._caller = caller
        self._places = list(places)
        self._accept = accept
        """Sends the caller's 200."""
        self._callee: Leg | None = None
        self._rang = False
        self._silence: TimerHandle | None = None
        caller.watcher = self

    def start(self) -> None:
        """Dial the first place."""
        self._next()

    def _next(self) -> None:
        place = self._places.pop(0)
        self._rang = False
        full = self._exchange.no_room(self._caller.party.account_id)
        self._callee = leg = outbound.create(self._exchange, self._order(place))
        if full is not None:
            outbound.no_room(self._exchange, leg, full)
            return
        self._exchange.tasks.start(self._dial(leg, place), f"forward {leg.leg_id}")

    def _order(self, place: Target) -> Order:
        application = self._caller.party.application
        return Order(
            party=party_of(self._exchange, application, place.endpoint, self._shown(place)),
            hooks=LegHooks(application),
            watcher=self,
            ring_s=RING_S,
            talk_s=TALK_S,
            conversation=self._caller.conversation,
            hops=self._caller.signalling.hops - 1,
        )

    def _shown(self, place: Target) -> str:
        """A phone sees the number that was called, which is the account's; a SIP endpoint the caller."""
        party = self._caller.party
        if isinstance(place.endpoint, PhoneEndpoint):
            return str(party.to["number"])
        asked = party.from_.get("number") or party.from_.get("uri")
        try:
            return identity.for_sip(identity.Wish(str(asked)), (), party.application_id, "")
        except Invalid:
            return ANONYMOUS

    async def _dial(self, leg: Leg, place: Target) -> None:
        account_id = self._caller.party.account_id
        shown = self._shown(place)
        try:
            plan: DialPlan | Unroutable = await plan_for(self._exchange, place.endpoint, account_id, shown)
        except Exception:
            lifecycle.finish(self._exchange, leg, states.NO_RESOURCES)
            raise
        if place.silence_s is not None and not leg.over:
            self._silence = self._exchange.timers.after(place.silence_s, lambda: self._silent(leg))
        outbound.dial(self._exchange, leg, plan)

    def _silent(self, leg: Leg) -> None:
        lifecycle.hang_up(self._exchange, leg, states.RANG_OUT)

    def ringing(self, leg: Leg, body: bytes) -> None:
        """It is alive. Its early media is not passed on: the caller hears his own phone ring."""
        self._rang = True
        self._heard_of()

    def answered(self, leg: Leg) -> None:
        self._heard_of()
        legmedia.join(self._exchange, leg)
        self._accept(self._exchange, self._caller)

    def over(self, leg: Leg) -> None:
        """Either leg is over, or was taken out of this call."""
        if leg is self._caller:
            self._heard_of()
            self._places.clear()
            callee, self._callee = self._callee, None
            if callee is not None:
                cause = states.HUNG_UP_BY_US if callee.answered else states.GIVEN_UP
                lifecycle.hang_up(self._exchange, callee, cause)
        elif leg is self._callee and not self._caller.over:
            self._heard_of()
            self._callee = None
            self._callee_over(leg)

    def _callee_over(self, leg: Leg) -> None:
        if leg.answered:
            lifecycle.hang_up(self._exchange, self._caller, states.HUNG_UP_BY_US)
        elif self._places and _goes_on(leg.cause, rang=self._rang):
            self._next()
        else:
            status = TOLD.get((leg.cause.status if leg.cause else None) or "", UNAVAILABLE)
            lifecycle.hang_up(self._exchange, self._caller, Cause(None, sip_code=status), status)

    def _heard_of(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None


def _goes_on(cause: Cause | None, *, rang: bool) -> bool:
    """Whether another place may be tried: a callee who declined, is busy or let it ring has decided."""
    if cause is None or cause.status in (None, "cancelled"):
        return False
    if cause.by == states.PLATFORM:
        return not rang
    return cause.sip_code is not None and 500 <= cause.sip_code <= 599
