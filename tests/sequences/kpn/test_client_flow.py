"""A program of the KPN wrapper, from its first request to a quota that is used up."""

import json
from typing import Any
from urllib.parse import urlencode

from offhook.security.passwords import hash_secret
from offhook.simulator.app_server import Webhook
from offhook.storage import clients
from offhook.storage.clients import Client
from offhook.testing.world import World

BASE = "http://platform.test/communication/nexmo"
TOKEN = "http://platform.test/oauth/client_credential/accesstoken?grant_type=client_credentials"
ID, SECRET = "project-0001", "project-secret-0001"
PHONE = "31201234567"
HEADERS = (
    "sunset",
    "api-version",
    "quota-interval",
    "quota-time-unit",
    "quota-limit",
    "quota-used",
    "quota-reset-utc",
    "strict-transport-security",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-max-age",
)
LIMIT = 6


class Program:
    """What a customer has written: it knows an address, an id and a secret."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.headers: dict[str, str] = {}
        self.used: list[int] = []

    def __call__(self, method: str, url: str, body: str | bytes = b"", **headers: str) -> tuple[int, Any]:
        data = body.encode() if isinstance(body, str) else body
        told = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        status, found, answer = self._world.run(
            self._world.web.request(method, url, told, data, 5.0, 60.0, 1_000_000)
        )
        missing = [name for name in HEADERS if name not in found]
        assert not missing, (method, url, status, missing)
        self.used.append(int(found["quota-used"]))
        return status, json.loads(answer) if answer else None


def prepare(world: World) -> None:
    account = world.provisioned.account
    client = Client(
        ID,
        account.account_id,
        "shop",
        hash_secret(SECRET),
        None,
        1,
        "hour",
        LIMIT,
        True,
        world.clock.wall(),
    )
    world.database.transact(lambda c: clients.insert(c, client))


def test_from_a_token_to_a_quota_that_is_used_up() -> None:
    with World(seed=41) as world:
        prepare(world)
        ncco = [{"action": "talk", "text": "Your parcel is here.", "voiceName": "Lotte"}]
        asked: list[Webhook] = []

        def answer(webhook: Webhook) -> Any:
            asked.append(webhook)
            return ncco

        world.application({"/shop": answer})
        phone = world.phone(PHONE, "wait-hangup")
        program = Program(world)
        form = {"content_type": "application/x-www-form-urlencoded"}

        assert program("GET", BASE + "/applications")[0] == 401
        pair = urlencode({"client_id": ID, "client_secret": SECRET})
        status, token = program("POST", TOKEN, pair, **form)
        assert (status, token["token_type"]) == (200, "Bearer")
        program.headers["authorization"] = f"Bearer {token['access_token']}"

        fields = urlencode({"name": "Parcels", "answer_url": "http://app.test/shop"})
        status, application = program("POST", BASE + "/applications", fields, **form)
        assert status == 201
        program.headers["applicationid"] = application["id"]

        calls = BASE + "/voice/calls"
        order = {
            "to": [{"type": "phone", "number": PHONE}],
            "from": {"type": "phone", "number": world.number},
            "answer_url": ["http://app.test/shop"],
        }
        status, placed = program("POST", calls, json.dumps(order), content_type="application/json")
        assert (status, placed["status"]) == (201, "started")
        world.wait(20)
        assert world.heard(phone.calls[0].report) == ["Your parcel is here."]
        assert len(asked) == 1

        status, call = program("GET", f"{calls}/{placed['uuid']}")
        assert (status, call["status"]) == (200, "completed")
        assert call["duration"].isdigit()
        assert call["start_time"] < call["end_time"]
        status, listed = program("GET", f"{calls}?status=completed")
        assert [each["uuid"] for each in listed["_embedded"]["calls"]] == [placed["uuid"]]
        assert program("OPTIONS", calls)[0] == 200

        assert program("GET", calls)[0] == 200
        assert program("GET", calls)[0] == 200
        status, refused = program("GET", calls)
        assert (status, refused["status"]) == (429, "429")
        assert program("POST", TOKEN, pair, **form)[0] == 200
        assert program.used == [0, 0, 1, 2, 3, 4, 0, 5, 6, 6, 6]
        world.wait(3600)
        status, token = program("POST", TOKEN, pair, **form)
        program.headers["authorization"] = f"Bearer {token['access_token']}"
        assert program("GET", calls)[0] == 200
        assert program.used[-1] == 1
