"""What the program trusts: merged, each certificate once, and readable for Java."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from offhook.exec.bundle import STORE_PASSWORD, java_store, merged, sources
from offhook.security.certificates import make_authority, new_key

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def pem() -> bytes:
    return make_authority(new_key(), NOW).certificate.public_bytes(Encoding.PEM)


def test_ours_first_and_each_once(tmp_path: Path) -> None:
    own, first, second = pem(), pem(), pem()
    file, folder = tmp_path / "a.pem", tmp_path / "folder"
    file.write_bytes(b"# words\n" + first.replace(b"\n", b"\r\n") + own)
    folder.mkdir()
    (folder / "b.0").write_bytes(second + first)
    assert merged([file, folder, tmp_path / "missing"], own) == own + first + second


def test_a_file_without_certificates_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n\xff")
    own = pem()
    assert merged([file], own) == own


def test_sources_are_what_the_environment_names_and_the_systems() -> None:
    found = sources({"SSL_CERT_FILE": "/a.pem", "SSL_CERT_DIR": "/b:/c", "CURL_CA_BUNDLE": ""})
    assert found[:3] == [Path("/a.pem"), Path("/b"), Path("/c")]
    assert Path("") not in found


def test_the_store_for_java_has_every_certificate_that_can_be_read() -> None:
    own, other = pem(), pem()
    broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    store = java_store(own + broken + other)
    loaded = pkcs12.load_pkcs12(store, STORE_PASSWORD.encode())
    assert [each.certificate.public_bytes(Encoding.PEM) for each in loaded.additional_certs] == [own, other]
