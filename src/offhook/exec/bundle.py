"""What the program trusts: the certificates it would have trusted, and the installation's authority.

The merged bundle replaces the one that a variable names, so that other hosts go on being verified as before.
Made of: what the environment names, the system's file, certifi's where it is installed, and ours.
"""

import importlib.util
import os
import re
import ssl
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

NAMED_BY = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR")
STORE_PASSWORD = "changeit"
"""Java wants one; it guards nothing here, certificates are public."""
LARGEST = 10_000_000
"""Bytes of a file that is looked into."""
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----")


def sources(environment: Mapping[str, str]) -> list[Path]:
    """Files and directories of what the program would have trusted."""
    found = [Path(part) for name in NAMED_BY for part in environment.get(name, "").split(os.pathsep) if part]
    system = ssl.get_default_verify_paths()
    found += [Path(each) for each in (system.cafile, system.openssl_cafile) if each]
    certifi = importlib.util.find_spec("certifi")
    if certifi is not None and certifi.origin:
        found.append(Path(certifi.origin).with_name("cacert.pem"))
    return found


def merged(paths: Iterable[Path], own: bytes) -> bytes:
    """One PEM text with every certificate once; ours is first. What cannot be read is left out."""
    blocks: dict[bytes, None] = {}
    for data in (own, *(data for path in paths for data in _contents(path))):
        for body in _BLOCK.findall(data):
            blocks[b"".join(body.split())] = None
    return b"".join(_pem(body) for body in blocks)


def java_store(bundle: bytes) -> bytes:
    """The same certificates as a PKCS#12 file that Java takes for a trust store."""
    found: list[pkcs12.PKCS12Certificate] = []
    for number, body in enumerate(_BLOCK.findall(bundle)):
        certificate = _read(_pem(b"".join(body.split())))
        if certificate is None:
            continue
        found.append(pkcs12.PKCS12Certificate(certificate, f"trusted-{number}".encode()))
    protection = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2_000)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(STORE_PASSWORD.encode())
    )
    return pkcs12.serialize_java_truststore(found, protection)


def _read(pem: bytes) -> x509.Certificate | None:
    """A few old roots have serial numbers that RFC 5280 does not allow; no word about them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return x509.load_pem_x509_certificate(pem)
        except ValueError:
            return None


def _contents(path: Path) -> list[bytes]:
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return [file.read_bytes() for file in files if file.is_file() and file.stat().st_size <= LARGEST]
    except OSError:
        return []


def _pem(body: bytes) -> bytes:
    lines = b"\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"\n-----END CERTIFICATE-----\n"
