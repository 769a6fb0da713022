"""Numbers of two accounts and of the inventory, and requests about them."""

import base64
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection
from tests.unit.http.conftest import BASIC, Answer, Client

from offhook.security.passwords import hash_secret
from offhook.storage import accounts, inventory, numbers
from offhook.storage.accounts import ApiSecret
from offhook.storage.records import Account, AvailableNumber, Number
from offhook.testing.provision import API_KEY, API_SECRET, add_number
from offhook.testing.world import World

OTHER = "Basic " + base64.b64encode(b"otherkey:OtherSecret1").decode()
KEYS = {"api_key": API_KEY, "api_secret": API_SECRET}
DONE = {"error-code": "200", "error-code-label": "success"}
LINKED = World.number
PLAIN = "31201234567"
MOBILE = "31612345678"


def fill(world: World) -> None:
    add(world, "31970001001", "NL", "mobile-lvn", ("VOICE", "SMS"), 100_000_000, 125_000_000)
    add(world, "31970001002", "NL", "landline", ("VOICE",), 0, 50_000_000)
    add(world, "442071838750", "GB", "landline-toll-free", ("VOICE", "SMS", "MMS"))
    add(world, "31970001009", "NL", "landline", ("VOICE",), kept_for="other")
    own(world, PLAIN, "NL", "landline", ("VOICE",))
    own(world, MOBILE, "NL", "mobile-lvn", ("VOICE", "SMS"))
    application = world.provisioned.application
    add_number(world.database, application, LINKED, 1)
    row = Number("33123456789", "other", None, "FR", "landline", ("VOICE",), 1)
    world.database.transact(lambda c: numbers.insert(c, row))


def add(
    world: World,
    msisdn: str,
    country: str,
    kind: str,
    features: tuple[str, ...],
    *prices: int,
    kept_for: str | None = None,
) -> None:
    initial, monthly = prices or (0, 0)
    row = AvailableNumber(msisdn, kept_for, country, kind, features, initial, monthly, 1)
    world.database.transact(lambda c: inventory.insert(c, row))


def own(world: World, msisdn: str, country: str, kind: str, features: tuple[str, ...]) -> None:
    account = world.provisioned.account.account_id
    row = Number(msisdn, account, None, country, kind, features, 1)
    world.database.transact(lambda c: numbers.insert(c, row))


def other(world: World) -> None:
    """A second account."""

    def rows(connection: Connection) -> None:
        accounts.insert(connection, Account("other", "otherkey", "Other", world.sealer.seal(b"x" * 32), 1))
        accounts.add_secret(connection, ApiSecret("s2", "other", hash_secret("OtherSecret1"), 1))

    world.database.transact(rows)


def get(http: Client, path: str, auth: str = BASIC, **query: Any) -> Answer:
    return http("GET", f"{path}?{urlencode(query)}", auth=auth)


def post(http: Client, path: str, auth: str = BASIC, kind: str = "form", **fields: Any) -> Answer:
    types = {"form": "application/x-www-form-urlencoded", "json": "application/json"}
    return http("POST", path, urlencode(fields).encode(), auth=auth, headers={"content-type": types[kind]})


def msisdns(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [each["msisdn"] for each in answer.json["numbers"]]


def stored(world: World, msisdn: str) -> Number:
    found = world.database.transact(lambda c: numbers.get(c, msisdn))
    assert found is not None
    return found


def failed(answer: Answer, word: str) -> None:
    assert answer.status == 420
    assert set(answer.json) == {"error-code", "error-code-label"}
    assert answer.json["error-code"] == "420"
    assert word in answer.json["error-code-label"]
