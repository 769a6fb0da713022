"""G1–G5: digest authentication, both sides, against the published examples."""

import pytest

from offhook.core.clock import NS_PER_SECOND
from offhook.core.errors import RemoteProtocolError
from offhook.sip.commands import Credentials
from offhook.sip.credentials import AuthHeader, parse_auth_list
from offhook.sip.digest import Authenticator, NonceSource
from offhook.sip.digest_hash import Proof
from offhook.sip.headers import authorizations, challenges
from offhook.sip.message import Headers, Request, Response
from offhook.sip.nonces import MAX_COUNTS, NONCE_AGE

BOB = Credentials("bob", "zanzibar")
URI = "sip:b@example.com"


def asked(*values: str, proxy: bool = False) -> list[AuthHeader]:
    return [header for value in values for header in parse_auth_list(value, proxy=proxy)]


def given(value: str) -> AuthHeader:
    return parse_auth_list(value, proxy=False)[0]


def test_g_rfc7616_section_3_9_1_examples() -> None:
    common = {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "uri": "/dir/index.html",
        "method": "GET",
        "qop": "auth",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "count": "00000001",
    }
    md5 = Proof(algorithm="MD5", **common)  # type: ignore[arg-type]
    sha = Proof(algorithm="SHA-256", **common)  # type: ignore[arg-type]
    assert md5.response("Circle of Life") == "8ca523f5e9506fed4657c9700eebdbec"
    assert (
        sha.response("Circle of Life") == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    )


def test_g2_missing_qop_is_the_form_of_rfc_2069() -> None:
    # An example of draft-smith-sipping-auth-examples.
    proof = Proof(
        "MD5", "bob", "biloxi.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "sip:bob@biloxi.com", "INVITE"
    )
    assert proof.response("zanzibar") == "bf57e4e0d0bffc0fbaedce64d59add5e"


def test_g1_several_challenges_on_one_line_and_on_several() -> None:
    response = Response(
        401,
        "Unauthorized",
        Headers(
            [
                ("WWW-Authenticate", 'Digest realm="a, b", nonce="1", qop="auth,auth-int", Basic realm="c"'),
                ("WWW-Authenticate", 'Digest realm="d",nonce="2",algorithm=SHA-256'),
                ("Proxy-Authenticate", 'Digest realm="e", nonce="3"'),
            ]
        ),
    )
    found = challenges(response)
    assert [(c.scheme, c.get("realm"), c.proxy) for c in found] == [
        ("digest", "a, b", False),
        ("basic", "c", False),
        ("digest", "d", False),
        ("digest", "e", True),
    ]
    assert found[0].get("qop") == "auth,auth-int"


def test_g1_the_strongest_supported_is_answered() -> None:
    header = Authenticator(BOB).answer(
        asked(
            'Digest realm="r", nonce="1", algorithm=MD5, qop="auth"',
            'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"',
            'Digest realm="r", nonce="3", algorithm=SHA-512-256, qop="auth"',
            'Basic realm="r"',
        ),
        "INVITE",
        URI,
    )
    assert header is not None
    assert header[0] == "Authorization"
    assert given(header[1]).get("algorithm") == "SHA-256"
    assert given(header[1]).get("nonce") == "2"


def test_g1_every_realm_gets_its_own_header() -> None:
    made = Authenticator(BOB).answers(
        [
            *asked('Digest realm="one", nonce="1"'),
            *asked('Digest realm="two", nonce="2"', 'Digest realm="three", nonce="3"', proxy=True),
        ],
        "INVITE",
        URI,
    )
    assert [(name, given(value).get("realm")) for name, value in made] == [
        ("Authorization", "one"),
        ("Proxy-Authorization", "two"),
        ("Proxy-Authorization", "three"),
    ]


def test_g1_a_second_proxy_on_the_way_keeps_the_first_satisfied() -> None:
    client = Authenticator(BOB)
    client.answers(asked('Digest realm="one", nonce="1"', proxy=True), "INVITE", URI)
    made = client.answers(asked('Digest realm="two", nonce="2"', proxy=True), "INVITE", URI)
    assert [given(value).get("realm") for _, value in made] == ["one", "two"]


def test_g1_nothing_supported_means_give_up() -> None:
    client = Authenticator(BOB)
    assert client.answers(asked('Digest realm="r", nonce="1", algorithm=AKAv1-MD5'), "INVITE", URI) == []
    assert client.answers(asked('Basic realm="r"'), "INVITE", URI) == []
    assert client.answers(asked('Digest realm="r", nonce="1", qop="token"'), "INVITE", URI) == []
    assert client.answers([], "INVITE", URI) == []


def test_g2_quoting_is_as_the_rfc_has_it() -> None:
    value = Authenticator(BOB).answers(
        asked('Digest realm="r", nonce="n", opaque="", algorithm=MD5, qop="auth,auth-int"'), "INVITE", URI
    )[0][1]
    for part in (
        'username="bob"',
        'realm="r"',
        'nonce="n"',
        f'uri="{URI}"',
        "algorithm=MD5,",
        'opaque=""',
        "qop=auth,",
        "nc=00000001",
        'cnonce="',
        'response="',
    ):
        assert part in value


def test_g2_missing_qop_sends_no_count_and_no_cnonce() -> None:
    value = given(Authenticator(BOB).answers(asked('Digest realm="r", nonce="n"'), "INVITE", URI)[0][1])
    assert set(value.params) == {"username", "realm", "nonce", "uri", "response"}
    assert value.get("response") == Proof("MD5", "bob", "r", "n", URI, "INVITE").response("zanzibar")


def test_g2_auth_int_covers_the_body() -> None:
    challenge = asked('Digest realm="r", nonce="n", qop="auth-int"')
    one, two = (
        given(Authenticator(BOB).answers(challenge, "INVITE", URI, body)[0][1]) for body in (b"one", b"two")
    )
    assert one.get("qop") == "auth-int"
    assert one.get("response") != two.get("response")


@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-256-sess"])
def test_g2_session_algorithms(algorithm: str) -> None:
    challenge = asked(f'Digest realm="r", nonce="n", algorithm={algorithm}, qop="auth"')
    value = given(Authenticator(BOB).answers(challenge, "INVITE", URI)[0][1])
    proof = Proof(algorithm, "bob", "r", "n", URI, "INVITE", "auth", value.get("cnonce") or "", "00000001")
    assert value.get("response") == proof.response("zanzibar")
    plain = Proof(
        algorithm[:-5], "bob", "r", "n", URI, "INVITE", "auth", value.get("cnonce") or "", "00000001"
    )
    assert value.get("response") != plain.response("zanzibar")


def count(headers: list[tuple[str, str]]) -> str | None:
    return given(headers[0][1]).get("nc")


def test_g3_nc_rises_per_nonce_and_starts_again_with_a_new_one() -> None:
    client = Authenticator(BOB)
    challenge = asked('Digest realm="r", nonce="1", qop="auth"')
    assert count(client.answers(challenge, "INVITE", URI)) == "00000001"
    assert count(client.authorize("BYE", URI)) == "00000002"
    renewed = asked('Digest realm="r", nonce="2", qop="auth"')
    assert count(client.answers(renewed, "BYE", URI)) == "00000001"
    assert count(client.authorize("OPTIONS", URI)) == "00000002"


def test_g3_the_same_nonce_again_goes_on_counting() -> None:
    client = Authenticator(BOB)
    challenge = asked('Digest realm="r", nonce="1", qop="auth"')
    client.answers(challenge, "INVITE", URI)
    assert count(client.answers(challenge, "BYE", URI)) == "00000002"


def test_g3_stale_retries_silently_and_not_for_ever() -> None:
    client = Authenticator(BOB)
    assert client.answers(asked('Digest realm="r", nonce="0"'), "INVITE", URI)
    tries = [
        client.answers(asked(f'Digest realm="r", nonce="{n}", stale=TRUE'), "INVITE", URI)
        for n in range(1, 9)
    ]
    assert [bool(made) for made in tries] == [True] * 3 + [False] * 5


def test_g3_a_second_refusal_without_stale_is_final() -> None:
    client = Authenticator(BOB)
    assert client.answers(asked('Digest realm="r", nonce="1"'), "INVITE", URI)
    assert client.answers(asked('Digest realm="r", nonce="2"'), "INVITE", URI) == []


def test_g3_after_success_a_new_challenge_is_answered_again() -> None:
    client = Authenticator(BOB)
    assert client.answers(asked('Digest realm="r", nonce="1"'), "INVITE", URI)
    client.learn(Response(180, "Ringing"))
    client.learn(Response(200, "OK"))
    assert client.answers(asked('Digest realm="r", nonce="2"'), "INVITE", URI)


def test_g3_nextnonce_is_used() -> None:
    client = Authenticator(BOB)
    client.answers(asked('Digest realm="r", nonce="1", qop="auth"'), "INVITE", URI)
    client.learn(
        Response(200, "OK", Headers([("Authentication-Info", 'qop=auth, nextnonce="2", nc=00000001')]))
    )
    value = given(client.authorize("BYE", URI)[0][1])
    assert (value.get("nonce"), value.get("nc")) == ("2", "00000001")
    client.learn(Response(200, "OK", Headers([("Authentication-Info", '"')])))
    assert given(client.authorize("BYE", URI)[0][1]).get("nonce") == "2"


def test_g4_a_dumped_client_goes_on_where_it_was() -> None:
    client = Authenticator(BOB)
    client.answers(asked('Digest realm="r", nonce="1", qop="auth"', proxy=True), "INVITE", URI)
    again = Authenticator.load(BOB, client.dump())
    assert again.dump() == client.dump()
    assert again.authorize("BYE", URI) == client.authorize("BYE", URI)
    assert again.answers(asked('Digest realm="r", nonce="2"', proxy=True), "INVITE", URI) == []


def test_g1_a_challenge_that_could_not_be_sent_back_is_passed_over() -> None:
    assert Authenticator(BOB).answers(asked('Digest realm="\\\x00", nonce="1"'), "INVITE", URI) == []


# The server side.


def login(
    source: NonceSource, now: int = 0, which: int = 0, who: Credentials = BOB, **options: bool
) -> AuthHeader:
    value = source.challenge(now, "offhook", **options)[which]
    return given(Authenticator(who).answers(asked(value), "INVITE", URI)[0][1])


@pytest.mark.parametrize("which", [0, 1])
def test_g5_both_algorithms_are_offered_and_accepted(which: int) -> None:
    source = NonceSource(b"secret")
    offered = source.check(NS_PER_SECOND, login(source, which=which), "INVITE")
    assert (offered.username, offered.realm, offered.stale) == ("bob", "offhook", False)
    assert not offered.matches("wrong")
    assert offered.matches("zanzibar")
    assert offered.matches("zanzibar")


def test_g5_the_strongest_comes_first() -> None:
    values = NonceSource(b"secret").challenge(0, "offhook", stale=True)
    assert [given(value).get("algorithm") for value in values] == ["SHA-256", "MD5"]
    assert {given(value).get("stale") for value in values} == {"true"}
    assert given(values[0]).get("qop") == "auth"


def test_g5_an_old_nonce_is_stale_whatever_the_password() -> None:
    source = NonceSource(b"secret")
    credentials = login(source, now=5)
    assert not source.check(5 + NONCE_AGE, credentials, "INVITE").stale
    offered = source.check(6 + NONCE_AGE, credentials, "INVITE")
    assert offered.stale
    assert not offered.matches("zanzibar")


@pytest.mark.parametrize("nonce", ["", "ü", "abc", "A" * 40, "x" * 2000])
def test_g5_a_nonce_that_is_not_ours_is_stale(nonce: str) -> None:
    source = NonceSource(b"secret")
    forged = given(f'Digest username="bob", realm="offhook", nonce="{nonce[:1000]}", uri="x", response="y"')
    assert source.check(0, forged, "INVITE").stale


def test_g5_nonces_of_another_secret_realm_or_future_are_stale() -> None:
    source = NonceSource(b"secret")
    assert source.check(0, login(NonceSource(b"other")), "INVITE").stale
    assert source.check(0, login(source, now=10), "INVITE").stale
    moved = given(source.challenge(0, "elsewhere")[0])
    forged = AuthHeader(
        "digest",
        {
            "username": "bob",
            "realm": "offhook",
            "nonce": moved.get("nonce") or "",
            "uri": "x",
            "response": "y",
        },
    )
    assert source.check(0, forged, "INVITE").stale


def test_g5_credentials_work_once_and_the_next_count_works() -> None:
    source = NonceSource(b"secret")
    client = Authenticator(BOB)
    first = given(client.answers(asked(source.challenge(0, "offhook")[0]), "INVITE", URI)[0][1])
    second = given(client.authorize("INVITE", URI)[0][1])
    assert source.check(1, first, "INVITE").matches("zanzibar")
    assert source.check(2, first, "INVITE").stale
    assert source.check(3, second, "INVITE").matches("zanzibar")


def test_g5_a_wrong_password_uses_up_nothing() -> None:
    source = NonceSource(b"secret")
    wrong = login(source, who=Credentials("bob", "guess"))
    assert not source.check(1, wrong, "INVITE").matches("zanzibar")
    assert not source.check(1, wrong, "INVITE").stale


def test_g5_two_copies_checked_at_once_match_once() -> None:
    source = NonceSource(b"secret")
    credentials = login(source)
    one, two = source.check(1, credentials, "INVITE"), source.check(1, credentials, "INVITE")
    assert one.matches("zanzibar")
    assert not two.matches("zanzibar")


def test_g5_scanners_leave_no_state_and_users_little() -> None:
    source = NonceSource(b"secret")
    for n in range(100):
        source.challenge(n, "offhook")
        source.check(n, login(source, now=n, who=Credentials("x", "guess")), "INVITE").matches("zanzibar")
    assert len(source._counts) == 0
    for n in range(MAX_COUNTS + 5):
        source._remember(str(n), 1)
    assert len(source._counts) == MAX_COUNTS


def test_g5_another_method_does_not_match() -> None:
    source = NonceSource(b"secret")
    assert not source.check(1, login(source), "BYE").matches("zanzibar")


@pytest.mark.parametrize("user", ['quo"te', "back\\slash", "com,ma", "ünï", "a=b;c"])
def test_g5_odd_names_and_realms(user: str) -> None:
    source = NonceSource(b"secret")
    who = Credentials(user, 'p"ä:ss')
    value = source.challenge(0, f'realm "{user}", end')[0]
    name, written = Authenticator(who).answers(asked(value), "INVITE", URI)[0]
    request = Request("INVITE", URI, Headers([(name, written)]))
    offered = source.check(1, authorizations(request)[0], "INVITE")
    assert offered.username == user
    assert offered.realm == f'realm "{user}", end'
    assert offered.matches('p"ä:ss')


@pytest.mark.parametrize("name", ["username", "realm", "nonce", "uri", "response"])
def test_g5_a_missing_parameter_is_400(name: str) -> None:
    params = {"username": "u", "realm": "r", "nonce": "n", "uri": "x", "response": "y"}
    del params[name]
    with pytest.raises(RemoteProtocolError, match=name) as caught:
        NonceSource(b"secret").check(0, AuthHeader("digest", params), "INVITE")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "change", [{"qop": "auth"}, {"qop": "auth", "nc": "1", "cnonce": "c"}, {"qop": "token"}]
)
def test_g5_malformed_qop_is_400(change: dict[str, str]) -> None:
    params = {"username": "u", "realm": "r", "nonce": "n", "uri": "x", "response": "y", **change}
    with pytest.raises(RemoteProtocolError):
        NonceSource(b"secret").check(0, AuthHeader("digest", params), "INVITE")


def test_g5_an_unknown_algorithm_never_matches() -> None:
    source = NonceSource(b"secret")
    credentials = login(source)
    credentials.params["algorithm"] = "SHA-512-256"
    assert not source.check(1, credentials, "INVITE").matches("zanzibar")


def test_doubled_parameters_are_400() -> None:
    with pytest.raises(RemoteProtocolError, match="twice"):
        asked('Digest realm="a", realm="b"')
