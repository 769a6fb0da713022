"""RSA keys of applications: PKCS#8 for the private half, SPKI for the public one (RFC 5208, RFC 5280).

Client libraries recognise a private key by its PKCS#8 marker, so no other form is given out. Making a key
takes up to a second: `generate` runs outside the loop.
"""

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from offhook.core.errors import Invalid
from offhook.core.tasks import outside

BITS = 2048
MIN_BITS = 2048
MAX_BITS = 8192
"""A larger modulus makes every request expensive to verify."""
MAX_PEM = 20_000


@dataclass(frozen=True, slots=True)
class KeyPair:
    """PEM texts."""

    private_key: str = field(repr=False)
    public_key: str


def make_pair() -> KeyPair:
    """A new RSA-2048 pair. Slow: not on the loop."""
    private = generate_private_key(public_exponent=65537, key_size=BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(pem.decode("ascii"), _spki(private.public_key()))


async def generate() -> KeyPair:
    """A new pair, made in a thread."""
    return await outside(make_pair)


def public_key_from(pem: str, name: str = "keys.public_key") -> str:
    """The SPKI PEM of a public key given as SPKI, PKCS#1 or X.509 PEM. Raises Invalid for anything else."""
    if len(pem) > MAX_PEM:
        raise Invalid(name, f"is longer than {MAX_PEM} characters; give one PEM public key")
    if "PRIVATE KEY-----" in pem:
        raise Invalid(name, "is a private key; keep it, and give the public one")
    data = pem.strip().encode("utf-8", "replace")
    key: object
    try:
        if b"-----BEGIN CERTIFICATE-----" in data:
            key = x509.load_pem_x509_certificate(data).public_key()
        else:
            key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid(name, "must be an RSA public key in PEM form (-----BEGIN PUBLIC KEY-----)") from error
    if not isinstance(key, RSAPublicKey):
        raise Invalid(name, "must be an RSA key; other kinds cannot verify RS256 tokens")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise Invalid(name, f"must have {MIN_BITS} to {MAX_BITS} bits; it has {key.key_size}")
    return _spki(key)


def _spki(key: RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
