"""Fetches NCCOs: the answer webhook, its fallback, `onAnswer` and transfer URLs.

One address, asked twice where that makes sense. Which address comes after which, and whether the document can
run, is for the calls to say.
"""

from typing import Any

from offhook.core.ids import Ids
from offhook.webhooks.attempts import Caller, ask, document_of, twice
from offhook.webhooks.hook import Hook

Json = Any


class WebhookClient:
    """Asks applications for NCCOs."""

    def __init__(self, caller: Caller, ids: Ids) -> None:
        self._caller = caller
        self._ids = ids

    async def fetch_ncco(self, hook: Hook, params: dict[str, Json]) -> Json:
        """The decoded document. Raises AttemptFailed, BrokenDocument for one that is not JSON."""
        delivery_id = self._ids.uuid()
        answer = await twice(lambda: ask(self._caller, hook, params, delivery_id), self._caller.sleep)
        return document_of(answer)
