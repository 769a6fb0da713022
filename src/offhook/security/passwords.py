"""API secrets that only have to be recognised: hashed with scrypt (RFC 7914), compared in constant time.

Hashing takes tens of milliseconds by design and never runs on the event loop: `verify` goes through
`core.tasks.outside`, one secret at a time in a thread of their own, because a flood of wrong ones must take
neither every core nor the threads that resolve names and write files. Because a client sends its secret with
every request, secrets that were right lately are remembered as a keyed digest of this process, never as
themselves.

A hint of 16 bits under the instance key is stored beside a hash. It says of all but one in 65 536 wrong
secrets that they are wrong, in microseconds; what it lets through is hashed. Without the instance key it says
nothing. See docs/decisions/hints-of-secrets.md.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import secrets
import string
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from offhook.core.errors import Invalid
from offhook.core.tasks import outside
from offhook.security.secrets import Sealer

_N, _R, _P = 2**14, 8, 1
_SALT_BYTES = 16
_HASH_BYTES = 32
_MAX_SECRET = 1024
_HINT_BYTES = 2


def equal(left: str | bytes, right: str | bytes) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(left), _bytes(right))


def hash_secret(secret: str) -> str:
    """`scrypt$n$r$p$salt$hash`. Takes tens of milliseconds: not on the loop."""
    salt = os.urandom(_SALT_BYTES)
    digest = _derive(secret, salt, _N, _R, _P)
    return "$".join(["scrypt", str(_N), str(_R), str(_P), _text(salt), _text(digest)])


def matches(secret: str, stored: str) -> bool:
    """Whether `secret` gave `stored`; False for a stored value of unknown form. Not on the loop."""
    parts = stored.split("$")
    if len(parts) != 6 or parts[0] != "scrypt" or len(secret) > _MAX_SECRET:
        return False
    try:
        n, r, p = int(parts[1]), int(parts[2]), int(parts[3])
        salt, expected = base64.b64decode(parts[4]), base64.b64decode(parts[5])
    except ValueError:
        return False
    if n > 2**17 or r > 16 or p > 4:  # a row that somebody changed must not stop the process
        return False
    return hmac.compare_digest(_derive(secret, salt, n, r, p), expected)


def new_key() -> str:
    """An API key: 8 lower-case letters and digits."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))


def new_secret() -> str:
    """16 characters with a lower-case letter, an upper-case letter and a digit."""
    while True:
        text = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(16))
        if _varied(text):
            return text


def check_secret(text: str, name: str) -> str:
    """A secret that somebody chose. Raises Invalid with field `name`."""
    if not 8 <= len(text) <= 25 or not text.isascii() or not text.isprintable() or not _varied(text):
        raise Invalid(name, "must have 8 to 25 characters, a lower-case and an upper-case letter and a digit")
    return text


def _varied(text: str) -> bool:
    return all(any(map(kind, text)) for kind in (str.islower, str.isupper, str.isdigit))


def hint_key(sealer: Sealer) -> bytes:
    """The key of the hints of this installation."""
    return sealer.derive("api secret hints")


def hint_of(key: bytes, secret: str) -> str:
    """What is stored beside the hash of a secret; `key` is derived from the instance key."""
    return hmac.digest(key, _bytes(secret), "sha256")[:_HINT_BYTES].hex()


class SecretChecker:
    """Checks API secrets off the loop and remembers the right ones."""

    def __init__(self, capacity: int = 1000, hint_key: bytes = b"") -> None:
        self._key = os.urandom(32)
        self._hint_key = hint_key
        self._turn = asyncio.Lock()
        self._capacity = capacity
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._nobody = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="offhook-secrets")

    def known(self, secret: str, stored: Sequence[str]) -> bool:
        """Whether `secret` was found right lately for one of the stored hashes. Takes no time."""
        for digest in (self._digest(secret, each) for each in stored):
            if digest in self._right:
                self._right.move_to_end(digest)
                return True
        return False

    def hint(self, secret: str) -> str | None:
        """The hint to store beside the hash of `secret`; None while there is no key for one."""
        return hint_of(self._hint_key, secret) if self._hint_key else None

    def may_be(self, secret: str, hint: str | None) -> bool | None:
        """False: a stored hash with this `hint` is not that of `secret`; None: the hint does not tell."""
        if hint is None or not self._hint_key:
            return None
        return equal(hint_of(self._hint_key, secret), hint)

    async def verify(self, secret: str, stored: Sequence[str]) -> bool:
        """Whether `secret` is one of the stored hashes. With none stored it takes as long and says no."""
        if self.known(secret, stored):
            return True
        async with self._turn:  # a client that asks several things at once waits for one hash, not for each
            if self.known(secret, stored):
                return True
            return await self._hashed(secret, stored)

    async def _hashed(self, secret: str, stored: Sequence[str]) -> bool:
        if not stored:
            if not self._nobody:
                self._nobody = await outside(hash_secret, "nobody", executor=self._thread)
            await outside(matches, secret, self._nobody, executor=self._thread)
            return False
        for each in stored:
            if await outside(matches, secret, each, executor=self._thread):
                self._remember(self._digest(secret, each))
                return True
        return False

    def _remember(self, digest: bytes) -> None:
        self._right[digest] = None
        if len(self._right) > self._capacity:
            self._right.popitem(last=False)

    def _digest(self, secret: str, stored: str) -> bytes:
        return hmac.digest(self._key, _bytes(stored) + b"\x00" + _bytes(secret), "sha256")


def _derive(secret: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    limit = 256 * n * r  # twice what scrypt needs; OpenSSL refuses more than 32 MiB unless told
    return hashlib.scrypt(_bytes(secret), salt=salt, n=n, r=r, p=p, dklen=_HASH_BYTES, maxmem=limit)


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
