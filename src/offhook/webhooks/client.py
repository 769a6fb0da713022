"""Fetches NCCOs: the answer webhook, `onAnswer` and transfer URLs.

Two attempts at the URL, then two at the fallback URL with the same data, the reason and what it replaces.
The caller may check the document: an NCCO that cannot be run counts as no answer and leads to the fallback.
"""

from collections.abc import Callable
from typing import Any

from offhook.core.errors import DeliveryError, NccoError
from offhook.core.ids import Ids
from offhook.webhooks.attempts import AttemptFailed, Caller, ask, document_of, twice
from offhook.webhooks.hook import Hook
from offhook.webhooks.payloads import fallback as fallback_params

Json = Any
Check = Callable[[Json], object]
"""Raises NccoError for a document that cannot be run."""


class WebhookClient:
    """Asks applications for NCCOs."""

    def __init__(self, caller: Caller, ids: Ids) -> None:
        self._caller = caller
        self._ids = ids

    async def fetch_ncco(
        self,
        hook: Hook,
        fallback: Hook | None,
        params: dict[str, Json],
        kind: str = "answer",
        check: Check | None = None,
    ) -> Json:
        """The decoded document.

        `kind` is what the fallback is told was asked for: `answer` or `event`. Raises DeliveryError, with the
        reason of the first URL, when neither gave a document.
        """
        try:
            return await self._fetch(hook, params, check)
        except AttemptFailed as failure:
            if fallback is None:
                raise
            reason = str(failure)
        second = fallback_params(params, reason=reason, url=hook.url, kind=kind)
        try:
            return await self._fetch(fallback, second, check)
        except AttemptFailed as failure:
            raise DeliveryError(f"{reason} The fallback URL: {failure}") from failure

    async def _fetch(self, hook: Hook, params: dict[str, Json], check: Check | None) -> Json:
        delivery_id = self._ids.uuid()
        answer = await twice(lambda: ask(self._caller, hook, params, delivery_id), self._caller.sleep)
        document = document_of(answer)
        if check is not None:
            try:
                check(document)
            except NccoError as error:
                raise AttemptFailed(f"Syntax error in NCCO. {error}", status=answer.status) from error
        return document
