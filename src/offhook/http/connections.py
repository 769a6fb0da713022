"""One HTTP connection under guard: its place in the crowd, and a limit on how slow it may be.

uvicorn's protocol with timers. A request's head and body each have to come within a time; a client that does
not read its answer is let go of; a connection for which there is no place gets 503 at once. What is refused
here never reached the application, so it is answered here, in the words of `http/errors.py`.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from offhook.http.crowd import Crowd

Told = Callable[[str], None]
"""Why a connection was closed: `full`, `room`, `head`, `body`, `large`, `malformed`, `stalled`."""
REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
TYPES = {400: "BAD_REQUEST", 408: "REQUEST_TIMEOUT", 431: "HEADERS_TOO_LARGE", 503: "SERVICE_UNAVAILABLE"}
MAX_HEAD = 65_536
"""Octets of a request line and its headers."""


def guarded(crowd: Crowd, told: Told) -> type[asyncio.Protocol]:
    """The class of connections that share a crowd, for `uvicorn.Config(http=…)`."""

    class Guarded(GuardedProtocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(crowd, told, *arguments, **options)

    return Guarded


class GuardedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, crowd: Crowd, told: Told, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._crowd = crowd
        self._told = told
        self._slow: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._head: int | None = 0
        """Octets of the head that is coming; None while none does."""
        self._reading = False
        """Between the first octet of a request and its last."""

    # ── a guest of the crowd ────────────────────────────────────────────────────────────────────

    @property
    def waiting(self) -> bool:
        """No request is being answered: none has come as a whole, or all have had their answer."""
        return self.cycle is None or self.cycle.response_complete

    def leave(self) -> None:
        """Make room for another."""
        self._told("room")
        if self._reading:
            self._refuse(503, "The connections of this server are in use and this one was slow; try again.")
        else:
            self._close()

    # ── asyncio's protocol ──────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        problem = self._crowd.enter(self, self.client[0] if self.client else "")
        if problem is not None:
            self._told("full")
            self._refuse(503, problem)
            return
        self._limit(self._crowd.limits.head_s, "head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.gone(self)
        self._unlimit()
        self._flowing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._head is not None and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._told("large")
                self._refuse(431, f"The head of the request is larger than {MAX_HEAD} bytes.")

    def pause_writing(self) -> None:
        super().pause_writing()
        self._flowing()
        self._stalled = self.loop.call_later(self._crowd.limits.stalled_s, self._let_go)

    def resume_writing(self) -> None:
        self._flowing()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP: two readers could disagree about where it ends (RFC 9112 §11.2)."""
        if self._owes_answer():
            self._end_after_answer()
            return
        self._told("malformed")
        self._refuse(400, "This is no valid HTTP/1.1 request; the connection is closed.")

    # ── uvicorn's and the parser's callbacks ────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        self._reading = True
        self._head = 0
        self._limit(self._crowd.limits.head_s, "head")
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        self._limit(self._crowd.limits.body_s, "body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._unlimit()
        self._reading = False
        self._crowd.heard(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._crowd.heard(self)
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        self._unlimit()
        self._crowd.gone(self)  # whoever serves it counts it
        super().handle_websocket_upgrade()

    # ── octets after a request ──────────────────────────────────────────────────────────────────

    def _owes_answer(self) -> bool:
        """Whether a request that came as a whole has not been answered."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def _end_after_answer(self) -> None:
        """Answers come in the order of requests (RFC 9112 §9.3.2): what is no request and follows one must
        not take its answer away. Node sends such octets: the body of a DELETE without its length.
        """
        if self.cycle.keep_alive:
            self._told("malformed")
        self._unlimit()
        self._reading = False
        self.cycle.keep_alive = False

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _limit(self, seconds: float, part: str) -> None:
        self._unlimit()
        self._slow = self.loop.call_later(seconds, self._too_slow, part, seconds)

    def _unlimit(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _flowing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _too_slow(self, part: str, seconds: float) -> None:
        self._slow = None
        self._told(part)
        setting = f"OFFHOOK_HTTP__{'HEADER' if part == 'head' else 'BODY'}_TIMEOUT"
        self._refuse(
            408,
            f"The {part} of the request was not complete after {seconds:g} s; "
            f"send faster or raise {setting}.",
        )

    def _let_go(self) -> None:
        self._told("stalled")
        self.transport.abort()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer, unless an answer has begun, and close."""
        begun = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        if not begun and not self.transport.is_closing():
            self.transport.write(_answer(status, detail))
        self._close()

    def _close(self) -> None:
        self._unlimit()
        self._unset_keepalive_if_required()
        self.transport.close()


def _answer(status: int, detail: str) -> bytes:
    title = REASONS[status]
    body = {"type": TYPES[status], "error_title": title, "title": title, "detail": detail, "instance": ""}
    content = json.dumps(body).encode()
    retry = "retry-after: 2\r\n" if status == 503 else ""
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(content)}\r\n{retry}connection: close\r\n\r\n"
    )
    return head.encode() + content
