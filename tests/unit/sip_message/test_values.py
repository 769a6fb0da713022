"""URIs, parameters, Via and header lists: lossless, tolerant of what real peers write."""

import pytest

from offhook.core.errors import RemoteProtocolError
from offhook.sip.address import Address
from offhook.sip.grammar import is_clean, quote, split, unescape, unquote
from offhook.sip.message import Headers, key_of
from offhook.sip.params import Params
from offhook.sip.uri import Uri
from offhook.sip.via import Via


def test_a_full_sip_uri() -> None:
    uri = Uri.parse("SIP:alice%20x:se:cret@Example.com:5070;transport=tcp;lr?Subject=a%20b&X=1")
    assert (uri.scheme, uri.user, uri.password) == ("sip", "alice%20x", "se:cret")
    assert (uri.host, uri.port, str(uri.params)) == ("Example.com", 5070, ";transport=tcp;lr")
    assert uri.headers == "Subject=a%20b&X=1"
    assert uri.user_name == "alice x"
    assert str(uri) == "SIP:alice%20x:se:cret@Example.com:5070;transport=tcp;lr?Subject=a%20b&X=1"


def test_semicolons_and_question_marks_in_the_user_part() -> None:
    uri = Uri.parse("sip:user;par=u%40example.net?x@example.com;a=b")
    assert uri.user == "user;par=u%40example.net?x"
    assert uri.user_name == "user"
    assert str(uri.params) == ";a=b"


@pytest.mark.parametrize(
    ("text", "lr"), [("sip:a;lr", True), ("sip:a;lr=on", True), ("sip:a;LR=true", True), ("sip:a;lrx", False)]
)
def test_loose_router(text: str, lr: bool) -> None:
    assert Uri.parse(text).lr is lr


def test_ipv6_uri_and_back() -> None:
    uri = Uri.parse("sip:a@[2001:db8::1]:5060")
    assert (uri.host, uri.port) == ("2001:db8::1", 5060)
    assert str(Uri("sip", "a", None, "2001:db8::1", 5060)) == "sip:a@[2001:db8::1]:5060"


def test_tel_and_opaque_uris() -> None:
    tel = Uri.parse("tel:+44-20-7946;phone-context=example.com")
    assert (tel.user_name, tel.params.get("phone-context")) == ("+44-20-7946", "example.com")
    assert str(Uri("tel", "123")) == "tel:123"
    urn = Uri.parse("urn:uuid:f81d4fae")
    assert (urn.scheme, urn.host, str(urn)) == ("urn", "", "urn:uuid:f81d4fae")


@pytest.mark.parametrize(
    "text", ["", "a", ":", "1sip:a", "sip:a b", "sip:[::1", "sip:a:b:c", "sip:2001:db8::1", "sip:a:99999"]
)
def test_malformed_uris(text: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        Uri.parse(text)
    assert caught.value.status == 400


@pytest.mark.parametrize("host", ["sbc01", "host1", "my_host", "a.b-c.example", "192.0.2.1"])
def test_hosts_that_peers_have(host: str) -> None:
    assert Via.parse(f"SIP/2.0/UDP {host}:5070;branch=z9hG4bK1").host == host
    assert Uri.parse(f"sip:{host}").host == host


def test_nothing_is_percent_encoded_or_decoded_on_the_way() -> None:
    text = '<sip:a@b>;tag=10+1;+sip.instance="<urn:uuid:0>";x=%41'
    address = Address.parse(text)
    assert str(address) == text
    assert address.params.get("+sip.instance") == "<urn:uuid:0>"
    assert address.params.get("x") == "%41"
    rebuilt = Address(address.display, address.uri, address.params)
    assert str(rebuilt) == text


def test_params_keep_order_case_and_form() -> None:
    params = Params.parse(';A=1; b ; C = "x;y" ;;d=')
    assert list(params) == [("A", "1"), ("b", None), ("C", '"x;y"'), ("d", "")]
    assert (params.get("a"), params.get("b"), params.get("c"), params.get("d")) == ("1", "", "x;y", "")
    assert params.get("e") is None
    assert str(params.having("B", "2")) == ';A=1;b=2;C="x;y";d='
    assert str(params.lacking("c").having("e", None)) == ";A=1;b;d=;e"


@pytest.mark.parametrize("text", [";=1", ';a="x', ";" + ";".join(["x"] * 65)])
def test_malformed_params(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        Params.parse(text)


@pytest.mark.parametrize(
    ("text", "display", "uri"),
    [
        ("<sip:a@b>", "", "sip:a@b"),
        ("  Anne <sip:a@b>", "Anne", "sip:a@b"),
        ('"A" <sip:a@b>', "A", "sip:a@b"),
        ('"" <sip:a@b>', "", "sip:a@b"),
        ('"A"<sip:a@b>', "A", "sip:a@b"),
        ("sip:a@b", "", "sip:a@b"),
        ('"x" <urn:service:sos>', "x", "urn:service:sos"),
        ("<tel:+44>;x", "", "tel:+44"),
        ("< sip:a@b >", "", "sip:a@b"),
    ],
)
def test_addresses(text: str, display: str, uri: str) -> None:
    address = Address.parse(text)
    assert (address.display, address.uri) == (display, uri)
    assert str(address) == text.strip()


def test_addresses_we_make() -> None:
    assert str(Address("", "sip:a@b")) == "<sip:a@b>"
    assert str(Address("Jane Doe", "sip:a@b").with_tag("1")) == "Jane Doe <sip:a@b>;tag=1"
    assert str(Address('J "D", Dr.', "sip:a@b")) == '"J \\"D\\", Dr." <sip:a@b>'
    assert str(Address("", "sip:a@b").with_tag("1").with_tag("2")) == "<sip:a@b>;tag=2"
    assert str(Address.parse('"x"  <sip:a@b> ;y=1').with_tag("2")) == '"x"  <sip:a@b> ;y=1;tag=2'


def test_via_parts() -> None:
    via = Via.parse("SIP / 2.0 / tcp  [2001:DB8::1] : 5070 ; branch = z9hG4bK1 ;rport")
    assert (via.transport, via.host, via.port, via.branch) == ("TCP", "2001:DB8::1", 5070, "z9hG4bK1")
    assert via.sent_by == "[2001:db8::1]:5070"
    assert via.wants_rport
    assert via.rport is None
    assert str(Via("UDP", "2001:db8::1", 5060, via.params)) == (
        "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1;rport"
    )


def test_via_with_a_senseless_rport() -> None:
    with pytest.raises(RemoteProtocolError, match="rport"):
        _ = Via.parse("SIP/2.0/UDP a;rport=x").rport


def test_quoted_text() -> None:
    assert quote('a"b\\c') == '"a\\"b\\\\c"'
    assert unquote(quote('a"b\\c')) == 'a"b\\c'
    assert unquote("plain") == "plain"
    assert split('a, "b, c", <d, e>', ",") == ["a", '"b, c"', "<d, e>"]
    assert split("<a, b>", ",", angle=False) == ["<a", "b>"]


def test_unescape() -> None:
    assert unescape("a%20%C3%BC%ff%zz%") == "a ü\udcff%zz%"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\tb", True),
        ("a\x01b", False),
        ('"\\\x01"', True),
        ('"\x01"', False),
        ('"\\\r"', False),
        ('"a" \x00', False),
        ('"\\\x00', False),
    ],
)
def test_control_characters_only_in_quoted_pairs(text: str, clean: bool) -> None:
    assert is_clean(text) is clean


def test_headers_as_a_list_of_lines() -> None:
    lines = Headers([("v", "1"), ("To", "2"), ("VIA", "3")])
    assert lines.get("Via") == "1"
    assert lines.get_all("via") == ["1", "3"]
    assert lines.get("From") is None
    assert "V" in lines
    lines.set("t", "4")
    lines.add("X", "5")
    copied = lines.copy()
    lines.set("Via", "6")
    lines.remove("x")
    assert lines.items() == [("v", "6"), ("To", "4")]
    assert copied.items() == [("v", "1"), ("To", "4"), ("VIA", "3"), ("X", "5")]
    assert copied.count("via") == 2
    assert copied != lines


@pytest.mark.parametrize(
    ("name", "key"), [("I", "call-id"), ("l", "content-length"), ("X-A", "x-a"), ("z", "z")]
)
def test_compact_names(name: str, key: str) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize(
    "uri", ["sip:a b@example.com", "sip:a\tb@example.com", "sip:a\x7fb@example.com", "sip:Via: :a@x"]
)
def test_an_address_with_a_space_in_its_uri_is_malformed(uri: str) -> None:
    """It would become the Request-URI of our BYE, which nobody could read."""
    for text in (f"<{uri}>;tag=1", uri, f'"A \\" B" <{uri}>'):
        with pytest.raises(RemoteProtocolError, match="white space or a control character") as caught:
            Address.parse(text)
        assert caught.value.status == 400


def test_white_space_around_the_uri_of_an_address_is_no_part_of_it() -> None:
    assert Address.parse("< sip:a@example.com >").uri == "sip:a@example.com"
