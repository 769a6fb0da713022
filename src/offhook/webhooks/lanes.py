"""Order and limits of sending: one job in flight per key, in order; so many per application; so many in all.

One application whose server hangs fills its own share and no more. A delivery leaves its lane when its end
is written down, which takes no share any more. That may ride with another write while nobody is behind it;
whoever comes then has it written at once, and is sent when it is.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from offhook.core.tasks import Tasks
from offhook.storage.records import Delivery
from offhook.webhooks.delivery import Outcome

PER_APPLICATION = 64
IN_ALL = 512

log = logging.getLogger("offhook.webhooks")


class Lanes:
    """Queues of deliveries by order key. `send` handles one, `finish` writes down how it ended.

    `finish` is told whether somebody waits for that; `hurry`, when somebody waits who did not before.
    """

    def __init__(
        self,
        send: Callable[[Delivery], Awaitable[Outcome]],
        finish: Callable[[Delivery, Outcome, bool], Awaitable[None]],
        hurry: Callable[[], None],
        *,
        per_application: int = PER_APPLICATION,
        in_all: int = IN_ALL,
    ) -> None:
        self._send = send
        self._finish = finish
        self._hurry = hurry
        self._limit = per_application
        self._all = asyncio.Semaphore(in_all)
        self._applications: dict[str, asyncio.Semaphore] = {}
        self._lanes: dict[str, deque[Delivery]] = {}
        self._known: set[str] = set()
        self._ending: set[str] = set()
        """Keys whose first delivery is over and being written down."""
        self._closing = False
        self._tasks = Tasks()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._known)

    def put(self, delivery: Delivery) -> None:
        """Queue a delivery behind the others of its key; one that is queued already is left alone."""
        if delivery.delivery_id in self._known:
            return
        self._known.add(delivery.delivery_id)
        self._empty.clear()
        lane = self._lanes.get(delivery.order_key)
        if lane is not None:
            lane.append(delivery)
            if delivery.order_key in self._ending:
                self._hurry()
            return
        self._lanes[delivery.order_key] = deque([delivery])
        self._tasks.start(self._run(delivery.order_key), f"webhooks of {delivery.order_key}")

    def holds(self, delivery_id: str) -> bool:
        """Whether a delivery is queued or in flight."""
        return delivery_id in self._known

    async def wait_empty(self) -> None:
        """Until nothing is queued or in flight."""
        await self._empty.wait()

    async def close(self, grace: float) -> list[Delivery]:
        """Let what is queued be sent for `grace` seconds, then stop. Gives what was not sent."""
        self._closing = True
        self._hurry()
        try:
            async with asyncio.timeout(grace):
                await self._empty.wait()
        except TimeoutError:
            pass
        over = [self._lanes[key][0] for key in self._ending]  # the database has it and writes it down
        left = [delivery for lane in self._lanes.values() for delivery in lane if delivery not in over]
        await self._tasks.close()
        return left

    async def _run(self, key: str) -> None:
        lane = self._lanes[key]
        while lane:
            delivery = lane[0]  # stays in its place until it is finished
            try:
                async with self._share(delivery.application_id), self._all:
                    outcome = await self._send(delivery)
                self._ending.add(key)
                await self._finish(delivery, outcome, self._closing or len(lane) > 1)
            except Exception:
                log.exception("webhook %s could not be handled", delivery.delivery_id)
            self._ending.discard(key)
            lane.popleft()
            self._known.discard(delivery.delivery_id)
        del self._lanes[key]
        if not self._lanes:
            self._applications.clear()
            self._empty.set()

    def _share(self, application_id: str) -> asyncio.Semaphore:
        share = self._applications.get(application_id)
        if share is None:
            share = self._applications[application_id] = asyncio.Semaphore(self._limit)
        return share
