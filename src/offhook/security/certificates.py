"""X.509 certificates of the installation's own authority and of the servers that it vouches for (RFC 5280).

Pure: certificates and keys in and out, the time is an argument. `certificate_store` keeps them in files. Keys
are ECDSA P-256, which every client library knows and which take a millisecond to make.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=90)
RENEWAL = SERVER_LIFE / 3
"""A server certificate with less than this left is replaced."""
BEFORE = timedelta(hours=1)
"""Certificates begin so long ago, for clients whose clocks are behind."""
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.ASCII)
MAX_HOST = 253


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and the key that belongs to it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def make_authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> Pair:
    """An authority with this key. One that has ended is made again with the same key and name."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = _name(f"Offhook local authority {identifier.digest.hex()[:8]}")
    made = (
        _builder(name, name, key, now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(made, key)


def issue(authority: Pair, names: Sequence[x509.GeneralName], now: datetime) -> Pair:
    """A new key and the authority's certificate for it, good for servers and, among SIP peers, clients."""
    key = new_key()
    issuer = authority.certificate
    made = (
        _builder(_name("Offhook"), issuer.subject, key, now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Pair(made, key)


def may_go_on(
    found: x509.Certificate, authority: Pair, names: Sequence[x509.GeneralName], now: datetime
) -> bool:
    """Whether a server certificate is of this authority, for these names, begun, and has time left."""
    try:
        found.verify_directly_issued_by(authority.certificate)
        shown = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    begun = found.not_valid_before_utc <= now
    return begun and now < found.not_valid_after_utc - RENEWAL and set(shown) == set(names)


def subject_names(names: Iterable[str]) -> list[x509.GeneralName]:
    """Names as a certificate carries them, without repetitions; what cannot be in one is left out."""
    found: list[x509.GeneralName] = []
    for name in names:
        made = _general_name(name)
        if made is not None and made not in found:
            found.append(made)
    return found


def _general_name(name: str) -> x509.GeneralName | None:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        pass
    try:
        encoded = name.rstrip(".").lower().encode("idna").decode("ascii")
    except ValueError:
        return None
    usable = len(encoded) <= MAX_HOST and _HOST.fullmatch(encoded) is not None
    return x509.DNSName(encoded) if usable else None


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Offhook"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
