"""The own authority and its certificates: what is in them, when they are made again, what is refused."""

import ipaddress
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from offhook.core.errors import Invalid
from offhook.security.certificate_store import authority_file, server_file
from offhook.security.certificates import RENEWAL, SERVER_LIFE, subject_names

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ["localhost", "127.0.0.1", "::1", "pbx.example"]


def wall(when: datetime) -> int:
    return int(when.timestamp()) * 1_000_000


def certificates(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def serial(path: Path) -> int:
    return certificates(path)[0].serial_number


def verify(data: Path, name: str, when: datetime) -> None:
    """What a strict client does. Raises VerificationError."""
    authority = certificates(data / "tls" / "ca.pem")
    found = certificates(data / "tls" / "server.pem")
    try:
        wanted: x509.verification.Subject = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        wanted = x509.DNSName(name)
    verifier = PolicyBuilder().store(Store(authority)).time(when).build_server_verifier(wanted)
    verifier.verify(found[0], [])


def test_a_strict_client_that_trusts_the_authority_accepts_every_name(tmp_path: Path) -> None:
    server_file(tmp_path, NAMES, wall(NOW))
    for name in NAMES:
        verify(tmp_path, name, NOW)
        verify(tmp_path, name, NOW - timedelta(minutes=30))
        verify(tmp_path, name, NOW + SERVER_LIFE - timedelta(hours=1))
    for name, when in (("elsewhere.example", NOW), ("localhost", NOW + SERVER_LIFE + timedelta(hours=1))):
        with pytest.raises(x509.verification.VerificationError):
            verify(tmp_path, name, when)


def test_keys_are_for_the_owner_only_and_nothing_else_lies_about(tmp_path: Path) -> None:
    server = server_file(tmp_path, NAMES, wall(NOW))
    folder = tmp_path / "tls"
    assert server.parent == folder
    assert {path.name for path in folder.iterdir()} == {"ca.key", "ca.pem", "server.pem", "lock"}
    for path in (folder, folder / "ca.key", server):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_nothing_is_made_again_without_need(tmp_path: Path) -> None:
    path = server_file(tmp_path, NAMES, wall(NOW))
    before = path.read_bytes()
    later = NOW + SERVER_LIFE - RENEWAL - timedelta(hours=1)
    assert server_file(tmp_path, [*reversed(NAMES), NAMES[0]], wall(later)).read_bytes() == before
    authority = authority_file(tmp_path, wall(NOW))
    assert authority_file(tmp_path, wall(later)) == authority


def test_it_is_renewed_before_its_end_by_the_same_authority(tmp_path: Path) -> None:
    path = server_file(tmp_path, NAMES, wall(NOW))
    trusted = authority_file(tmp_path, wall(NOW)).read_bytes()
    first = serial(path)
    later = NOW + SERVER_LIFE - RENEWAL + timedelta(hours=1)
    server_file(tmp_path, NAMES, wall(later))
    assert serial(path) != first
    verify(tmp_path, "localhost", later + RENEWAL)
    assert authority_file(tmp_path, wall(later)).read_bytes() == trusted


def test_other_names_a_clock_set_back_and_a_damaged_file_each_make_another(tmp_path: Path) -> None:
    path = server_file(tmp_path, NAMES, wall(NOW))
    first = serial(path)
    server_file(tmp_path, [*NAMES, "new.example"], wall(NOW))
    second = serial(path)
    verify(tmp_path, "new.example", NOW)
    server_file(tmp_path, [*NAMES, "new.example"], wall(NOW - timedelta(days=2)))
    third = serial(path)
    path.write_bytes(path.read_bytes()[:200])
    server_file(tmp_path, NAMES, wall(NOW))
    assert len({first, second, third, serial(path)}) == 4


def test_an_authority_near_its_end_is_made_again_with_its_key(tmp_path: Path) -> None:
    path = authority_file(tmp_path, wall(NOW))
    before = certificates(path)[0]
    late = before.not_valid_after_utc - SERVER_LIFE + timedelta(days=1)
    server_file(tmp_path, NAMES, wall(late))
    after = certificates(path)[0]
    assert after.serial_number != before.serial_number
    assert (after.subject, after.public_key()) == (before.subject, before.public_key())
    verify(tmp_path, "localhost", late + SERVER_LIFE - timedelta(days=1))


def test_a_crash_between_key_and_certificate_is_completed(tmp_path: Path) -> None:
    path = authority_file(tmp_path, wall(NOW))
    key = (tmp_path / "tls" / "ca.key").read_bytes()
    path.unlink()
    server_file(tmp_path, NAMES, wall(NOW))
    assert (tmp_path / "tls" / "ca.key").read_bytes() == key
    verify(tmp_path, "localhost", NOW)


def test_an_authority_that_cannot_be_used_is_told_and_not_replaced(tmp_path: Path) -> None:
    path = authority_file(tmp_path, wall(NOW))
    key = tmp_path / "tls" / "ca.key"
    kept, trusted = key.read_bytes(), path.read_bytes()
    other = authority_file(tmp_path / "other", wall(NOW)).with_name("ca.key")
    wrong = [(other.read_bytes(), "do not belong together"), (b"nonsense", "is not a private key")]
    for content, sentence in wrong:
        key.write_bytes(content)
        with pytest.raises(Invalid, match=sentence):
            authority_file(tmp_path, wall(NOW))
    key.unlink()
    with pytest.raises(Invalid, match="is gone; restore it"):
        server_file(tmp_path, NAMES, wall(NOW))
    key.write_bytes(kept)
    path.write_bytes(b"nonsense")
    with pytest.raises(Invalid, match="is not a certificate"):
        authority_file(tmp_path, wall(NOW))
    path.write_bytes(trusted)
    assert authority_file(tmp_path, wall(NOW)).read_bytes() == trusted


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "tls").write_text("a file")
    with pytest.raises(Invalid, match=r"OFFHOOK_DATA_DIR.*tls cannot be used"):
        authority_file(tmp_path, wall(NOW))


def test_processes_that_start_together_end_up_with_one_authority(tmp_path: Path) -> None:
    def start(number: int) -> bytes:
        if number % 2:
            return authority_file(tmp_path, wall(NOW)).read_bytes()
        server_file(tmp_path, NAMES, wall(NOW))
        return (tmp_path / "tls" / "ca.pem").read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(16)))) == 1
    verify(tmp_path, "localhost", NOW)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["Localhost.", "localhost", "localhost"], ["localhost"]),
        (["[::1]", "::1"], ["::1"]),
        (["bücher.example"], ["xn--bcher-kva.example"]),
        (["my_laptop"], ["my_laptop"]),
        (["", "with space", "a..b", "x" * 64, "." * 300, "a\x00b", "*"], []),
    ],
)
def test_names_as_a_certificate_carries_them(names: list[str], shown: list[str]) -> None:
    assert [str(each.value) for each in subject_names(names)] == shown
