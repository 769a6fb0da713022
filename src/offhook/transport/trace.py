"""SIP messages in the journal, under the leg they belong to.

A message is known by its Call-ID, a leg by the session of the stack. The two are tied together when a session
begins; messages that came before its leg had a row wait, and are written under no leg when none appears. A
Call-ID is remembered while its leg is up, and until no more messages come of it.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from offhook.core.clock import NS_PER_SECOND
from offhook.core.journal import Journal
from offhook.sip.commands import Dial
from offhook.sip.events import Failed, InviteReceived
from offhook.sip.machine import Input, Output, Received, Send

QUIET = 40 * NS_PER_SECOND
"""After this no message comes of a call that is over (RFC 3261 §17: 32 s), and no leg gets its row."""
MAX_CALLS = 20_000
"""Call-IDs remembered, more than a node holds calls; the oldest is forgotten."""
MAX_HELD = 4_000_000
"""Characters of messages that wait, all together: strangers decide how many there are."""
MAX_WAITING = 20
"""Messages of one Call-ID that wait for its leg."""
MAX_TEXT = 8_000
AT_ONCE = 8
"""Old entries that one message looks at; thousands may have grown old in the same second."""

_Waiting = list[tuple[int, str, dict[str, str]]]


@dataclass(slots=True)
class _Call:
    """A session, under its Call-ID. `leg`: its leg id and conversation id, once known; `heard`: when."""

    session: str
    heard: int
    leg: tuple[str, str] | None = None


class SipTrace:
    """The observer of a `SipDriver`. `leg_of` gives the leg id and conversation id of a session, if any."""

    def __init__(self, journal: Journal, leg_of: Callable[[str], tuple[str, str] | None]) -> None:
        self._journal = journal
        self._leg_of = leg_of
        self._calls: OrderedDict[str, _Call] = OrderedDict()
        """In the order of their last message."""
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        """In the order of their first message."""
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
            self._tie(now, what.call_id, what.session)
        elif isinstance(what, Failed) and what.session == self._dialling:
            self._dialling = None  # its INVITE was never sent

    def close(self) -> None:
        """Write what still waits."""
        while self._waiting:
            self._give_up(*self._waiting.popitem(last=False))

    def _message(self, now: int, kind: str, data: bytes, flow: str) -> None:
        call_id = call_id_of(data)
        if call_id is None:
            return
        if kind == "sip.out" and self._dialling is not None and data.startswith(b"INVITE "):
            self._tie(now, call_id, self._dialling)
            self._dialling = None
        text = data[:MAX_TEXT].decode("utf-8", "replace")
        waiting = self._waiting.setdefault(call_id, [])
        if len(waiting) < MAX_WAITING:
            waiting.append((now, kind, {"flow": flow, "message": text}))
            self._held += len(text)
        leg = self._heard(now, call_id)
        if leg is not None:
            self._write(leg, self._waiting.pop(call_id))
        self._forget(now)

    def _tie(self, now: int, call_id: str, session: str) -> None:
        self._calls[call_id] = _Call(session, now)
        self._calls.move_to_end(call_id)
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)

    def _heard(self, now: int, call_id: str) -> tuple[str, str] | None:
        """A message of a call: its leg, which is kept because the last messages come after it is gone."""
        call = self._calls.get(call_id)
        if call is None:
            return None
        call.heard = now
        self._calls.move_to_end(call_id)
        call.leg = call.leg or self._leg_of(call.session)
        return call.leg

    def _forget(self, now: int) -> None:
        """Let go of messages whose leg does not appear and of calls that are over, a few at a time."""
        while self._held > MAX_HELD or len(self._waiting) > MAX_CALLS:
            self._give_up(*self._waiting.popitem(last=False))
        for _ in range(AT_ONCE):
            call_id, lines = next(iter(self._waiting.items()), ("", []))
            if not lines or now - lines[0][0] <= QUIET:
                break
            self._give_up(call_id, self._waiting.pop(call_id))
        for _ in range(AT_ONCE):
            call_id, call = next(iter(self._calls.items()), ("", None))
            if call is None or now - call.heard <= QUIET:
                break
            if self._leg_of(call.session) is None:
                del self._calls[call_id]
            else:  # two people talk
                self._heard(now, call_id)

    def _give_up(self, call_id: str, lines: _Waiting) -> None:
        call = self._calls.get(call_id)
        leg = None if call is None else call.leg or self._leg_of(call.session)
        self._write(leg, lines)

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
