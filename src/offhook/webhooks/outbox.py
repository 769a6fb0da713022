"""The outbox: a state change and the webhook it causes are one transaction.

`add` writes the delivery in the caller's transaction; after the commit it is queued. Within an order key
(a leg, or a conversation) deliveries go out one at a time and in order. A delivery that gets no answer after
its attempts is `failed`: kept, shown, and sent again on request. The `Offhook-Delivery` header is the row's
id, the same on every attempt and after a restart. A delivery whose answer would be an NCCO is never sent
again after a crash: the call that asked is gone. The contract is in docs/specs/webhooks.md.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from offhook.core.clock import US_PER_SECOND, Clock
from offhook.core.errors import NotFound
from offhook.core.ids import Ids, node_of
from offhook.core.journal import Journal
from offhook.core.tasks import Tasks
from offhook.storage import applications, deliveries
from offhook.storage.database import Database
from offhook.storage.records import Delivery
from offhook.webhooks.attempts import Caller
from offhook.webhooks.delivery import DeliveryRun, Outcome
from offhook.webhooks.hook import Hook
from offhook.webhooks.lanes import Lanes
from offhook.webhooks.replies import Replies, Reply

Json = Any

CRASHED = "The platform restarted before this webhook was answered; the call that asked for an NCCO is over."
STOPPING = "The platform is stopping."
PORTION = 500
US_PER_DAY = 86_400 * US_PER_SECOND
TIDY_EVERY_S = 3600.0
"""Between two removals of what has been kept long enough."""

log = logging.getLogger("offhook.webhooks")


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    node: int = 0
    """Only deliveries made by this node are sent again at start."""
    per_application: int = 64
    in_all: int = 512
    keep_days: int = 30
    """How long finished deliveries are kept, to be shown and sent again."""


class Outbox:
    """The webhooks of one node on their way. Made on the loop it works on."""

    def __init__(
        self,
        database: Database,
        caller: Caller,
        clock: Clock,
        ids: Ids,
        *,
        journal: Journal | None = None,
        settings: OutboxSettings | None = None,
    ) -> None:
        self._database = database
        self._caller = caller
        self._clock = clock
        self._ids = ids
        self._journal = journal
        self._settings = settings or OutboxSettings()
        self._lanes = Lanes(
            self._send,
            self._finish,
            database.hurry,
            per_application=self._settings.per_application,
            in_all=self._settings.in_all,
        )
        self._replies = Replies()
        self._sequence: int | None = None
        self._tasks = Tasks()
        self._closed = False

    def add(
        self,
        connection: Connection,
        *,
        account_id: str,
        application_id: str,
        order_key: str,
        kind: str,
        hook: Hook,
        body: dict[str, Json],
        expects_ncco: bool = False,
    ) -> Delivery:
        """Write a delivery inside a function given to `Database.submit`; it is sent after the commit.

        `order_key` is `leg:<id>` or `conversation:<id>`. `body` keeps its key order on the wire.
        """
        delivery = Delivery(
            delivery_id=self._ids.uuid(),
            account_id=account_id,
            application_id=application_id,
            order_key=order_key,
            sequence=self._next_sequence(connection),
            kind=kind,
            method=hook.method,
            url=hook.url,
            body=body,
            signed=hook.signed,
            connect_timeout_ms=hook.connect_timeout_ms,
            socket_timeout_ms=hook.socket_timeout_ms,
            expects_ncco=expects_ncco,
            state=deliveries.PENDING,
            attempts=0,
            created_at=self._clock.wall(),
        )
        deliveries.insert(connection, delivery)
        self._database.after_commit(lambda: self._queue(delivery))
        return delivery

    def reply_of(self, delivery_id: str) -> "asyncio.Future[Reply]":
        """The reply to a delivery made with `expects_ncco`.

        DeliveryError when neither the URL nor the fallback answered. May be asked for before or after the
        reply came, once.
        """
        return self._replies.future_of(delivery_id)

    async def start(self) -> int:
        """Give up what a crash made meaningless and queue what was not finished; gives how many are queued.

        From then on finished deliveries are removed once they have been kept long enough.
        Call it before calls are accepted: a delivery of a live call must not be taken for an old one.
        """
        found = 0
        place: deliveries.Place = ("", 0)
        while portion := await self._pending_after(place):
            place = (portion[-1].order_key, portion[-1].sequence)
            for row in portion:
                if not self._is_mine(row) or self._lanes.holds(row.delivery_id):
                    continue
                if row.expects_ncco:
                    await self._finish(row, Outcome(False, row.attempts, None, CRASHED), True)
                else:
                    self._queue(row)
                    found += 1
        if found:
            log.info("%d webhooks of the process before this one are sent now", found)
        self._tasks.start(self._tidy(), "removal of old webhooks")
        return found

    async def _pending_after(self, place: deliveries.Place) -> tuple[Delivery, ...]:
        return await self._database.read(lambda c: deliveries.pending(c, after=place, limit=PORTION))

    async def resend(self, delivery_id: str) -> None:
        """Send a failed delivery again, behind the others of its key. Raises NotFound or Conflict."""
        wall = self._clock.wall()
        delivery = await self._database.write(lambda c: deliveries.requeue(c, delivery_id, wall))
        self._queue(delivery)

    async def purge(self, before: int) -> int:
        """Remove deliveries that were finished before an instant (UTC µs); gives how many."""
        removed = 0
        while True:
            portion = await self._database.write(lambda c: deliveries.purge(c, before, PORTION))
            removed += portion
            if portion < PORTION:
                return removed

    async def wait_empty(self) -> None:
        """Until nothing is queued or in flight. For tests and orderly ends."""
        await self._lanes.wait_empty()

    async def close(self, grace: float) -> None:
        """Send for `grace` seconds more; what is left is sent after the next start."""
        await self._tasks.close()
        left = await self._lanes.close(grace)
        self._closed = True
        self._replies.close(STOPPING)
        if left:
            log.warning("%d webhooks are left for the next start", len(left))

    async def take_requeued(self) -> int:
        """Queue what others (`offhook webhooks resend`) have made pending again; gives how many."""
        # In the writer's order: a delivery that was finished before this is not pending any more, and one
        # that is being finished is still held by its lane.
        found = await self._database.write(lambda c: deliveries.requeued(c, PORTION))
        wanted = [row for row in found if self._is_mine(row) and not self._lanes.holds(row.delivery_id)]
        for row in wanted:
            self._queue(row)
        return len(wanted)

    def _is_mine(self, delivery: Delivery) -> bool:
        return node_of(delivery.delivery_id) == self._settings.node

    async def _tidy(self) -> None:
        while True:
            try:
                await self.purge(self._clock.wall() - self._settings.keep_days * US_PER_DAY)
            except Exception:
                log.exception("old webhooks could not be removed; tried again in an hour")
            await asyncio.sleep(TIDY_EVERY_S)

    def _next_sequence(self, connection: Connection) -> int:
        """One counter for all keys: a key belongs to one node, and only its writer comes here."""
        if self._sequence is None:
            self._sequence = deliveries.last_sequence(connection)
        self._sequence += 1
        return self._sequence

    def _queue(self, delivery: Delivery) -> None:
        if not self._closed:
            self._lanes.put(delivery)

    async def _send(self, delivery: Delivery) -> Outcome:
        """Send one delivery; what `Lanes` calls."""
        run = DeliveryRun(self._caller, self._fallback_of, self._trace)
        try:
            outcome = await run.send(delivery)
        except Exception as error:
            log.exception("webhook %s could not be sent", delivery.delivery_id)
            outcome = Outcome(False, run.attempts, None, f"The platform could not send it: {error}")
        if delivery.expects_ncco:
            self._replies.settle(delivery.delivery_id, outcome)
        return outcome

    async def _finish(self, delivery: Delivery, outcome: Outcome, followed: bool) -> None:
        """Write down how a delivery ended: at once when somebody waits for that, else with the next write."""
        values = {
            "state": deliveries.DELIVERED if outcome.delivered else deliveries.FAILED,
            "attempts": outcome.attempts,
            "last_status": outcome.status,
            "last_error": outcome.error,
            "finished_at": self._clock.wall(),
        }
        submit = self._database.submit if followed else self._database.submit_along
        try:
            await submit(lambda c: deliveries.change(c, delivery.delivery_id, **values))
        except NotFound:
            log.info("webhook %s was removed while it was being sent", delivery.delivery_id)

    async def _fallback_of(self, application_id: str) -> Hook | None:
        application = await self._database.read(lambda c: applications.get(c, application_id))
        return None if application is None else Hook.of(application, "fallback_answer_url")

    def _trace(self, delivery: Delivery, attempt: int, status: int | None, error: str | None) -> None:
        if self._journal is None:
            return
        scope, _, name = delivery.order_key.partition(":")
        leg, conversation = (name, None) if scope == "leg" else (None, name)
        line = {
            "delivery": delivery.delivery_id,
            "kind": delivery.kind,
            "method": delivery.method,
            "url": delivery.url,
            "attempt": attempt,
            "status": status,
            "error": error,
        }
        self._journal.write(self._clock.now(), leg, conversation, "webhook.attempt", line)
