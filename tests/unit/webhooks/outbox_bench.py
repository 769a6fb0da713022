"""An outbox on a bench, for the tests of what it does in one life and over a crash."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from offhook.core.ids import SeededIds
from offhook.core.journal import MemoryJournal
from offhook.storage import deliveries
from offhook.storage.database import Database
from offhook.storage.records import Delivery
from offhook.webhooks.hook import Hook
from offhook.webhooks.outbox import Outbox, OutboxSettings

E = "https://app.example/event"
F = "https://app.example/fallback"
HOOK = Hook(E, "POST", account_id="acc", application_id="app")


class Bench:
    """An outbox over an inline database, and ways to look at both."""

    def __init__(self, kit: Any, url: str = "sqlite://", seed: int = 7, **settings: int) -> None:
        self.kit = kit
        self.database = Database(url, inline=True)
        self.database.migrate()
        self.journal = MemoryJournal()
        self.ids = SeededIds(seed)
        self.settings = OutboxSettings(**settings)

    def run(self, work: Callable[[Outbox], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            outbox = Outbox(
                self.database,
                self.kit.caller,
                self.kit.loop.clock,
                self.ids,
                journal=self.journal,
                settings=self.settings,
            )
            self.outbox = outbox
            return await work(outbox)

        return self.kit.run(main())

    async def add(self, key: str = "leg:1", body: Any = None, hook: Hook = HOOK, **more: Any) -> Delivery:
        return await self.database.write(
            lambda c: self.outbox.add(
                c,
                account_id="acc",
                application_id=more.pop("application_id", "app"),
                order_key=key,
                kind="status",
                hook=hook,
                body={"n": 1} if body is None else body,
                **more,
            )
        )

    def row(self, delivery: Delivery) -> Delivery:
        found = self.database.transact(lambda c: deliveries.get(c, delivery.delivery_id))
        assert found is not None
        return found


def bodies(kit: Any) -> list[Any]:
    return [json.loads(sent.body) for sent in kit.transport.sent]
