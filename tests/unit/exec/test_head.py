"""Heads of requests to a proxy: where they want to go, and what the next one gets."""

import pytest

from offhook.core.errors import RemoteProtocolError
from offhook.exec.head import Destination, destination, for_next_proxy, for_origin, parse


def head(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("CONNECT api.nexmo.com:443 HTTP/1.1",), Destination("api.nexmo.com", 443)),
        (("CONNECT api.nexmo.com HTTP/1.1",), Destination("api.nexmo.com", 443)),
        (("CONNECT [::1]:8443 HTTP/1.1",), Destination("::1", 8443)),
        (("GET http://Example.org/x HTTP/1.1",), Destination("example.org", 80)),
        (("GET https://example.org:444/x HTTP/1.1",), Destination("example.org", 444, tls=True)),
        (("GET /x HTTP/1.1", "Host: api.nexmo.com"), Destination("api.nexmo.com", 80)),
        (("OPTIONS * HTTP/1.1", "host: api.nexmo.com:8080"), Destination("api.nexmo.com", 8080)),
    ],
)
def test_destinations(lines: tuple[str, ...], expected: Destination) -> None:
    assert destination(parse(head(*lines))) == expected


@pytest.mark.parametrize(
    "data",
    [
        head("GET /x"),
        head("GET /x HTTP/2.0"),
        head("G=T /x HTTP/1.1"),
        head("GET /x HTTP/1.1", "no colon"),
        head("GET /x HTTP/1.1", "Name : value"),
        head("GET /x HTTP/1.1", " folded: value"),
        head("GET /x HTTP/1.1", "Host: a\nX: b"),
        head("GET /x HTTP/1.1"),
        head("GET ftp://example.org/x HTTP/1.1"),
        head("GET http:///x HTTP/1.1"),
        head("CONNECT example.org:port HTTP/1.1"),
        head("CONNECT [::1 HTTP/1.1"),
        b"\xff\xfe\r\n\r\n",
    ],
)
def test_what_is_no_request_is_400(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        destination(parse(data))
    assert caught.value.status == 400


def test_the_origin_gets_a_path_and_nothing_of_this_hop() -> None:
    given = head(
        "POST http://api.nexmo.com/v1/calls?a=1 HTTP/1.1",
        "Host: api.nexmo.com",
        "Proxy-Authorization: Basic eA==",
        "Proxy-Connection: keep-alive",
        "Connection: keep-alive",
        "Content-Length: 2",
    )
    assert for_origin(parse(given)).serialise() == head(
        "POST /v1/calls?a=1 HTTP/1.1", "Host: api.nexmo.com", "Content-Length: 2", "Connection: close"
    )
    assert for_origin(parse(head("GET http://example.org HTTP/1.1"))).target == "/"


def test_the_next_proxy_gets_the_whole_url_and_its_own_credentials() -> None:
    given = head("GET http://example.org/x HTTP/1.1", "Host: example.org", "Proxy-Authorization: Basic eA==")
    assert for_next_proxy(parse(given), "Basic eQ==").serialise() == head(
        "GET http://example.org/x HTTP/1.1",
        "Host: example.org",
        "Proxy-Authorization: Basic eQ==",
        "Connection: close",
    )


def test_authority() -> None:
    assert (Destination("::1", 80).authority, Destination("a", 80).authority) == ("[::1]:80", "a:80")
