"""Which addresses, ports, schemes and redirects the policy permits."""

import asyncio
import ipaddress

import pytest

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy, SystemResolver

DENY = FetchPolicy(private=False)
ALLOW = FetchPolicy(private=True)

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "0.1.2.3",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2001:0:7f00:1::",
    "3fff::1",
    "4000::1",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
]
NEVER = ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:224.0.0.1", "::ffff:0.0.0.0"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert DENY.objection(address) is None


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_not_public(address: str) -> None:
    assert DENY.objection(address) is not None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_is_permitted_by_the_setting_that_is_named(address: str) -> None:
    assert "OFFHOOK_FETCH__PRIVATE=allow" in str(DENY.objection(address))
    assert ALLOW.objection(address) is None


@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_are_refused_even_where_private_addresses_are_not(address: str) -> None:
    for policy in (ALLOW, DENY):
        assert "OFFHOOK_FETCH__NETWORKS" in str(policy.objection(address))
    assert listing(address).objection(address) is None


def listing(*texts: str) -> FetchPolicy:
    return FetchPolicy(private=False, networks=tuple(ipaddress.ip_network(text) for text in texts))


def test_listed_networks_are_reached_and_no_others() -> None:
    policy = listing("10.1.0.0/16", "fd00:1::/32")
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5", "8.8.8.8"):
        assert policy.objection(address) is None
    for address in ("10.2.0.1", "127.0.0.1", "::1", "fd00:2::1", "169.254.169.254", "::ffff:10.2.0.1"):
        assert policy.objection(address) is not None
    for address in NEVER:
        assert policy.objection(address) is not None


@pytest.mark.parametrize("address", NEVER)
def test_never(address: str) -> None:
    assert "never" in str(ALLOW.objection(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example/x?y#z",
        "http://app.example",
        "http://app.example:8080/",
        "https://user:pw@app.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:8443/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_good_urls(url: str) -> None:
    DENY.check_url(url)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://a.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://a.example/", "scheme"),
        ("ws://a.example/", "scheme"),
        ("app.example/x", "scheme"),
        ("", "scheme"),
        ("http:///x", "no host"),
        ("http://a.example:22/", "port 22"),
        ("http://a.example:5060/", "port 5060"),
        ("http://a.example:0/", "port 0"),
        ("http://a.example:99999/", "not a URL"),
        ("http://a.example:x/", "not a URL"),
        ("http://[::1/", "not a URL"),
        ("http://a.example\\@127.0.0.1/", "backslash"),
        ("http://a.example/\r\nHost: b", "control"),
        ("http://a b.example/", "space"),
        ("http://127.0.0.1/", "OFFHOOK_FETCH__PRIVATE"),
        ("http://a.example@127.0.0.1/", "OFFHOOK_FETCH__PRIVATE"),
        ("http://[::ffff:127.0.0.1]/", "OFFHOOK_FETCH__PRIVATE"),
        ("http://2130706433/", "usual form"),
        ("http://127.1/", "usual form"),
        ("http://0x7f000001/", "usual form"),
        ("http://0177.0.0.1/", "usual form"),
        ("http://127.0.0.1./", "usual form"),
    ],
)
def test_bad_urls(url: str, text: str) -> None:
    with pytest.raises(DeliveryError, match=text) as caught:
        DENY.check_url(url)
    assert not caught.value.retryable


def test_a_message_does_not_show_a_query_or_control_characters() -> None:
    with pytest.raises(DeliveryError) as caught:
        DENY.check_url("http://a\x1b[31m.example/?token=secret")
    assert "secret" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


class FakeResolver:
    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(self, host: str, port: int) -> list[str]:
        if not self.addresses:
            raise OSError("no such name")
        return self.addresses


def resolved(policy: FetchPolicy, host: str, *addresses: str) -> list[str]:
    return asyncio.run(policy.addresses(host, 443, FakeResolver(*addresses)))


def test_names_by_their_addresses() -> None:
    assert resolved(DENY, "a.example", "8.8.8.8") == ["8.8.8.8"]
    assert resolved(DENY, "a.example", "10.0.0.1", "8.8.8.8") == ["8.8.8.8"]
    assert resolved(ALLOW, "a.example", "10.0.0.1") == ["10.0.0.1"]
    with pytest.raises(DeliveryError, match=r"a\.example: 10\.0\.0\.1 is a private address"):
        resolved(DENY, "a.example", "10.0.0.1", "::1")


def test_a_name_without_addresses_may_have_some_later() -> None:
    with pytest.raises(DeliveryError, match="has no address") as caught:
        resolved(DENY, "a.example")
    assert caught.value.retryable


def test_literals_are_not_resolved() -> None:
    assert resolved(DENY, "8.8.8.8", "127.0.0.1") == ["8.8.8.8"]
    with pytest.raises(DeliveryError):
        resolved(DENY, "127.0.0.1", "8.8.8.8")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "https://a.example/b"),
        ("b?c", "https://a.example/x/b?c"),
        ("https://other.example/", "https://other.example/"),
        ("//other.example/y", "https://other.example/y"),
    ],
)
def test_redirects(location: str, target: str) -> None:
    assert DENY.check_redirect("https://a.example/x/y", location) == target


@pytest.mark.parametrize(
    "location", ["http://a.example/", "//127.0.0.1/", "ftp://a/", "https://a.example:25/"]
)
def test_redirects_that_are_not_followed(location: str) -> None:
    with pytest.raises(DeliveryError):
        DENY.check_redirect("https://a.example/", location)


def test_the_system_knows_localhost() -> None:
    found = asyncio.run(SystemResolver().resolve("localhost", 80))
    assert set(found) & {"127.0.0.1", "::1"}
