"""Sealed secrets, the key file, API secrets, application keys."""

import asyncio
import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from offhook.core.errors import Invalid, LocalStateError
from offhook.core.tasks import outside
from offhook.security.keys import generate, make_pair, public_key_from
from offhook.security.passwords import SecretChecker, equal, hash_secret, matches
from offhook.security.secrets import Sealer, key_from_text, load_key

KEY = bytes(range(32))
OTHER = bytes(32)


def test_sealed_and_opened() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"secret")
    assert b"secret" not in sealed
    assert sealer.seal(b"secret") != sealed
    assert sealer.open(sealed) == b"secret"
    assert sealer.open(sealer.seal(b"")) == b""


def test_another_key_is_named() -> None:
    sealed = Sealer(OTHER).seal(b"secret")
    with pytest.raises(
        LocalStateError, match=f"key {Sealer(OTHER).key_id}.*{Sealer(KEY).key_id}.*secret.key"
    ):
        Sealer(KEY).open(sealed)


def test_an_older_key_opens() -> None:
    sealed = Sealer(OTHER).seal(b"secret")
    both = Sealer(KEY, older=(OTHER,))
    assert both.open(sealed) == b"secret"
    assert both.key_id == Sealer(KEY).key_id


def test_every_changed_byte_is_noticed() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"secret")
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(LocalStateError):
            sealer.open(bytes(changed))
    with pytest.raises(LocalStateError, match="only a part"):
        sealer.open(sealed[:20])


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    key = load_key(tmp_path / "data")
    path = tmp_path / "data" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(tmp_path / "data") == key
    assert len(key) == 32
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    load_key(tmp_path)
    (tmp_path / "secret.key").chmod(0o640)
    with pytest.raises(LocalStateError, match="chmod 600"):
        load_key(tmp_path)


def test_a_broken_key_file(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("short")
    path.chmod(0o600)
    with pytest.raises(LocalStateError, match="restore it"):
        load_key(tmp_path)


def test_the_setting_wins_and_comes_in_two_forms(tmp_path: Path) -> None:
    assert load_key(tmp_path, KEY.hex()) == KEY
    assert key_from_text(base64.b64encode(KEY).decode()) == KEY
    assert key_from_text(base64.urlsafe_b64encode(b"\xff" * 32).rstrip(b"=").decode()) == b"\xff" * 32
    assert not list(tmp_path.iterdir())
    for wrong in ("abc", "", "00" * 31, "ü"):
        with pytest.raises(Invalid, match="OFFHOOK_SECRET_KEY"):
            key_from_text(wrong)


def test_hashes_are_salted_and_recognised() -> None:
    stored = hash_secret("Abc123secret")
    assert stored.startswith("scrypt$16384$8$1$")
    assert "Abc123" not in stored
    assert hash_secret("Abc123secret") != stored
    assert matches("Abc123secret", stored)
    assert not matches("Abc123secreT", stored)


@pytest.mark.parametrize(
    "stored", ["", "plain", "md5$x$y$z$a$b", "scrypt$x$8$1$AA==$AA==", "scrypt$999999999$8$1$A$A"]
)
def test_strange_hashes_match_nothing(stored: str) -> None:
    assert not matches("x", stored)


def test_checker_remembers_the_right_one_only(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = [hash_secret("first"), hash_secret("second")]
    asked: list[str] = []

    def counted(secret: str, each: str) -> bool:
        asked.append(secret)
        return matches(secret, each)

    monkeypatch.setattr("offhook.security.passwords.matches", counted)
    checker = SecretChecker(capacity=1)

    async def main() -> None:
        assert await checker.verify("second", stored)
        assert len(asked) == 2
        assert await checker.verify("second", stored)
        assert len(asked) == 2
        assert not await checker.verify("wrong", stored)
        assert not await checker.verify("wrong", stored)
        assert len(asked) == 6
        assert not await checker.verify("second", stored[:1])  # revoked
        assert await checker.verify("first", stored)
        assert not await checker.verify("anything", [])
        assert asked[-1] == "anything"  # as long as for an account that exists

    asyncio.run(main())


def test_equal() -> None:
    assert equal("ü", "ü".encode())
    assert not equal("a", "b")
    assert not equal("a", "aa")


def test_a_pair_is_pkcs8_and_spki() -> None:
    pair = asyncio.run(generate())
    assert pair.private_key.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert pair.public_key.startswith("-----BEGIN PUBLIC KEY-----\n")
    private = load_pem_private_key(pair.private_key.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    assert "PRIVATE" not in repr(pair)


def test_public_keys_in_other_forms() -> None:
    pair = make_pair()
    assert public_key_from("\n" + pair.public_key + "\n\n") == pair.public_key
    private = load_pem_private_key(pair.private_key.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    pkcs1 = private.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert "BEGIN RSA PUBLIC KEY" in pkcs1
    assert public_key_from(pkcs1) == pair.public_key


def pem_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_keys_that_are_refused() -> None:
    small = rsa.generate_private_key(65537, 1024).public_key()
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    for pem, text in [
        ("nonsense", "in PEM form"),
        (make_pair().private_key, "private key"),
        (pem_of(curve), "RSA key"),
        (pem_of(small), "2048 to 8192 bits; it has 1024"),
        ("x" * 30_000, "longer than"),
    ]:
        with pytest.raises(Invalid, match=text) as caught:
            public_key_from(pem)
        assert caught.value.field == "keys.public_key"


def test_a_flood_of_wrong_secrets_leaves_the_other_threads_alone() -> None:
    checker = SecretChecker()

    async def main() -> list[str]:
        names = ThreadPoolExecutor(1)
        asyncio.get_running_loop().set_default_executor(names)
        ended: list[str] = []

        async def guess() -> None:
            await checker.verify("wrong", ["scrypt$16384$8$1$AAAA$AAAA"])
            ended.append("guess")

        guesses = [asyncio.ensure_future(guess()) for _ in range(5)]
        await asyncio.sleep(0)
        await outside(ended.append, "resolved")
        await asyncio.gather(*guesses)
        return ended

    ended = asyncio.run(main())
    assert ended.index("resolved") < ended.index("guess")
