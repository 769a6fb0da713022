"""API tokens: what is accepted, and every attack that is not."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from offhook.core.ids import SeededIds
from offhook.security.jwt import TokenError, application_of, make_token, verify
from offhook.security.keys import KeyPair, make_pair

NOW = 1_767_225_600
WALL = NOW * 1_000_000


@pytest.fixture(scope="module")
def keys() -> KeyPair:
    return make_pair()


@pytest.fixture(scope="module")
def other() -> KeyPair:
    return make_pair()


def b64(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(keys: KeyPair, claims: Any, header: dict[str, Any] | None = None) -> str:
    """A token signed with RS256 whatever its header says."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(keys.private_key.encode(), None)
    assert isinstance(private, RSAPrivateKey)
    text = b64(header or {"alg": "RS256", "typ": "JWT"}) + "." + b64(claims)
    return text + "." + b64(private.sign(text.encode(), PKCS1v15(), SHA256()))


def claims(**changes: Any) -> dict[str, Any]:
    base = {"application_id": "app", "iat": NOW, "jti": "j", "exp": NOW + 900}
    return {key: value for key, value in {**base, **changes}.items() if value != "absent"}


def test_a_token_of_our_own(keys: KeyPair) -> None:
    token = make_token(
        keys.private_key, "app", wall=WALL, ids=SeededIds(1), subject="jo", acl={"paths": {"/**": {}}}
    )
    assert application_of(token) == "app"
    principal = verify(token, keys.public_key, WALL)
    assert (principal.application_id, principal.subject, principal.expires_at) == ("app", "jo", NOW + 900)
    assert principal.allows("GET", "/v1/calls")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": "absent"},
        {"exp": str(NOW + 900)},
        {"iat": str(NOW)},
        {"iat": NOW + 59},
        {"iat": float(NOW)},
        {"nbf": NOW + 59},
        {"nbf": None},
        {"exp": NOW + 10**9},
        {"exp": NOW + 30},
        {"iat": NOW - 86_400, "exp": NOW + 500},
        {"iat": NOW - 900, "exp": NOW - 60},
        {"iat": NOW - 960, "exp": "absent"},
        {"subject": "left by a client", "notBefore": "0", "aud": "x", "iss": "y"},
        {"acl": None},
    ],
)
def test_accepted(keys: KeyPair, changes: dict[str, Any]) -> None:
    assert verify(sign(keys, claims(**changes)), keys.public_key, WALL).application_id == "app"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"exp": NOW - 61, "iat": NOW - 900}, "expired 61 s ago"),
        ({"iat": NOW - 961, "exp": "absent"}, "expired"),
        ({"iat": NOW + 61}, "from the future"),
        ({"iat": NOW - 86_461, "exp": NOW + 900}, "expired"),
        ({"iat": NOW - 90_000, "exp": NOW + 10**9}, "expired"),
        ({"nbf": NOW + 61}, "not valid for another 61 s"),
        ({"exp": NOW + 29}, "at least 30 s"),
        ({"exp": 0}, "at least 30 s"),
        ({"iat": "absent"}, "no iat"),
        ({"iat": "absent", "exp": "absent"}, "no iat"),
        ({"iat": True}, "iat claim is not a number"),
        ({"iat": "12x"}, "iat claim is not a number"),
        ({"iat": "١٢"}, "iat claim is not a number"),
        ({"iat": [NOW]}, "iat claim is not a number"),
        ({"exp": float("inf")}, "exp claim is not a number"),
        ({"exp": float("nan")}, "exp claim is not a number"),
        ({"exp": "9" * 13}, "exp claim is not a number"),
        ({"jti": "absent"}, "no jti"),
        ({"jti": ""}, "no jti"),
        ({"sub": {"a": 1}}, "sub claim"),
        ({"application_id": "absent"}, "no application_id"),
        ({"application_id": ["app"]}, "no application_id"),
        ({"acl": []}, "acl claim is wrong"),
        ({"acl": {"paths": {"no-slash": {}}}}, "acl claim is wrong"),
    ],
)
def test_refused_claims(keys: KeyPair, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(TokenError, match=text):
        verify(sign(keys, claims(**changes)), keys.public_key, WALL)


def test_no_algorithm(keys: KeyPair) -> None:
    for alg in ("none", "None", "NONE", "", None):
        text = b64({"alg": alg, "typ": "JWT"}) + "." + b64(claims()) + "."
        with pytest.raises(TokenError, match="only RS256"):
            verify(text, keys.public_key, WALL)


def test_hs256_with_the_public_key_as_secret(keys: KeyPair) -> None:
    text = b64({"alg": "HS256", "typ": "JWT"}) + "." + b64(claims())
    mac = hmac.new(keys.public_key.encode(), text.encode(), hashlib.sha256).digest()
    with pytest.raises(TokenError, match="only RS256"):
        verify(text + "." + b64(mac), keys.public_key, WALL)


def test_hs256_behind_an_rs256_header(keys: KeyPair) -> None:
    text = b64({"alg": "RS256", "typ": "JWT"}) + "." + b64(claims())
    mac = hmac.new(keys.public_key.encode(), text.encode(), hashlib.sha256).digest()
    with pytest.raises(TokenError, match="signature"):
        verify(text + "." + b64(mac), keys.public_key, WALL)


@pytest.mark.parametrize("alg", ["RS384", "PS256", "ES256", "rs256", "EdDSA"])
def test_other_algorithms(keys: KeyPair, alg: str) -> None:
    with pytest.raises(TokenError, match="only RS256"):
        verify(sign(keys, claims(), {"alg": alg}), keys.public_key, WALL)


@pytest.mark.parametrize(
    "extra", [{"crit": ["b64"], "b64": False}, {"crit": ["x"]}, {"b64": False}, {"crit": []}]
)
def test_critical_extensions(keys: KeyPair, extra: dict[str, Any]) -> None:
    with pytest.raises(TokenError, match="extension"):
        verify(sign(keys, claims(), {"alg": "RS256", **extra}), keys.public_key, WALL)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "RS256"},
        {"alg": "RS256", "typ": None},
        {"alg": "RS256", "typ": "jwt"},
        {"alg": "RS256", "typ": "JOSE", "cty": "JWT"},
        {"alg": "RS256", "typ": 7, "kid": "x", "unknown": {}},
        {"typ": "JWT", "alg": "RS256", "zip": "DEF"},
    ],
)
def test_what_else_the_header_says_is_not_looked_at(keys: KeyPair, header: dict[str, Any]) -> None:
    """`typ` is for readers that take several kinds of tokens (RFC 7519 §5.1); here is one kind."""
    assert verify(sign(keys, claims(), header), keys.public_key, WALL).jti == "j"


def test_the_edges_of_time(keys: KeyPair) -> None:
    """A minute of skew at either end, and not a second more."""
    token = sign(keys, claims(iat=NOW, nbf=NOW + 10, exp=NOW + 30))
    for second, good in ((-51, False), (-50, True), (0, True), (90, True), (91, False)):
        wall = (NOW + second) * 1_000_000
        if good:
            assert verify(token, keys.public_key, wall + 999_999).expires_at == NOW + 30
        else:
            with pytest.raises(TokenError, match=r"expired|not valid"):
                verify(token, keys.public_key, wall)


def test_keys_in_the_header_are_not_used(keys: KeyPair, other: KeyPair) -> None:
    header = {
        "alg": "RS256",
        "jwk": {"kty": "RSA"},
        "jku": "https://evil.example/",
        "x5c": ["x"],
        "kid": "../../x",
    }
    with pytest.raises(TokenError, match="signature"):
        verify(sign(other, claims(), header), keys.public_key, WALL)


def test_another_application_s_key(keys: KeyPair, other: KeyPair) -> None:
    with pytest.raises(TokenError, match="does not belong to application app"):
        verify(sign(other, claims()), keys.public_key, WALL)


def test_changed_claims(keys: KeyPair) -> None:
    head, _, signature = sign(keys, claims()).split(".")
    with pytest.raises(TokenError, match="signature"):
        verify(f"{head}.{b64(claims(application_id='app2'))}.{signature}", keys.public_key, WALL)


def _cut(token: str) -> str:
    return token[:-1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: "a.b",
        lambda token: token + ".x",
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "é" + token,
        lambda token: "!!." + token.partition(".")[2],
        lambda token: b64(b"[]") + "." + token.partition(".")[2],
        lambda token: b64(b"\xff") + "." + token.partition(".")[2],
        lambda token: b64(b"[" * 3000) + "." + token.partition(".")[2],
        lambda token: token + "A" * 20_000,
        lambda token: " " + token,
    ],
)
def test_malformed(keys: KeyPair, spoil: Callable[[str], str]) -> None:
    with pytest.raises(TokenError):
        verify(spoil(sign(keys, claims())), keys.public_key, WALL)


def test_claims_that_are_no_object(keys: KeyPair) -> None:
    values: list[Any] = [[], "x", 1, None]
    for value in values:
        with pytest.raises(TokenError, match="not a JSON object"):
            verify(sign(keys, value), keys.public_key, WALL)


def test_a_stored_key_that_is_none(keys: KeyPair) -> None:
    with pytest.raises(TokenError, match="set it again"):
        verify(sign(keys, claims()), "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----", WALL)


def test_a_token_seen_before_still_expires_and_still_needs_its_key(keys: KeyPair, other: KeyPair) -> None:
    token = sign(keys, claims())
    assert verify(token, keys.public_key, WALL) == verify(token, keys.public_key, WALL)
    with pytest.raises(TokenError, match="expired"):
        verify(token, keys.public_key, WALL + 2 * 86_400 * 1_000_000)
    with pytest.raises(TokenError, match="signature"):
        verify(token, other.public_key, WALL)
    with pytest.raises(TokenError, match="signature"):
        verify(token[:-8] + "AAAAAAAA", keys.public_key, WALL)
