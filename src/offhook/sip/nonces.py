"""The server side of digest authentication: nonces that carry their own proof (RFC 7616 §3.3, §5.4).

A nonce is an instant, a counter and a keyed hash of both with the realm, so a challenge costs no memory
and a scanner leaves nothing behind. Only after a password has matched is the nonce count remembered, in a
bounded table, so that credentials seen on the wire cannot be used again.
"""

import base64
import hashlib
import hmac
from collections import OrderedDict

from offhook.core.clock import NS_PER_SECOND
from offhook.core.errors import RemoteProtocolError
from offhook.sip.credentials import AuthHeader
from offhook.sip.digest_hash import Proof, is_count
from offhook.sip.events import DigestOffered
from offhook.sip.grammar import quote

NONCE_AGE = 300 * NS_PER_SECOND
"""How long a nonce may be used."""
MAX_COUNTS = 10_000
"""Nonces in use whose counts are remembered."""
MAX_SECRET_TEXT = 1024
"""Longer user names, realms and URIs are nonsense."""


class NonceSource:
    """Makes and checks the nonces of one server. `secret` may be any bytes that outsiders do not know."""

    def __init__(self, secret: bytes, age: int = NONCE_AGE) -> None:
        self._secret = secret
        self._age = age
        self._made = 0
        self._counts: OrderedDict[str, int] = OrderedDict()

    def challenge(self, now: int, realm: str, stale: bool = False) -> list[str]:
        """The values of the WWW-Authenticate lines to send, the strongest algorithm first (RFC 8760)."""
        nonce = self._nonce(now, realm)
        again = ", stale=true" if stale else ""
        return [
            f'Digest realm={quote(realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{again}'
            for algorithm in ("SHA-256", "MD5")
        ]

    def check(self, now: int, authorization: AuthHeader, method: str, body: bytes = b"") -> DigestOffered:
        """What the peer offers. Raises RemoteProtocolError(400) when a necessary parameter is missing.

        The answer is `stale` when the nonce is not ours, too old, or was used before with this count.
        """
        if authorization.scheme != "digest":
            raise RemoteProtocolError("only Digest credentials are understood", 400)
        proof, response = _proof(authorization, method, body)
        count = int(proof.count, 16) if proof.count else 1
        usable = self._fresh(now, proof.nonce, proof.realm) and count > self._counts.get(proof.nonce, 0)
        accepted: list[str] = []

        def matches(password: str) -> bool:
            if not usable or not proof.matches(password, response):
                return False
            if not accepted:
                if count <= self._counts.get(proof.nonce, 0):
                    return False
                self._remember(proof.nonce, count)
                accepted.append(response)
            return True

        return DigestOffered(proof.username, proof.realm, not usable, matches)

    def _nonce(self, now: int, realm: str) -> str:
        self._made = (self._made + 1) % 2**32
        stamp = now.to_bytes(8, "big") + self._made.to_bytes(4, "big")
        return base64.urlsafe_b64encode(stamp + self._seal(stamp, realm)).decode()

    def _seal(self, stamp: bytes, realm: str) -> bytes:
        text = realm.encode("utf-8", "surrogateescape")
        return hmac.digest(self._secret, stamp + text, hashlib.sha256)[:18]

    def _fresh(self, now: int, nonce: str, realm: str) -> bool:
        try:
            raw = base64.b64decode(nonce.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return False
        stamp, seal = raw[:12], raw[12:]
        if len(raw) != 30 or not hmac.compare_digest(seal, self._seal(stamp, realm)):
            return False
        # An instant in the future comes from before a restart of the machine's clock.
        return 0 <= now - int.from_bytes(stamp[:8], "big") <= self._age

    def _remember(self, nonce: str, count: int) -> None:
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        if len(self._counts) > MAX_COUNTS:
            self._counts.popitem(last=False)


def _proof(given: AuthHeader, method: str, body: bytes) -> tuple[Proof, str]:
    values = {}
    for name in ("username", "realm", "nonce", "uri", "response"):
        value = given.get(name)
        if value is None or len(value) > MAX_SECRET_TEXT:
            raise RemoteProtocolError(f"the credentials lack a usable {name}", 400)
        values[name] = value
    qop = (given.get("qop") or "").lower()
    count, cnonce = given.get("nc") or "", given.get("cnonce") or ""
    if qop not in ("", "auth", "auth-int"):
        raise RemoteProtocolError("the qop of the credentials is not one that was offered", 400)
    if qop and (not is_count(count) or not cnonce):
        raise RemoteProtocolError("credentials with qop need nc (8 hexadecimal digits) and cnonce", 400)
    proof = Proof(
        algorithm=given.get("algorithm") or "MD5",
        username=values["username"],
        realm=values["realm"],
        nonce=values["nonce"],
        uri=values["uri"],
        method=method,
        qop=qop,
        cnonce=cnonce,
        count=count if qop else "",
        body=body,
    )
    return proof, values["response"]
