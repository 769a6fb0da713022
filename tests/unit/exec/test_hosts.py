"""Which hosts are served, and what of NO_PROXY would take them past the proxy."""

import re

import pytest

from offhook.exec.hosts import SERVED, covers_served, is_loopback, is_served, refusal


@pytest.mark.parametrize(
    "host",
    [
        "api.nexmo.com",
        "API.Nexmo.Com.",
        "rest.nexmo.com",
        "api-us-1.nexmo.com",
        "api-eu.nexmo.com",
        "api-eu-3.vonage.com",
        "api-us.vonage.com",
        "api-prd.kpn.com",
    ],
)
def test_served(host: str) -> None:
    assert is_served(host)


@pytest.mark.parametrize(
    "host",
    [
        "nexmo.com",
        "api.nexmo.com.example.org",
        "xapi.nexmo.com",
        "api-.example.vonage.com",
        "dashboard.nexmo.com",
        "video.api.vonage.com",
        "kpn.com",
        "api-acc.kpn.com",
        "api-eu-3.vonage.com\n",
        "",
    ],
)
def test_not_served(host: str) -> None:
    assert not is_served(host)


def test_the_expression_means_the_same_in_javascript() -> None:
    assert re.fullmatch(r"[\w().?:|\\\[\]+-]+", SERVED), "nothing that Python alone knows"


@pytest.mark.parametrize(
    "host", ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::ffff:127.0.0.1"]
)
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.org", "::2", "::ffff:10.0.0.1", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        " .com",
        "nexmo.com",
        ".vonage.com",
        "*.vonage.com",
        "api.nexmo.com",
        "api.nexmo.com:443",
        "kpn.com",
    ],
)
def test_entries_that_cover_served_hosts(entry: str) -> None:
    assert covers_served(entry)


@pytest.mark.parametrize("entry", ["", "example.com", "10.0.0.0/8", "::1", "notnexmo.com", "*.org"])
def test_entries_that_do_not(entry: str) -> None:
    assert not covers_served(entry)


def test_the_refusal_names_the_host_and_the_option() -> None:
    assert "example.org" in refusal("example.org")
    assert "--others pass" in refusal("example.org")
