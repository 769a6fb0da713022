"""Signatures, checked with PyJWT as an application would (S37)."""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from offhook.core.errors import DeliveryError
from offhook.core.ids import SeededIds
from offhook.security.secrets import Sealer
from offhook.storage import accounts
from offhook.storage.database import Database
from offhook.storage.records import Account
from offhook.testing.loop import VirtualClock
from offhook.webhooks.attempts import ask
from offhook.webhooks.hook import Hook
from offhook.webhooks.sign import AccountKeys, Signer, SigningKey, token

SECRET = b"signature secret"


def claims_of(header: str, secret: bytes = SECRET) -> dict[str, Any]:
    scheme, _, text = header.partition(" ")
    assert scheme == "Bearer"
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        claims: dict[str, Any] = jwt.decode(
            text, secret, algorithms=["HS256"], issuer="Vonage", options={"verify_iat": False}
        )
    return claims


def test_claims(kit: Any) -> None:
    key = SigningKey("abcd1234", b"k" * 32)
    text = token(key, "app", b"body", issued_at=1_700_000_000, jti="J1")
    assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(text, b"k" * 32, algorithms=["HS256"])
    assert claims == {
        "iat": 1_700_000_000,
        "jti": "J1",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(b"body").hexdigest(),
        "api_key": "abcd1234",
        "application_id": "app",
    }


def test_a_post_is_signed_over_its_body(kit: Any) -> None:
    hook = Hook("https://a.example/e", "POST", account_id="acc", application_id="app")
    kit.run(ask(kit.caller, hook, {"a": "ü"}, "D1"))
    sent = kit.transport.sent[0]
    claims = claims_of(sent.headers["Authorization"])
    assert claims["payload_hash"] == hashlib.sha256(sent.body).hexdigest()
    assert claims["payload_hash"] != hashlib.sha256(sent.body + b" ").hexdigest()
    assert claims["iat"] == 1_767_225_600


def test_a_get_is_signed_over_its_query(kit: Any) -> None:
    hook = Hook("https://a.example/e?own=1", "GET", account_id="acc", application_id="app")
    kit.run(ask(kit.caller, hook, {"dtmf": {"digits": "1"}, "from": "ü +"}, "D1"))
    sent = kit.transport.sent[0]
    received = dict(parse_qsl(urlsplit(sent.url).query, keep_blank_values=True))
    rebuilt = json.dumps(received, separators=(",", ":"), ensure_ascii=False).encode()
    assert claims_of(sent.headers["Authorization"])["payload_hash"] == hashlib.sha256(rebuilt).hexdigest()


def test_unsigned_hooks_and_hooks_of_nobody(kit: Any) -> None:
    kit.run(ask(kit.caller, Hook("https://a/", "POST", signed=False, account_id="acc"), {}, "D1"))
    kit.run(ask(kit.caller, Hook("https://a/", "POST"), {}, "D1"))
    assert all("Authorization" not in sent.headers for sent in kit.transport.sent)


def test_keys_come_from_the_database_sealed_and_change_soon(kit: Any) -> None:
    database = Database("sqlite://", inline=True)
    database.migrate()
    sealer, clock = Sealer(bytes(32)), VirtualClock()
    account = Account("acc", "abcd1234", "Me", sealer.seal(SECRET), 1)
    database.transact(lambda c: accounts.insert(c, account))
    keys = AccountKeys(database, sealer, clock)
    signer = Signer(keys, clock, SeededIds(1))
    claims_of(kit.run(signer.authorization("acc", "app", b"")))
    changed = Account("acc", "abcd1234", "Me", sealer.seal(b"another secret"), 1)
    database.transact(lambda c: accounts.update(c, changed))
    clock.advance(2_000_000_000)
    claims_of(kit.run(signer.authorization("acc", "app", b"")), b"another secret")
    with pytest.raises(DeliveryError, match="no account nobody"):
        kit.run(signer.authorization("nobody", "app", b""))
    database.close_now()


def test_a_key_that_cannot_be_opened_fails_the_delivery(kit: Any) -> None:
    async def broken(account_id: str) -> SigningKey:
        Sealer(bytes(32)).open(Sealer(b"x" * 32).seal(SECRET))
        raise AssertionError

    from dataclasses import replace

    caller = replace(kit.caller, signer=Signer(broken, VirtualClock(), SeededIds(1)))
    hook = Hook("https://a/", "POST", account_id="acc")
    with pytest.raises(DeliveryError, match=r"cannot be signed: .*secret\.key"):
        kit.run(ask(caller, hook, {}, "D1"))


class SetBack(VirtualClock):
    """A clock whose wall time an administrator, or NTP, has put back by an hour."""

    set_back = False

    def wall(self) -> int:
        return super().wall() - (3_600_000_000 if self.set_back else 0)


def test_a_key_is_remembered_for_a_moment_even_when_the_wall_clock_goes_back(kit: Any) -> None:
    database = Database("sqlite://", inline=True)
    database.migrate()
    sealer, clock = Sealer(bytes(32)), SetBack()
    account = Account("acc", "abcd1234", "Me", sealer.seal(SECRET), 1)
    database.transact(lambda c: accounts.insert(c, account))
    keys = AccountKeys(database, sealer, clock)
    assert kit.run(keys("acc")).secret == SECRET
    changed = Account("acc", "abcd1234", "Me", sealer.seal(b"another secret"), 1)
    database.transact(lambda c: accounts.update(c, changed))
    clock.set_back = True
    clock.advance(2_000_000_000)
    assert kit.run(keys("acc")).secret == b"another secret"
    database.close_now()
