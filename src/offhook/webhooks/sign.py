"""Signed webhooks: `Authorization: Bearer <JWT>` with HS256 and the account's signature secret.

The claims are iat, jti, iss, payload_hash, api_key and application_id. The hash is SHA-256 in lower-case
hexadecimal over the raw body of a POST, or over `encode.signed_query` of a GET. See docs/specs/webhooks.md.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from offhook.core.clock import NS_PER_SECOND, US_PER_SECOND, Clock
from offhook.core.errors import DeliveryError
from offhook.core.ids import Ids
from offhook.security.secrets import Sealer
from offhook.storage import accounts
from offhook.storage.database import Database

ISSUER = "Vonage"
"""What programs written for Vonage check."""

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What an account signs with."""

    api_key: str
    secret: bytes = field(repr=False)
    keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    """HMAC-SHA256 that has taken in the secret: copied for every signature."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "keyed", hmac.new(self.secret, digestmod="sha256"))


KeyOf = Callable[[str], Awaitable[SigningKey]]
"""The key of an account id. Raises DeliveryError when there is no such account."""


def token(key: SigningKey, application_id: str, payload: bytes, *, issued_at: int, jti: str) -> str:
    """The token over `payload`. `issued_at` is in Unix seconds.

    Written out instead of left to PyJWT, which warns about short secrets: their length is the customer's.
    """
    claims = {
        "iat": issued_at,
        "jti": jti,
        "iss": ISSUER,
        "payload_hash": hashlib.sha256(payload).hexdigest(),
        "api_key": key.api_key,
        "application_id": application_id,
    }
    signed = _HEADER + b"." + _base64url(_encode(claims).encode("utf-8"))
    mac = key.keyed.copy()
    mac.update(signed)
    return (signed + b"." + _base64url(mac.digest())).decode("ascii")


class Signer:
    """Makes the Authorization header of one request."""

    def __init__(self, key_of: KeyOf, clock: Clock, ids: Ids) -> None:
        self._key_of = key_of
        self._clock = clock
        self._ids = ids

    async def authorization(self, account_id: str, application_id: str, payload: bytes) -> str:
        """`Bearer <token>` for this payload, with a token id of its own."""
        key = await self._key_of(account_id)
        issued = self._clock.wall() // US_PER_SECOND
        return "Bearer " + token(key, application_id, payload, issued_at=issued, jti=self._ids.uuid())


class AccountKeys:
    """Reads signing keys from the database and remembers them for a moment.

    A moment only, because the command line may change a secret while the server runs.
    """

    LIFE_NS = 2 * NS_PER_SECOND

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._known: dict[str, tuple[int, SigningKey]] = {}

    async def __call__(self, account_id: str) -> SigningKey:
        now = self._clock.now()
        known = self._known.get(account_id)
        if known is not None and now - known[0] < self.LIFE_NS:
            return known[1]
        account = await self._database.read(lambda connection: accounts.get(connection, account_id))
        if account is None:
            raise DeliveryError(f"there is no account {account_id}")
        key = SigningKey(account.api_key, self._sealer.open(account.signature_secret))
        self._known[account_id] = (now, key)
        return key


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


_HEADER = _base64url(b'{"alg":"HS256","typ":"JWT"}')
