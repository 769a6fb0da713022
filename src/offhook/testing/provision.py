"""An account, an application, a number and the simulated carrier's trunk, as `offhook init` makes them."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from offhook.core.clock import Clock
from offhook.core.ids import Ids
from offhook.security import jwt
from offhook.security.keys import KeyPair, make_pair
from offhook.security.passwords import hash_secret
from offhook.security.secrets import Sealer
from offhook.storage import accounts, applications, numbers, trunks
from offhook.storage.accounts import ApiSecret
from offhook.storage.database import Database
from offhook.storage.records import Account, Application, Number, Trunk
from offhook.webhooks.attempts import Transport

NUMBER = "15550100001"
API_KEY = "worldkey"
API_SECRET = "WorldSecret1"
SIGNATURE_SECRET = b"a signature secret of a world, 32+"


@functools.cache
def key_pair() -> KeyPair:
    """One pair for all worlds of a process: making one takes longer than most calls."""
    return make_pair()


@functools.cache
def secret_hash() -> str:
    return hash_secret(API_SECRET)


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What was made."""

    account: Account
    application: Application

    def token(self, clock: Clock, ids: Ids) -> str:
        return jwt.make_token(
            key_pair().private_key, self.application.application_id, wall=clock.wall(), ids=ids
        )

    async def request(
        self, web: Transport, method: str, path: str, body: Any, clock: Clock, ids: Ids
    ) -> tuple[int, Any]:
        """One request of the application to the REST API."""
        data = b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token(clock, ids)}", "Content-Type": "application/json"}
        status, _, answer = await web.request(
            method, f"http://platform.test{path}", headers, data, 5.0, 60.0, 10_000_000
        )
        try:
            return status, json.loads(answer) if answer else None
        except ValueError:
            return status, answer


def configure(database: Database, application: Application, base: str, changes: Mapping[str, str]) -> None:
    """Change webhooks. `…_url` takes a path below `base`, `…_method` a method for the URL of that name."""

    def change(connection: Connection) -> None:
        found = applications.get(connection, application.application_id)
        assert found is not None
        voice = found.capabilities["voice"]
        webhooks = {name: dict(webhook) for name, webhook in voice["webhooks"].items()}
        for name, value in changes.items():
            if name.endswith("_method"):
                webhooks[name.removesuffix("_method") + "_url"]["http_method"] = value
            else:
                method = webhooks.get(name, {}).get("http_method", "GET")
                webhooks[name] = {"address": base + value, "http_method": method}
        capabilities = {**found.capabilities, "voice": {**voice, "webhooks": webhooks}}
        applications.update(connection, replace(found, capabilities=capabilities))

    database.transact(change)


def add_number(database: Database, application: Application, number: str, wall: int) -> None:
    """Link one more number to the application."""
    row = Number(
        number, application.account_id, application.application_id, "US", "landline", ("VOICE",), wall
    )
    database.transact(lambda connection: numbers.insert(connection, row))


def provision(database: Database, sealer: Sealer, ids: Ids, clock: Clock, base: str) -> Provisioned:
    """Make the rows. `base` is where the application's webhooks are."""
    now = clock.wall()
    account = Account(ids.uuid(), API_KEY, "world", sealer.seal(SIGNATURE_SECRET), now)
    webhooks = {
        "answer_url": {"address": f"{base}/answer", "http_method": "GET"},
        "event_url": {"address": f"{base}/event", "http_method": "POST"},
    }
    application = Application(
        ids.uuid(),
        account.account_id,
        "world",
        key_pair().public_key,
        {"voice": {"webhooks": webhooks, "signed_callbacks": True}},
        {},
        now,
        now,
    )
    owned = Number(NUMBER, account.account_id, application.application_id, "US", "landline", ("VOICE",), now)
    carrier = Trunk(
        trunk_id=ids.uuid(),
        account_id=account.account_id,
        name="simulated-carrier",
        simulated=True,
        host="carrier.offhook.localhost",
        port=0,
        transport="udp",
        username=None,
        password=None,
        sources=("127.0.0.0/8",),
        prefixes=("",),
        priority=1_000_000,
        enabled=True,
        created_at=now,
    )
    secret = ApiSecret(ids.uuid(), account.account_id, secret_hash(), now)

    def rows(connection: Connection) -> None:
        accounts.insert(connection, account)
        accounts.add_secret(connection, secret)
        applications.insert(connection, application)
        numbers.insert(connection, owned)
        trunks.insert(connection, carrier)

    database.transact(rows)
    return Provisioned(account, application)
