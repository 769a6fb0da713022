"""Two accounts of one platform: a victim that has one of everything, and a stranger who knows every id of it.

The victim is the account of a world; its call is live. The stranger has an application, a number and a client
of the KPN wrapper of his own.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, select
from tests.unit.http.conftest import BASE, Answer

from offhook.security import jwt
from offhook.security.keys import KeyPair, make_pair
from offhook.security.passwords import hash_secret
from offhook.storage import accounts, applications, clients, inventory, legs, numbers, recordings, tables
from offhook.storage.accounts import ApiSecret
from offhook.storage.clients import Client
from offhook.storage.records import Account, AvailableNumber, Leg, Number, Recording
from offhook.testing.world import World

STRANGER = "acc-stranger"
KEY, SECRET = "stranger", "Stranger2Secret"
OWN = {
    "own_app": "00000000-0000-4000-8000-0000000000b1",
    "own_number": "15550109999",
    "own_client": "client-of-the-stranger",
}
NOBODY = {
    "app": "00000000-0000-4000-8000-00000000000f",
    "leg": "00000000-0000-4000-8000-00000000001f",
    "ended": "00000000-0000-4000-8000-00000000002f",
    "file": "00000000-0000-4000-8000-00000000003f",
    "user": "USR-00000000-0000-4000-8000-00000000004f",
    "username": "nobody",
    "number": "15550104444",
    "kept": "15550105555",
    "conversation": "CON-00000000-0000-4000-8000-00000000005f",
    "client": "client-of-nobody",
    "cursor": "bjE3OTUyODMwODYzNTEzNzY6VVNSLTAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDA0Zg",
}
"""Ids as the victim's, of things that never were."""
TABLES = [table for table in tables.metadata.sorted_tables if "account_id" in table.c]
BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
OCCURRENCE = ("instance", "transactionId")
"""Members of an error that are of the one answer alone."""
OF_ONE_ANSWER = ("content-length", "quota-used", "etag")
NEW = re.compile(
    r"-----BEGIN[^-]*-----[^-]*-----END[^-]*-----|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII
)
"""Keys and ids of what was just made."""


@cache
def stranger_keys() -> KeyPair:
    return make_pair()


@cache
def stranger_hash() -> str:
    return hash_secret(SECRET)


class Neighbours:
    """The two accounts, and requests of the stranger."""

    def __init__(self, world: World, http: Any) -> None:
        self.world = world
        self._http = http
        self._tokens: dict[str, tuple[int, str]] = {}
        self.account = world.provisioned.account.account_id
        world.application({"/answer": [{"action": "conversation", "name": "room"}]})
        world.dial("15550100777", world.number, "wait-hangup")
        world.wait(1)
        event = world.scenario.events[0]
        self.ids = {
            **NOBODY,
            "app": world.provisioned.application.application_id,
            "leg": event["uuid"],
            "ended": "00000000-0000-4000-8000-0000000000a1",
            "file": "00000000-0000-4000-8000-0000000000a2",
            "username": "ada-of-the-victim",
            "number": world.number,
            "kept": "15550103333",
            "conversation": event["conversation_uuid"],
            "client": "client-of-the-victim",
        }
        for name in ("someone", "ada-of-the-victim", "other"):
            made = http("POST", "/v1/users", {"name": name}).json
            self.ids["user"] = made["id"] if name == self.ids["username"] else self.ids["user"]
        listed = http("GET", "/v1/users?page_size=1").json["_links"]["next"]["href"]
        self.ids["cursor"] = listed.partition("cursor=")[2]
        world.database.transact(self._rows)

    def _rows(self, connection: Connection) -> None:
        now, victim = self.world.clock.wall(), self.world.provisioned
        accounts.insert(connection, Account(STRANGER, KEY, "stranger", victim.account.signature_secret, now))
        accounts.add_secret(connection, ApiSecret("sec-b", STRANGER, stranger_hash(), now))
        own = replace(
            victim.application,
            application_id=OWN["own_app"],
            account_id=STRANGER,
            name="stranger",
            public_key=stranger_keys().public_key,
        )
        applications.insert(connection, own)
        number = Number(OWN["own_number"], STRANGER, OWN["own_app"], "US", "landline", ("VOICE",), now)
        numbers.insert(connection, number)
        kept = AvailableNumber(self.ids["kept"], self.account, "US", "landline", ("VOICE",), 0, 0, now)
        inventory.insert_all(connection, [kept])
        phone = {"type": "phone", "number": "15550100778"}
        app, talk = self.ids["app"], self.ids["conversation"]
        leg = Leg(self.ids["ended"], self.account, app, talk, "inbound", phone, phone, "completed", now)
        legs.insert(connection, replace(leg, ended_at=now))
        path = self.world.settings.recordings_dir / "victim.wav"
        path.write_bytes(b"RIFF")
        row = Recording(
            "rec-a", self.ids["file"], self.account, app, talk, self.ids["ended"], "ready", "wav", 1, now
        )
        recordings.insert(connection, replace(row, size=4, path="recordings/victim.wav"))
        for client, account in ((self.ids["client"], self.account), (OWN["own_client"], STRANGER)):
            clients.insert(
                connection,
                Client(client, account, client, stranger_hash(), None, 1, "month", 10**6, True, now),
            )

    # ── what the stranger asks ──────────────────────────────────────────────────────────────────

    def ask(self, method: str, path: str, auth: str, data: bytes, headers: Mapping[str, str]) -> Answer:
        """A request with these credentials."""
        sent = {"authorization": auth, **headers} if auth else dict(headers)
        work = self.world.web.request(method, BASE + path, sent, data, 5.0, 60.0, 10_000_000)
        status, told, body = self.world.run(work)
        return Answer(status, dict(told), body)

    def bearer(self, application_id: str = OWN["own_app"]) -> str:
        """A token that the stranger's key signed, for his application or for another one."""
        now = self.world.clock.wall()
        if self._tokens.get(application_id, (0, ""))[0] < now:
            made = jwt.make_token(stranger_keys().private_key, application_id, wall=now, ids=self.world.ids)
            self._tokens[application_id] = (now + 600_000_000, "Bearer " + made)
        return self._tokens[application_id][1]

    def rows(self) -> dict[str, list[Any]]:
        """Everything that is stored of the victim."""

        def read(connection: Connection) -> dict[str, list[Any]]:
            return {
                table.name: sorted(
                    map(repr, connection.execute(select(table).where(table.c.account_id == self.account)))
                )
                for table in TABLES
            }

        return self.world.database.transact(read)


def seen(answer: Answer, ids: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
    """What an answer tells, with a name in place of each of these ids, and without what is new each time."""
    text = answer.body.decode("utf-8", "replace")
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name not in OCCURRENCE}
    told = NEW.sub("<new>", json.dumps(body, sort_keys=True))
    headers = {name: value for name, value in answer.headers.items() if name not in OF_ONE_ANSWER}
    return answer.status, headers, told
