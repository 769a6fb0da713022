"""SIP messages land in the journal under the leg they belong to."""

from offhook.core.journal import MemoryJournal
from offhook.sip.commands import Dial, HangUp
from offhook.sip.events import Failed, InviteReceived
from offhook.sip.flow import Flow
from offhook.sip.machine import Received, Send
from offhook.transport.trace import AT_ONCE, MAX_WAITING, QUIET, SipTrace, call_id_of

FLOW = Flow("udp", ("192.0.2.9", 5060), ("192.0.2.1", 5060))


def message(first: str, call_id: str = "a@b", *more: str) -> bytes:
    return "\r\n".join([first, f"Call-ID: {call_id}", *more, "", ""]).encode()


class Setup:
    def __init__(self) -> None:
        self.legs: dict[str, tuple[str, str]] = {}
        self.journal = MemoryJournal()
        self.trace = SipTrace(self.journal, lambda session: self.legs.get(session))

    def under(self, leg: str) -> list[tuple[str, str]]:
        lines = self.journal.read(leg)
        return [(line.kind, line.data["message"].partition("\r\n")[0]) for line in lines]


def invite(session: str, call_id: str) -> InviteReceived:
    return InviteReceived(
        session, call_id, "sip:1@h", "1", "sip:2@h", "2", "", "sip:1@h", (), b"", FLOW, None, 70
    )


def test_messages_before_the_leg_is_known_wait_for_it_and_later_ones_follow_it() -> None:
    at = Setup()
    at.trace(1, Received(message("INVITE sip:1@h SIP/2.0"), FLOW))
    at.trace(2, invite("s", "a@b"))
    assert at.journal.lines == []
    at.legs["s"] = ("leg", "CON-1")
    at.trace(3, Send(message("SIP/2.0 180 Ringing"), FLOW))
    del at.legs["s"]
    at.trace(4, Send(message("BYE sip:2@h SIP/2.0"), FLOW))
    assert at.under("leg") == [
        ("sip.in", "INVITE sip:1@h SIP/2.0"),
        ("sip.out", "SIP/2.0 180 Ringing"),
        ("sip.out", "BYE sip:2@h SIP/2.0"),
    ]
    assert [line.t for line in at.journal.lines] == [1, 3, 4]


def test_an_outbound_call_is_tied_by_its_invite() -> None:
    at = Setup()
    at.legs["out"] = ("leg", "CON-1")
    at.trace(1, Dial("out", "sip:1@h", "sip:2@h", b"", FLOW))
    at.trace(1, Send(message("INVITE sip:1@h SIP/2.0", "c@d"), FLOW))
    at.trace(2, Received(message("SIP/2.0 200 OK", "c@d"), FLOW))
    assert [kind for kind, _ in at.under("leg")] == ["sip.out", "sip.in"]


def test_credentials_never_reach_the_journal() -> None:
    at = Setup()
    at.legs["out"] = ("leg", "CON-1")
    at.trace(1, Dial("out", "sip:1@h", "sip:2@h", b"", FLOW))
    line = 'Authorization: Digest username="u", response="c0ffee"'
    at.trace(1, Send(message("INVITE sip:1@h SIP/2.0", "c@d", line), FLOW))
    assert b"c0ffee" not in at.journal.dump()
    assert b"Authorization" in at.journal.dump()


def test_what_belongs_to_nobody_is_bounded() -> None:
    at = Setup()
    for _ in range(3 * MAX_WAITING):
        at.trace(1, Received(message("OPTIONS sip:h SIP/2.0"), FLOW))
    at.trace(1, Received(b"garbage", FLOW))
    at.trace(1, HangUp("s"))
    assert at.journal.lines == []
    at.trace(2, invite("s", "a@b"))
    at.legs["s"] = ("leg", "CON-1")
    at.trace(3, Received(message("ACK sip:h SIP/2.0"), FLOW))
    assert len(at.journal.lines) == MAX_WAITING


def test_the_compact_name_and_odd_spaces_are_understood() -> None:
    assert call_id_of(b"INVITE x SIP/2.0\r\ni : abc \r\n\r\n") == "abc"
    assert call_id_of(b"INVITE x SIP/2.0\r\n\r\nCall-ID: in-the-body") is None


def test_strangers_cannot_fill_the_memory_with_messages_that_wait() -> None:
    at = Setup()
    text = "x" * 7_000
    for number in range(2_000):
        for _ in range(3):
            at.trace(1, Received(message("OPTIONS sip:h SIP/2.0", f"{number}@scan", text), FLOW))
    assert (
        sum(len(data["message"]) for lines in at.trace._waiting.values() for _, _, data in lines) < 8_000_000
    )


def test_a_call_keeps_its_leg_beside_as_many_calls_as_a_node_may_hold() -> None:
    at = Setup()
    for number in range(4_000):
        at.legs[f"s{number}"] = (f"leg{number}", "CON-1")
        at.trace(1, invite(f"s{number}", f"{number}@h"))
        at.trace(1, Send(message("SIP/2.0 180 Ringing", f"{number}@h"), FLOW))
    at.trace(2, Received(message("BYE sip:1@h SIP/2.0", "0@h"), FLOW))
    assert at.under("leg0")[-1] == ("sip.in", "BYE sip:1@h SIP/2.0")


def test_a_call_that_was_never_sent_takes_no_message_of_another() -> None:
    at = Setup()
    at.legs["refused"] = ("leg", "CON-1")
    at.trace(1, Dial("refused", "sip:1@h", "sip:2@h", b"", FLOW))
    at.trace(1, Failed("refused", 500, "a header holds a control character", (), local=True))
    at.trace(2, Send(message("INVITE sip:1@h SIP/2.0", "other@h"), FLOW))
    assert at.under("leg") == []


def test_a_call_that_got_no_leg_is_written_under_none_and_forgotten() -> None:
    at = Setup()
    at.trace(1, Received(message("INVITE sip:9@h SIP/2.0"), FLOW))
    at.trace(1, invite("refused", "a@b"))
    at.trace(2, Send(message("SIP/2.0 404 Not Found"), FLOW))
    at.trace(2 + QUIET, Received(message("OPTIONS sip:h SIP/2.0", "other@h"), FLOW))
    assert [line.data["message"][:10] for line in at.journal.lines] == ["INVITE sip", "SIP/2.0 40"]
    assert [line.leg for line in at.journal.lines] == [None, None]
    at.trace(3 + 2 * QUIET, Received(message("OPTIONS sip:h SIP/2.0", "third@h"), FLOW))
    assert list(at.trace._waiting) == ["third@h"]
    assert not at.trace._calls
    assert at.trace._held == len(message("OPTIONS sip:h SIP/2.0", "third@h"))


def test_a_call_in_which_nothing_is_said_keeps_its_leg_and_is_forgotten_after_its_end() -> None:
    at = Setup()
    at.legs["s"] = ("leg", "CON-1")
    at.trace(1, invite("s", "a@b"))
    at.trace(1, Send(message("SIP/2.0 200 OK"), FLOW))
    hour = 90 * QUIET
    for now in range(2 * QUIET, hour, 2 * QUIET):
        at.trace(now, Received(message("OPTIONS sip:h SIP/2.0", f"{now}@h"), FLOW))
    at.trace(hour, Received(message("BYE sip:1@h SIP/2.0"), FLOW))
    del at.legs["s"]
    at.trace(hour + QUIET, Send(message("SIP/2.0 200 OK"), FLOW))
    assert [first for _, first in at.under("leg")][1:] == ["BYE sip:1@h SIP/2.0", "SIP/2.0 200 OK"]
    at.trace(hour + 3 * QUIET, Received(message("OPTIONS sip:h SIP/2.0", "last@h"), FLOW))
    assert not at.trace._calls


def test_calls_that_grow_old_together_are_looked_at_a_few_at_a_time() -> None:
    at = Setup()
    asked: list[str] = []
    at.trace = SipTrace(at.journal, lambda session: asked.append(session))
    for number in range(5 * AT_ONCE):
        at.trace(1, invite(f"s{number}", f"{number}@h"))
    for number in range(4):
        at.trace(2 + QUIET, Received(message("OPTIONS sip:h SIP/2.0", f"stranger{number}@h"), FLOW))
    assert asked == [f"s{number}" for number in range(4 * AT_ONCE)]
    assert len(at.trace._calls) == AT_ONCE


def test_what_waits_at_the_end_is_written_under_the_leg_that_appeared_or_none() -> None:
    at = Setup()
    at.trace(1, Received(message("INVITE sip:1@h SIP/2.0"), FLOW))
    at.trace(1, invite("s", "a@b"))
    at.trace(2, Received(message("OPTIONS sip:h SIP/2.0", "other@h"), FLOW))
    at.legs["s"] = ("leg", "CON-1")
    at.trace.close()
    assert [(line.t, line.leg) for line in at.journal.lines] == [(1, "leg"), (2, None)]
    assert at.trace._held == 0
