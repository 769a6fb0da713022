"""The life of a leg: its status moves, and its end.

Everything that changes a leg's status goes through `move` and `finish`; each writes the row and the webhook
in one transaction. `finish` is also the one place where a leg gives back what it holds.
"""

from asyncio import Future

from offhook.calls import legmedia, rooms, rows, states
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.replies import reply_later
from offhook.calls.rows import Post
from offhook.calls.states import Cause
from offhook.sip.commands import HangUp
from offhook.webhooks import payloads


def begin(
    exchange: Exchange, leg: Leg, *, new_conversation: bool, ringing: bool = False
) -> "Future[list[str]]":
    """Write a new leg with its `started` (and, for an inbound one, `ringing`) in one transaction."""
    wall = exchange.wall()
    posts = [_step(exchange, leg, "started")]
    if ringing:
        posts.append(_step(exchange, leg, "ringing"))
    writes = [rows.insert_leg(leg)]
    if new_conversation:
        writes.insert(0, rows.insert_conversation(leg.conversation, wall))
    return rows.submit(exchange, leg, posts, *writes)


def ringing(exchange: Exchange, leg: Leg) -> None:
    """The callee is alerted; only the first time counts."""
    if leg.status == "started":
        rows.submit(exchange, leg, [_step(exchange, leg, "ringing")], rows.update_leg(leg))


def answered(exchange: Exchange, leg: Leg) -> None:
    """The call stands: times start and the talk limit runs."""
    leg.times.answered_at = exchange.wall()
    post = _step(exchange, leg, "answered")
    rows.submit(exchange, leg, [post], rows.update_leg(leg))
    if leg.limits.ring is not None:
        leg.limits.ring.cancel()
    leg.limits.talk_s = min(leg.limits.talk_s, exchange.settings.max_duration)
    leg.limits.talk = exchange.timers.after(leg.limits.talk_s, lambda: _talked_out(exchange, leg))


def _talked_out(exchange: Exchange, leg: Leg) -> None:
    exchange.trace.leg(leg, "limit", {"type": "talk", "seconds": leg.limits.talk_s})
    hang_up(exchange, leg, states.HUNG_UP_BY_US)


def hang_up(exchange: Exchange, leg: Leg, cause: Cause, status: int = 480) -> None:
    """End a leg from our side. `status` is what an inbound caller gets who was not answered yet."""
    if leg.over:
        return
    if not leg.signalling.quiet:
        leg.signalling.quiet = True
        # The stack may report the end from within the command: it must not find the leg, the cause is ours.
        exchange.live.sessions.pop(leg.signalling.session, None)
        exchange.sip(leg, HangUp(leg.signalling.session, status=status))
    finish(exchange, leg, cause)


def finish(exchange: Exchange, leg: Leg, cause: Cause) -> None:
    """The leg is over: close its program, tell the application, give everything back.

    What the program still has going on (a connect that rings, a prompt, a recording) ends first, so that the
    events of legs it added precede this leg's `completed`.
    """
    if leg.over:
        return
    leg.cause = cause = states.WORKER_LOST if leg.media.lost else cause
    leg.times.ended_at = exchange.wall()
    leg.limits.cancel()
    if cause.status is not None:
        _report_cause(exchange, leg, cause.status)
    if leg.program is not None:
        leg.program.close()
    others = _complete(exchange, leg)
    exchange.forget(leg)
    if leg.watcher is not None:
        leg.watcher.over(leg)
    hang_up_all(exchange, others)


def hang_up_all(exchange: Exchange, legs: list[Leg]) -> None:
    """A leg with endOnExit has left its conversation: these go with it."""
    for leg in legs:
        hang_up(exchange, leg, states.HUNG_UP_BY_US)


def _report_cause(exchange: Exchange, leg: Leg, status: str) -> None:
    post = _step(exchange, leg, status)
    if leg.hooks.synchronous and status in states.OVERRIDABLE and post.hook is not None:
        post = Post(post.kind, post.hook, post.body, expects_ncco=True)
        future = rows.submit(exchange, leg, [post], rows.update_leg(leg))
        leg.reply = reply_later(exchange, leg, future)
        return
    rows.submit(exchange, leg, [post], rows.update_leg(leg))


def _complete(exchange: Exchange, leg: Leg) -> list[Leg]:
    """`completed`, unless the table says that it does not follow, with all rows the end touches.

    Gives the legs that go with it.
    """
    wall = exchange.wall()
    posts: list[Post] = []
    if states.completes(leg.status):
        states.check(leg.status, "completed")
        leg.status = "completed"
        posts.append(Post("status", leg.hooks.event(), payloads.status(rows.record_of(leg), wall)))
    others, ending = rooms.leave(exchange, leg)
    legmedia.close(exchange, leg)
    rows.submit(exchange, leg, posts, rows.update_leg(leg), *ending)
    return others


def _step(exchange: Exchange, leg: Leg, status: str) -> Post:
    """Move the status and make its webhook."""
    states.check(leg.status, status)
    leg.status = status
    record, wall = rows.record_of(leg), exchange.wall()
    reference = leg.party.client_ref
    if status == "started" and reference is not None:
        return Post("status", leg.hooks.event(), payloads.placed(record, reference, wall))
    return Post("status", leg.hooks.step(), payloads.status(record, wall))
