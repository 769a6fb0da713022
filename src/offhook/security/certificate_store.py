"""The own authority and its server certificate as files below `<data>/tls`.

Programs trust the authority once, by the file `ca.pem`; it lives ten years. The server certificate lives 90
days and is made again without anybody's help: when 30 days are left, when its names change, or when the
authority does. Certificate and key of the server are one file, so that a crash cannot part them. Keys have
mode 0600. All of it touches the disk: not on the loop.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Invalid
from offhook.security.certificates import (
    SERVER_LIFE,
    Pair,
    issue,
    make_authority,
    may_go_on,
    new_key,
    subject_names,
)

FOLDER = "tls"
AUTHORITY, AUTHORITY_KEY, SERVER = "ca.pem", "ca.key", "server.pem"
SETTING = "OFFHOOK_DATA_DIR"


def authority_file(data_dir: Path, wall: int) -> Path:
    """The PEM file that programs have to trust; the authority is made when there is none at `wall` (UTC µs).

    Raises Invalid when the files are there and cannot be used.
    """
    with _locked(data_dir) as folder:
        _authority(folder, _instant(wall))
        return folder / AUTHORITY


def server_file(data_dir: Path, names: Sequence[str], wall: int) -> Path:
    """A PEM file with a certificate for `names` (host names and addresses) that is good at `wall`, its chain
    and its key. Made where there is none or the present one has to be replaced. Raises Invalid.
    """
    now, wanted = _instant(wall), subject_names(names)
    with _locked(data_dir) as folder:
        authority = _authority(folder, now)
        path = folder / SERVER
        if not _good(path, authority, wanted, now):
            made = issue(authority, wanted, now)
            _write(path, _pem(made.certificate) + _pem(authority.certificate) + _key_pem(made.key))
        return path


def issue_for(data_dir: Path, names: Sequence[str], wall: int) -> bytes:
    """A certificate of the authority for `names`, begun before `wall` (UTC µs), its chain and its key as PEM.

    Nothing is kept. Raises Invalid.
    """
    now = _instant(wall)
    with _locked(data_dir) as folder:
        authority = _authority(folder, now)
    made = issue(authority, subject_names(names), now)
    return _pem(made.certificate) + _pem(authority.certificate) + _key_pem(made.key)


def _authority(folder: Path, now: datetime) -> Pair:
    """The authority of the folder. A key without its certificate is completed, one that ends soon is made
    again with the same key: that is what a crash or ten years leave.
    """
    key_path, path = folder / AUTHORITY_KEY, folder / AUTHORITY
    if path.exists() and not key_path.exists():
        raise Invalid(SETTING, f"{key_path} is gone; restore it, or delete {path} and trust a new authority")
    if not key_path.exists():
        _write(key_path, _key_pem(new_key()))
    key = _key(key_path)
    if path.exists():
        found = _certificate(path)
        if found.public_key() != key.public_key():
            raise Invalid(SETTING, f"{path} and {key_path} do not belong together; restore both")
        if now < found.not_valid_after_utc - SERVER_LIFE:
            return Pair(found, key)
    made = make_authority(key, now)
    _write(path, _pem(made.certificate), mode=0o644)
    return made


def _good(path: Path, authority: Pair, names: Sequence[x509.GeneralName], now: datetime) -> bool:
    try:
        certificate = _certificate(path)
        belong = certificate.public_key() == _key(path).public_key()
    except (FileNotFoundError, Invalid):
        return False  # nothing is lost by making another
    return belong and may_go_on(certificate, authority, names, now)


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[Path]:
    """The folder, for one process at a time: `init` and a server may start together."""
    folder = data_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield folder
    except OSError as error:
        raise Invalid(SETTING, f"{folder} cannot be used: {error.strerror}") from None


def _write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file as a whole: a crash leaves the old one or the new one."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        raise Invalid(SETTING, f"{path} is not a certificate; restore it from a backup") from None


def _key(path: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        raise Invalid(SETTING, f"{path} is not a private key; restore it from a backup") from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise Invalid(SETTING, f"{path} is not a key that Offhook made; restore it from a backup")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _instant(wall: int) -> datetime:
    return datetime.fromtimestamp(wall // US_PER_SECOND, UTC)
