"""The application of a soak: answers each caller with the NCCO laid out for it and keeps what it is told, by
caller, until the call has been judged.
"""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl

Json = Any
TERMINAL = frozenset({"completed", "failed", "busy", "timeout", "rejected", "cancelled", "unanswered"})


class Desk:
    """`expect` before a call, `forget` after it. Paths end in the caller's number: `/key/15551000001`."""

    def __init__(self) -> None:
        self.told: dict[str, list[dict[str, Any]]] = {}
        """Everything said about a caller's call, in order of arrival."""
        self._answers: dict[str, Json] = {}
        self._conversations: dict[str, str] = {}
        """The caller of a conversation: legs that were called tell of it too."""
        self._later: dict[str, Json] = {}
        self._changed = asyncio.Condition()

    def expect(self, number: str, ncco: Json, then: Json = None) -> None:
        """Answer `number` with `ncco`, and its further webhooks with `then` once."""
        self.told[number] = []
        self._answers[number] = ncco
        self._later[number] = then

    def forget(self, number: str) -> None:
        for table in (self.told, self._answers, self._later):
            table.pop(number, None)
        self._conversations = {key: each for key, each in self._conversations.items() if each != number}

    def uuid(self, number: str) -> str | None:
        """The leg of a caller, or the first leg that was told of."""
        return next((str(fields["uuid"]) for fields in self.told.get(number, []) if "uuid" in fields), None)

    def statuses(self, number: str) -> list[str]:
        """Of the caller's own leg."""
        uuid = self.uuid(number)
        return [
            str(f["status"]) for f in self.told.get(number, []) if f.get("uuid") == uuid and "status" in f
        ]

    async def over(self, number: str, seconds: float) -> bool:
        """Wait until the caller's leg has ended."""
        return await self.until(lambda: bool(TERMINAL & set(self.statuses(number))), seconds)

    async def until(self, condition: Any, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(condition)
        except TimeoutError:
            return False
        return True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        answer = await self._hear(scope["path"], _fields(scope, body))
        data = b"" if answer is None else json.dumps(answer).encode()
        headers = [(b"content-length", str(len(data)).encode())]
        headers += [(b"content-type", b"application/json")] if data else []
        await send({"type": "http.response.start", "status": 200 if data else 204, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    async def _hear(self, path: str, fields: dict[str, Any]) -> Json:
        number = path.rpartition("/")[2]
        if number not in self.told:
            known = next((str(fields[k]) for k in ("from", "to") if str(fields.get(k)) in self.told), None)
            number = known or self._conversations.get(str(fields.get("conversation_uuid")), "")
        if not number:
            return None
        if "conversation_uuid" in fields:
            self._conversations.setdefault(str(fields["conversation_uuid"]), number)
        async with self._changed:
            self.told[number].append(fields | {"path": path})
            self._changed.notify_all()
        if path == "/answer":
            return self._answers[number]
        return None if path == "/events" else self._later.pop(number, None)


def _fields(scope: Any, body: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = dict(parse_qsl(scope.get("query_string", b"").decode()))
    try:
        told = json.loads(body) if body else {}
    except ValueError:
        told = {}
    return fields | (told if isinstance(told, dict) else {})
