"""Secrets that must be read back: sealed with AES-256-GCM under the key of the installation.

SIP digest passwords and signature secrets are stored this way; API secrets, which only have to be recognised,
are hashed instead (`passwords`). A sealed value names the key it was made with, so that a value from another
installation or an older key is refused with a sentence instead of a decryption error.
"""

import base64
import binascii
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from offhook.core.errors import Invalid, LocalStateError

KEY_BYTES = 32
SETTING = "OFFHOOK_SECRET_KEY"
FILE = "secret.key"

_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_HEAD = len(_VERSION) + _ID_BYTES + _NONCE_BYTES


def key_from_text(text: str) -> bytes:
    """The 32 bytes written as 64 hexadecimal digits or as base64. Raises Invalid naming the setting."""
    stripped = text.strip()
    try:
        key = bytes.fromhex(stripped)
    except ValueError:
        padded = stripped.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            key = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if len(key) != KEY_BYTES:
        raise Invalid(SETTING, "must be 32 bytes, written as 64 hexadecimal digits or as base64")
    return key


def load_key(data_dir: Path, setting: str | None = None) -> bytes:
    """The key of this installation: the setting, else `<data>/secret.key`, which is made when missing.

    Raises Invalid for a malformed key and LocalStateError for a key file that others may read. Touches the
    disk: call it at start.
    """
    if setting:
        return key_from_text(setting)
    path = data_dir / FILE
    if not path.exists():
        _make(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise LocalStateError(f"{path} can be read by other users (mode {mode:o}); run: chmod 600 {path}")
    try:
        return key_from_text(path.read_text(encoding="ascii"))
    except (Invalid, UnicodeDecodeError) as error:
        raise LocalStateError(f"{path} does not hold a key of 32 bytes; restore it from a backup") from error


def _make(path: Path) -> None:
    """Write a new key so that two processes that start together end up with one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{FILE}.{secrets.token_hex(6)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(partial, path)  # fails when the other process was first; its key is the one
    except FileExistsError:
        pass
    finally:
        partial.unlink()


def key_id(key: bytes) -> str:
    """The public name of a key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(b"offhook key id\x00" + key).digest()[:_ID_BYTES].hex()


class Sealer:
    """Seals under one key and opens what that key or an older one sealed."""

    def __init__(self, key: bytes, older: tuple[bytes, ...] = ()) -> None:
        for each in (key, *older):
            if len(each) != KEY_BYTES:
                raise LocalStateError(f"an instance key has {KEY_BYTES} bytes, not {len(each)}")
        self._key = key
        self._current = bytes.fromhex(key_id(key))
        self._keys = {bytes.fromhex(key_id(each)): AESGCM(each) for each in (key, *older)}

    @property
    def key_id(self) -> str:
        """The name of the key that `seal` uses."""
        return self._current.hex()

    def seal(self, plain: bytes) -> bytes:
        """Version, key id, nonce and ciphertext with its tag."""
        nonce = os.urandom(_NONCE_BYTES)
        head = _VERSION + self._current
        return head + nonce + self._keys[self._current].encrypt(nonce, plain, head)

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes. Raises LocalStateError that says which key is missing or that it was changed."""
        if len(sealed) < _HEAD + 16 or sealed[:1] != _VERSION:
            raise LocalStateError("this value was not sealed by Offhook, or only a part of it was stored")
        name = sealed[1 : 1 + _ID_BYTES]
        cipher = self._keys.get(name)
        if cipher is None:
            raise LocalStateError(
                f"this secret was sealed under key {name.hex()}, but the instance key is {self.key_id}; "
                f"restore the {FILE} that belongs to this database, or set {SETTING}"
            )
        try:
            return cipher.decrypt(sealed[1 + _ID_BYTES : _HEAD], sealed[_HEAD:], sealed[: 1 + _ID_BYTES])
        except InvalidTag:
            raise LocalStateError(
                "this sealed secret was changed after it was stored; set it again"
            ) from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for another use of the instance key, the same on every start (HKDF, RFC 5869)."""
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)
