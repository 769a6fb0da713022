"""Two accounts over HTTP: each resource of one does not exist for the other, whatever its id."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from offhook.security import jwt
from offhook.security.keys import KeyPair, make_pair
from offhook.security.passwords import hash_secret
from offhook.storage import accounts, applications, conversations, legs, numbers, recordings
from offhook.storage.accounts import ApiSecret
from offhook.storage.records import Account, Conversation, Leg, Number, Recording
from offhook.testing.world import World

THEIR_APP = "00000000-0000-4000-8000-0000000000a2"
LEG = "00000000-0000-4000-8000-000000000001"
FILE = "00000000-0000-4000-8000-000000000002"
NUMBER = "15550102222"
KEY, SECRET = "tenant02", "Tenant2Secret"
BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


class Tenants:
    """The world's own account, and a second one that has one of everything."""

    def __init__(self, world: World, http: Any) -> None:
        self.world = world
        self.http = http
        self.pair: KeyPair = make_pair()
        world.database.transact(self._rows)

    def _rows(self, connection: Any) -> None:
        now, ours = self.world.clock.wall(), self.world.provisioned
        account = Account("acc-2", KEY, "second", ours.account.signature_secret, now)
        accounts.insert(connection, account)
        accounts.add_secret(connection, ApiSecret("sec-2", "acc-2", hash_secret(SECRET), now))
        theirs = replace(
            ours.application,
            application_id=THEIR_APP,
            account_id="acc-2",
            name="theirs",
            public_key=self.pair.public_key,
        )
        applications.insert(connection, theirs)
        numbers.insert(connection, Number(NUMBER, "acc-2", THEIR_APP, "US", "landline", ("VOICE",), now))
        conversations.insert(connection, Conversation("CON-2", "acc-2", THEIR_APP, "room", now))
        phone = {"type": "phone", "number": "15550100001"}
        leg = Leg(LEG, "acc-2", THEIR_APP, "CON-2", "inbound", phone, phone, "completed", now, ended_at=now)
        legs.insert(connection, leg)
        path = Path(self.world.settings.data_dir, "recordings", "theirs.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF")
        recordings.insert(
            connection,
            Recording(
                "rec-2",
                FILE,
                "acc-2",
                THEIR_APP,
                "CON-2",
                LEG,
                "ready",
                "wav",
                1,
                now,
                now,
                1,
                4,
                "recordings/theirs.wav",
            ),
        )

    def token(self, application: str = THEIR_APP) -> str:
        made = jwt.make_token(
            self.pair.private_key, application, wall=self.world.clock.wall(), ids=self.world.ids
        )
        return "Bearer " + made


@pytest.fixture(scope="module")
def tenants() -> Iterator[Tenants]:
    from tests.unit.http.conftest import Client

    with World(seed=21) as world:
        yield Tenants(world, Client(world))


def test_calls(tenants: Tenants) -> None:
    http, theirs = tenants.http, tenants.token()
    assert http("GET", f"/v1/calls/{LEG}", auth=theirs).status == 200
    assert http("GET", f"/v1/calls/{LEG}").status == 404
    for method, path in (("PUT", ""), ("PUT", "/talk"), ("DELETE", "/stream"), ("PUT", "/dtmf")):
        body = {"action": "hangup", "text": "x", "digits": "1"}
        assert http(method, f"/v1/calls/{LEG}{path}", body).status == 404, path
    assert [each["uuid"] for each in listed(http, theirs)] == [LEG]
    assert listed(http, None) == []
    assert listed(http, None, "?conversation_uuid=CON-2") == []


def listed(http: Any, auth: str | None, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http("GET", "/v1/calls" + query, auth=auth).json["_embedded"]["calls"]
    return found


def test_files(tenants: Tenants) -> None:
    http = tenants.http
    for path in (f"/v1/files/{FILE}", f"/v3/files/{FILE}", f"/v1/files/compat.nexmo.com/{FILE}"):
        assert http("GET", path, auth=tenants.token()).body == b"RIFF"
        assert http("GET", path).status == 404
        assert http("HEAD", path).status == 404
    assert http("DELETE", f"/v1/files/{FILE}").status == 404
    assert http("GET", f"/v1/files/{FILE}", auth=tenants.token()).status == 200, "it is still there"


def test_applications(tenants: Tenants) -> None:
    http, path = tenants.http, f"/v2/applications/{THEIR_APP}"
    assert http("GET", path, auth=BASIC).status == 200
    assert http("GET", path).status == 404
    assert http("PUT", path, {"name": "mine now"}).status == 404
    assert http("DELETE", path).status == 404
    names = [each["name"] for each in http("GET", "/v2/applications").json["_embedded"]["applications"]]
    assert "theirs" not in names
    own = http("GET", "/v2/applications", auth=BASIC).json
    assert [each["id"] for each in own["_embedded"]["applications"]] == [THEIR_APP]


def test_numbers(tenants: Tenants) -> None:
    http = tenants.http
    ours = tenants.world.provisioned
    own = http("GET", "/account/numbers", auth=BASIC).json
    assert [each["msisdn"] for each in own["numbers"]] == [NUMBER]
    stolen = {"country": "US", "msisdn": World.number}
    assert http("POST", "/number/cancel", form(stolen), auth=BASIC).status == 420
    assert http("POST", "/number/buy", form(stolen), auth=BASIC).status == 420
    rung = form({**stolen, "app_id": THEIR_APP})
    assert http("POST", "/number/update", rung, auth=BASIC).status in (401, 420)
    foreign = form({"country": "US", "msisdn": NUMBER, "app_id": ours.application.application_id})
    assert http("POST", "/number/update", foreign, auth=BASIC).status in (401, 420)
    kept = tenants.world.database.transact(lambda c: (numbers.get(c, World.number), numbers.get(c, NUMBER)))
    assert [(n.account_id, n.application_id) for n in kept if n] == [
        (ours.account.account_id, ours.application.application_id),
        ("acc-2", THEIR_APP),
    ]


def form(fields: dict[str, str]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(fields).encode()


def test_users(tenants: Tenants) -> None:
    http = tenants.http
    made = http("POST", "/v1/users", {"name": "ada"}, auth=tenants.token())
    assert made.status == 201, made.body
    path = f"/v1/users/{made.json['id']}"
    assert http("GET", path, auth=tenants.token()).status == 200
    for method in ("GET", "PATCH", "DELETE"):
        assert http(method, path, {"display_name": "x"}).status == 404
    assert made.json["id"] not in http("GET", "/v1/users").body.decode()
    assert http("POST", "/v1/users", {"name": "ada"}).status == 201, "names are free for everybody"


def test_a_token_is_of_the_application_that_signed_it(tenants: Tenants) -> None:
    ours = tenants.world.provisioned.application.application_id
    assert tenants.http("GET", "/v1/calls", auth=tenants.token(ours)).status == 401


def test_a_call_shows_no_number_of_the_other_account(tenants: Tenants) -> None:
    body = {"to": [{"type": "phone", "number": "15550100500"}], "ncco": [{"action": "talk", "text": "x"}]}
    for number, auth in ((NUMBER, None), (World.number, tenants.token())):
        answer = tenants.http(
            "POST", "/v1/calls", {**body, "from": {"type": "phone", "number": number}}, auth=auth
        )
        assert (answer.status, answer.wrong) == (400, ["from"])


def test_a_suspended_account_gets_403_until_it_is_resumed(tenants: Tenants) -> None:
    http, database = tenants.http, tenants.world.database
    paths = (("/v1/calls", tenants.token()), ("/v2/applications", BASIC), ("/account/numbers", BASIC))
    database.transact(lambda c: accounts.change(c, "acc-2", suspended_at=1))
    try:
        for path, auth in paths:
            answer = http("GET", path, auth=auth)
            assert answer.status == 403, path
            assert "suspended" in json.dumps(answer.json)
        assert http("GET", "/v2/applications", auth=BASIC + "x").status == 401, "only its owner is told"
        assert http("GET", "/v1/calls").status == 200
    finally:
        database.transact(lambda c: accounts.change(c, "acc-2", suspended_at=None))
    assert {http("GET", path, auth=auth).status for path, auth in paths} == {200}


def test_nothing_opens_to_a_deleted_account(client_of: Any) -> None:
    with World(seed=22) as world:
        tenants = Tenants(world, client_of(world))
        world.database.transact(lambda c: accounts.delete(c, "acc-2"))
        for path, auth in (
            ("/v1/calls", tenants.token()),
            (f"/v1/files/{FILE}", tenants.token()),
            ("/v2/applications", BASIC),
            ("/account/numbers", BASIC),
        ):
            assert tenants.http("GET", path, auth=auth).status == 401, path
        assert tenants.http("GET", "/v1/calls").status == 200
