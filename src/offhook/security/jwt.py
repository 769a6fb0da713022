"""API tokens: JSON Web Tokens that an application signs with its private key (RFC 7519, RS256 only).

A token is read in two steps, because the key depends on what the token says of itself: `application_of`
gives the application to look up and trusts nothing; `verify` checks the signature with that application's
public key and then the claims. Whether the request's path is open is asked of the `Principal`. A token may
be used again: single use is not enforced. See docs/specs/webhooks.md, "API tokens".
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWS
from jwt.exceptions import PyJWTError
from jwt.utils import base64url_decode

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Invalid, OffhookError
from offhook.core.ids import Ids
from offhook.security.acl import Acl

ALGORITHM = "RS256"
SKEW_S = 60
"""How far the caller's clock may be from ours."""
DEFAULT_LIFE_S = 15 * 60
MIN_LIFE_S = 30
MAX_LIFE_S = 24 * 3600
MAX_TOKEN = 16_384

_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_jws = PyJWS(algorithms=[ALGORITHM])


class TokenError(OffhookError):
    """A token is refused. The message says what is wrong with it; the caller is told only 401."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request."""

    application_id: str
    subject: str | None
    """The user's name (`sub`); None is the application itself, which may do everything."""
    acl: Acl | None
    issued_at: int
    """Unix seconds."""
    expires_at: int
    """Unix seconds, without the skew allowed."""
    jti: str

    def allows(self, method: str, path: str) -> bool:
        """Whether the token opens this path for this method. Without an `acl` it opens all."""
        return self.acl is None or self.acl.allows(method, path)


@lru_cache(maxsize=512)
def application_of(token: str) -> str:
    """The application the token claims to be from. Nothing is verified yet. Raises TokenError.

    Remembered as `_signed` is: the answer depends on nothing but the token.
    """
    header, claims = _parts(token)
    _check_header(header)
    application = claims.get("application_id")
    if not isinstance(application, str) or not application:
        raise TokenError("the token has no application_id claim")
    return application


def verify(token: str, public_key: str, wall: int) -> Principal:
    """The principal of a token signed by the owner of `public_key` (SPKI PEM), at `wall` (UTC µs).

    Raises TokenError when the algorithm, the signature, a time or a claim is wrong.
    """
    claims = _signed(token, public_key)
    return _principal(claims, claims["application_id"], wall // US_PER_SECOND)


@lru_cache(maxsize=512)
def _signed(token: str, public_key: str) -> dict[str, Any]:
    """The claims of a token whose signature is good; to be read only. Times are no part of it.

    Remembered, because many clients use one token for all requests of its life.
    """
    application = application_of(token)
    try:
        payload = _jws.decode(token, _load(public_key), algorithms=[ALGORITHM])
    except PyJWTError as error:
        raise TokenError(f"the signature does not belong to application {application}: {error}") from error
    claims = _object(payload, "payload")
    if claims.get("application_id") != application:
        raise TokenError("the token names two applications")
    return claims


def make_token(
    private_key: str,
    application_id: str,
    *,
    wall: int,
    ids: Ids,
    life_s: int = DEFAULT_LIFE_S,
    subject: str | None = None,
    acl: Mapping[str, Any] | None = None,
) -> str:
    """A token as the client libraries make one; for the command line and for tests."""
    issued = wall // US_PER_SECOND
    claims: dict[str, Any] = {"application_id": application_id, "iat": issued, "jti": ids.uuid()}
    claims["exp"] = issued + life_s
    if subject is not None:
        claims["sub"] = subject
    if acl is not None:
        claims["acl"] = dict(acl)
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return _jws.encode(payload, private_key, algorithm=ALGORITHM)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > MAX_TOKEN:
        raise TokenError(f"the token is longer than {MAX_TOKEN} characters")
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise TokenError("the token is not a JSON Web Token of three parts")
    return _object(_decode(parts[0]), "header"), _object(_decode(parts[1]), "payload")


def _decode(part: str) -> bytes:
    try:
        return base64url_decode(part)
    except ValueError as error:
        raise TokenError("the token is not base64url") from error


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TokenError(f"the token's {name} is not JSON") from error
    if not isinstance(value, dict):
        raise TokenError(f"the token's {name} is not a JSON object")
    return value


def _check_header(header: dict[str, Any]) -> None:
    if header.get("alg") != ALGORITHM:
        raise TokenError(f"the token is signed with {header.get('alg')!r}; only {ALGORITHM} is accepted")
    # RFC 7515 §4.1.11: an extension marked critical that is not understood forbids use of the token.
    # No extension is understood here, so `b64` and its detached payloads are out as well.
    if "crit" in header or "b64" in header:
        raise TokenError("the token's header demands an extension that is not supported")


def _principal(claims: dict[str, Any], application: str, now: int) -> Principal:
    issued = _instant(claims, "iat")
    if issued is None:
        raise TokenError("the token has no iat claim")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise TokenError("the token has no jti claim")
    expires = _expiry(claims, issued)
    not_before = _instant(claims, "nbf")
    if issued > now + SKEW_S:
        raise TokenError(f"the token is from the future (iat {issued}, now {now}); check the caller's clock")
    if now > expires + SKEW_S:
        raise TokenError(f"the token expired {now - expires} s ago; make a new one")
    if not_before is not None and not_before > now + SKEW_S:
        raise TokenError(f"the token is not valid for another {not_before - now} s (nbf)")
    subject = claims.get("sub")
    if subject is not None and not isinstance(subject, str):
        raise TokenError("the sub claim is not a string")
    return Principal(application, subject, _acl(claims), issued, expires, jti)


def _expiry(claims: dict[str, Any], issued: int) -> int:
    """When the token ends: `exp`, 15 minutes without one, never more than 24 hours after `iat`."""
    expires = _instant(claims, "exp")
    if expires is None:
        return issued + DEFAULT_LIFE_S
    if expires < issued + MIN_LIFE_S:
        raise TokenError(f"exp must be at least {MIN_LIFE_S} s after iat")
    return min(expires, issued + MAX_LIFE_S)


def _instant(claims: dict[str, Any], name: str) -> int | None:
    """A claim in Unix seconds; some clients write it as a string of digits."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TokenError(f"the {name} claim is not a number of seconds")
    return int(value)


def _acl(claims: dict[str, Any]) -> Acl | None:
    claim = claims.get("acl")
    if claim is None:
        return None
    try:
        return Acl.parse(claim)
    except Invalid as error:
        raise TokenError(f"the acl claim is wrong: {error}") from error


@lru_cache(maxsize=1024)
def _load(public_key: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(public_key.encode("utf-8", "replace"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TokenError("the application's stored public key cannot be read; set it again") from error
    if not isinstance(key, RSAPublicKey):
        raise TokenError("the application's stored public key is not an RSA key; set it again")
    return key
