"""SIP messages in the journal, under the leg they belong to.

A message is known by its Call-ID, a leg by the session of the stack. The two are tied together when a session
begins; messages that came before its leg had a row wait, and are written under no leg when none appears.
"""

from collections import OrderedDict
from collections.abc import Callable

from offhook.core.journal import Journal
from offhook.sip.commands import Dial
from offhook.sip.events import Failed, InviteReceived
from offhook.sip.machine import Input, Output, Received, Send

MAX_CALLS = 20_000
"""Call-IDs remembered, more than a node holds calls; the oldest is forgotten."""
MAX_HELD = 4_000_000
"""Characters of messages that wait, all together: strangers decide how many there are."""
MAX_WAITING = 20
"""Messages of one Call-ID that wait for its leg."""
MAX_TEXT = 8_000

_Waiting = list[tuple[int, str, dict[str, str]]]


class SipTrace:
    """The observer of a `SipDriver`. `leg_of` gives the leg id and conversation id of a session, if any."""

    def __init__(self, journal: Journal, leg_of: Callable[[str], tuple[str, str] | None]) -> None:
        self._journal = journal
        self._leg_of = leg_of
        self._sessions: OrderedDict[str, str] = OrderedDict()
        self._legs: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._held = 0
        self._dialling: str | None = None

    def __call__(self, now: int, what: Input | Output) -> None:
        if isinstance(what, Received):
            self._message(now, "sip.in", what.data, str(what.flow))
        elif isinstance(what, Send):
            self._message(now, "sip.out", what.data, str(what.flow))
        elif isinstance(what, Dial):
            self._dialling = what.session
        elif isinstance(what, InviteReceived):
            self._tie(what.call_id, what.session)
        elif isinstance(what, Failed) and what.session == self._dialling:
            self._dialling = None  # its INVITE was never sent

    def _message(self, now: int, kind: str, data: bytes, flow: str) -> None:
        call_id = call_id_of(data)
        if call_id is None:
            return
        if kind == "sip.out" and self._dialling is not None and data.startswith(b"INVITE "):
            self._tie(call_id, self._dialling)
            self._dialling = None
        text = data[:MAX_TEXT].decode("utf-8", "replace")
        waiting = self._waiting.setdefault(call_id, [])
        if len(waiting) < MAX_WAITING:
            waiting.append((now, kind, {"flow": flow, "message": text}))
            self._held += len(text)
        self._settle(call_id)
        while len(self._waiting) > MAX_CALLS or self._held > MAX_HELD:
            self._write(None, self._waiting.popitem(last=False)[1])

    def _tie(self, call_id: str, session: str) -> None:
        self._sessions[call_id] = session
        while len(self._sessions) > MAX_CALLS:
            self._sessions.popitem(last=False)

    def _settle(self, call_id: str) -> None:
        """Write what waits once the leg is known."""
        leg = self._legs.get(call_id)
        if leg is None:
            session = self._sessions.get(call_id)
            leg = None if session is None else self._leg_of(session)
        if leg is not None:
            self._legs[call_id] = leg  # kept: the last messages of a call come after its leg is gone
            self._write(leg, self._waiting.pop(call_id, []))
            while len(self._legs) > MAX_CALLS:
                self._legs.popitem(last=False)

    def _write(self, leg: tuple[str, str] | None, lines: _Waiting) -> None:
        leg_id, conversation = leg or (None, None)
        for at, kind, data in lines:
            self._held -= len(data["message"])
            self._journal.write(at, leg_id, conversation, kind, data)


def call_id_of(data: bytes) -> str | None:
    """The Call-ID of a message by a glance at its text, None when there is none."""
    for line in data.split(b"\r\n\r\n", 1)[0].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() in (b"call-id", b"i"):
            return value.strip().decode("utf-8", "replace")
    return None
