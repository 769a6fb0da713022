"""B15: admission by network, rate and behaviour."""

import pytest

from offhook.core.clock import NS_PER_SECOND
from offhook.transport.acl import (
    GARBAGE_BURST,
    REFUSAL_BURST,
    Acl,
    is_keepalive,
    is_scanner,
    looks_like_sip,
    status_of,
)

OPTIONS = b"OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nUser-Agent: Example\r\n\r\n"
SCAN = OPTIONS.replace(b"Example", b"Friendly-Scanner")
HOST = "192.0.2.1"


def test_an_empty_list_admits_everybody() -> None:
    assert Acl().admits(0, HOST, OPTIONS)
    assert Acl().admits(0, "2001:db8::1", OPTIONS)


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("192.0.2.1", True),
        ("192.0.2.66", False),
        ("198.51.100.1", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("::ffff:192.0.2.1", True),
        ("fe80::1%eth0", True),
        ("203.0.113.5", True),
        ("not an address", False),
    ],
)
def test_networks(host: str, admitted: bool) -> None:
    acl = Acl(
        allow=["192.0.2.0/24", "2001:db8::/32", "fe80::/10"], deny=["192.0.2.66"], trusted=["203.0.113.0/28"]
    )
    assert acl.admits(0, host, OPTIONS) is admitted


def test_a_wrong_network_is_said_so() -> None:
    with pytest.raises(ValueError, match=r"192\.0\.2\.0/99"):
        Acl(allow=["192.0.2.0/99"])


def test_b15_a_source_above_its_rate_gets_silence_and_recovers() -> None:
    acl = Acl(rate=10, burst=5)
    assert [acl.admits(0, HOST, OPTIONS) for _ in range(7)] == [True] * 5 + [False] * 2
    assert acl.admits(0, "192.0.2.2", OPTIONS)
    assert acl.admits(NS_PER_SECOND // 10, HOST, OPTIONS)
    assert not acl.admits(NS_PER_SECOND // 10, HOST, OPTIONS)
    assert [acl.admits(100 * NS_PER_SECOND, HOST, OPTIONS) for _ in range(7)] == [True] * 5 + [False] * 2


def test_b15_garbage_is_never_admitted_and_too_much_of_it_shuts_the_door() -> None:
    acl = Acl()
    for _ in range(int(GARBAGE_BURST) - 1):
        assert not acl.admits(0, HOST, b"GET / HTTP/1.1\r\n\r\n")
    assert acl.admits(0, HOST, OPTIONS)
    assert not acl.admits(0, HOST, b"\xff\xff\xff\xff\xff")
    assert not acl.admits(0, HOST, OPTIONS)
    assert acl.admits(2 * NS_PER_SECOND, HOST, OPTIONS)


def test_b15_scanners_get_silence() -> None:
    acl = Acl()
    assert not acl.admits(0, HOST, SCAN)
    assert acl.admits(0, HOST, OPTIONS)


def test_b15_every_silence_is_counted_under_its_rule() -> None:
    acl = Acl(allow=["192.0.2.0/24"], deny=["192.0.2.66"], rate=1, burst=3)
    acl.admits(0, "192.0.2.66", OPTIONS)
    acl.admits(0, "198.51.100.1", OPTIONS)
    acl.admits(0, HOST, SCAN)
    acl.admits(0, HOST, b"GET / HTTP/1.1\r\n")
    acl.admits(0, HOST, OPTIONS)
    acl.admits(0, HOST, OPTIONS)
    for _ in range(11):
        acl.may_answer(0, HOST, b"SIP/2.0 400 Bad Request\r\n\r\n")
    assert acl.silences == {
        "deny": 1,
        "not allowed": 1,
        "scanner": 1,
        "garbage": 1,
        "rate": 1,
        "refusals": 1,
    }


def test_b15_trusted_sources_are_never_held_back() -> None:
    acl = Acl(trusted=[HOST], rate=1, burst=1)
    refusal = b"SIP/2.0 405 Method Not Allowed\r\n\r\n"
    assert all(acl.admits(0, HOST, OPTIONS) for _ in range(100))
    assert all(acl.may_answer(0, HOST, refusal) for _ in range(100))


def test_b15_refusals_are_limited_per_source() -> None:
    acl = Acl()
    refusal = b"SIP/2.0 400 Bad Request\r\n\r\n"
    answers = [acl.may_answer(0, HOST, refusal) for _ in range(int(REFUSAL_BURST) + 3)]
    assert answers == [True] * int(REFUSAL_BURST) + [False] * 3
    assert acl.may_answer(0, "192.0.2.2", refusal)
    assert acl.may_answer(NS_PER_SECOND, HOST, refusal)


@pytest.mark.parametrize(
    "line", [b"SIP/2.0 200 OK", b"SIP/2.0 486 Busy Here", b"SIP/2.0 401 Unauthorized", b"BYE x SIP/2.0"]
)
def test_b15_other_messages_are_not_limited(line: bytes) -> None:
    acl = Acl()
    assert all(acl.may_answer(0, HOST, line + b"\r\n\r\n") for _ in range(100))


@pytest.mark.parametrize(
    ("data", "sip"),
    [
        (OPTIONS, True),
        (b"\r\n\r\n" + OPTIONS, True),
        (b"SIP/2.0 200 OK\r\n", True),
        (b"invite sip:a sip/2.0\r\n", True),
        (b"GET / HTTP/1.1\r\n", False),
        (b"", False),
        (b"\x00" * 100, False),
    ],
)
def test_a_glance_at_the_first_line(data: bytes, sip: bool) -> None:
    assert looks_like_sip(data) is sip


def test_keep_alives() -> None:
    assert all(is_keepalive(data) for data in (b"", b"\r\n\r\n", b"\0\0\0\0", b"  "))
    assert not is_keepalive(b"\r\n\r\n\r\n")


def test_a_scanner_is_known_by_its_user_agent_only() -> None:
    assert is_scanner(SCAN)
    assert not is_scanner(OPTIONS.replace(b"Via:", b"From: <sip:diwari@a>\r\nVia:"))
    assert not is_scanner(OPTIONS + b"\r\nUser-Agent: sipvicious")


def test_statuses() -> None:
    assert status_of(b"SIP/2.0 404 Not Found") == 404
    assert status_of(OPTIONS) == 0
    assert status_of(b"SIP/2.0 xyz") == 0


def test_b15_a_trunk_is_heard_again_once_it_is_trusted() -> None:
    acl = Acl(rate=1.0, burst=1.0)
    for _ in range(50):
        acl.admits(0, "203.0.113.7", b"garbage")
    assert not acl.admits(0, "203.0.113.7", b"INVITE sip:1@h SIP/2.0\r\n\r\n")
    acl.trust(["203.0.113.0/24"])
    assert acl.admits(0, "203.0.113.7", b"INVITE sip:1@h SIP/2.0\r\n\r\n")
    acl.trust([])
    assert not acl.admits(0, "203.0.113.7", b"INVITE sip:1@h SIP/2.0\r\n\r\n")
