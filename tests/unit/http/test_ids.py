"""UUIDs in capitals name what the same UUIDs in small letters name (RFC 9562 §4)."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tests.unit.http.conftest import BASIC

from offhook.http.context import as_stored
from offhook.security import jwt
from offhook.storage import recordings
from offhook.storage.records import Recording
from offhook.testing.provision import key_pair
from offhook.testing.world import World

WAIT = [{"action": "wait", "timeout": 300}]
FILE = "abcdefab-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("ABCDEFAB-2222-4333-8444-555555555555", FILE),
        (FILE, FILE),
        ("con-ABCDEFAB-2222-4333-8444-555555555555", f"CON-{FILE}"),
        ("Usr-" + FILE, f"USR-{FILE}"),
        ("Jamie", "Jamie"),
        ("ABCDEFAB222243338444555555555555", "ABCDEFAB222243338444555555555555"),
        (f"A{FILE}", f"A{FILE}"),
        ("", ""),
    ],
)
def test_as_stored(given: str, stored: str) -> None:
    assert as_stored(given) == stored


def test_a_call_is_read_and_steered_by_its_id_in_capitals(client_of: Any) -> None:
    with World(seed=3) as world:
        http = client_of(world)
        world.application({"/answer": WAIT})
        world.dial("15550100777", world.number, "wait-hangup")
        world.wait(1)
        uuid = world.scenario.events[0]["uuid"]
        path = f"/v1/calls/{uuid.upper()}"
        shown = http("GET", path).json
        assert shown["uuid"] == uuid
        assert shown["_links"]["self"]["href"].endswith(uuid)
        for method, below, body in (
            ("PUT", "/talk", {"text": "x"}),
            ("DELETE", "/talk", None),
            ("PUT", "/stream", {"stream_url": ["http://app.test/a.wav"]}),
            ("DELETE", "/stream", None),
            ("PUT", "/dtmf", {"digits": "1"}),
        ):
            answer = http(method, path + below, body)
            assert (answer.status, answer.json["uuid"]) == (200, uuid), below
        assert http("PUT", path + "/input/dtmf", {"event_url": ["http://app.test/k"]}).status == 200
        assert http("DELETE", path + "/input/dtmf").status == 200
        conversation = shown["conversation_uuid"]
        for written in (conversation.upper(), conversation.lower()):
            assert http("GET", f"/v1/calls?conversation_uuid={written}").json["count"] == 1
        assert http("PUT", path, {"action": "mute"}).status == 204
        assert http("DELETE", f"/v0.1/legs/{uuid.upper()}").status == 204
        world.wait(1)
        assert http("GET", path).json["status"] == "completed"


def test_an_application_in_its_path_and_in_a_token(client_of: Any) -> None:
    with World(seed=3) as world:
        own = world.provisioned.application
        http = client_of(world)
        upper = own.application_id.upper()
        assert upper != own.application_id
        answer = http("GET", f"/v2/applications/{upper}")
        assert (answer.status, answer.json["id"]) == (200, own.application_id)
        token = jwt.make_token(key_pair().private_key, upper, wall=world.clock.wall(), ids=world.ids)
        made = http(
            "POST",
            "/v1/calls",
            {"to": [{"type": "phone", "number": "31201234567"}], "from": world.number, "ncco": WAIT},
            auth=f"Bearer {token}",
        )
        assert made.status == 201
        assert http("GET", f"/v1/calls/{made.json['uuid']}").status == 200, (
            "one application, one set of calls"
        )


def test_a_file(client_of: Any) -> None:
    with World(seed=3) as world:
        own = world.provisioned.application
        (world.settings.recordings_dir / "a.mp3").write_bytes(b"ID3")
        row = Recording(
            "rec", FILE, own.account_id, own.application_id, "CON-x", None, "ready", "mp3", 1, 1,
            path="recordings/a.mp3",
        )  # fmt: skip
        world.database.transact(partial(recordings.insert, record=row))
        http = client_of(world)
        answer = http("GET", f"/v1/files/{FILE.upper()}")
        assert (answer.status, answer.body) == (200, b"ID3")
        assert answer.headers["content-disposition"] == f'attachment; filename="{FILE}.mp3"'
        world.database.transact(
            partial(recordings.insert, record=replace(row, recording_id="other", file_id=FILE[:-1] + "6"))
        )
        assert http("DELETE", f"/v3/files/{FILE.upper()}").status == 204
        assert http("GET", f"/v1/files/{FILE}").status == 404


@pytest.mark.parametrize("link", ["app_id={}", "voiceCallbackType=app&voiceCallbackValue={}"])
def test_a_number_is_linked_to_an_application_and_found_by_it(client_of: Any, link: str) -> None:
    with World(seed=3) as world:
        http, own = client_of(world), world.provisioned.application.application_id
        form = f"country=US&msisdn={world.number}&{link.format(own.upper())}".encode()
        assert http("POST", "/number/update", form, auth=BASIC).status == 200
        for written in (own, own.upper()):
            page = http("GET", f"/account/numbers?application_id={written}", auth=BASIC).json
            assert [each["app_id"] for each in page["numbers"]] == [own]
