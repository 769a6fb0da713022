"""Recordings: every form of the address, ranges, and nobody else's files."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from offhook.http.sending import Unsatisfiable, wanted
from offhook.security import jwt
from offhook.storage import applications, recordings
from offhook.storage.records import Recording
from offhook.testing.provision import key_pair
from offhook.testing.world import World

FILE = "11111111-2222-4333-8444-555555555555"
FORMS = (f"/v1/files/{FILE}", f"/v3/files/{FILE}", f"/v1/files/compat.nexmo.com/{FILE}")
CONTENT = bytes(range(256)) * 600


@pytest.fixture(scope="module")
def platform() -> Iterator[World]:
    with World(seed=1) as world:
        owner = world.provisioned.application
        (world.settings.recordings_dir / "a.mp3").write_bytes(CONTENT)
        row = Recording(
            "rec",
            FILE,
            owner.account_id,
            owner.application_id,
            "CON-x",
            None,
            "ready",
            "mp3",
            1,
            1,
            path="recordings/a.mp3",
        )
        other = dataclasses.replace(owner, application_id="another-application")
        rows = [
            row,
            dataclasses.replace(row, recording_id="gone", file_id=FILE[:-1] + "6", path="recordings/no.mp3"),
            dataclasses.replace(row, recording_id="busy", file_id=FILE[:-1] + "7", status="finalising"),
            dataclasses.replace(row, recording_id="out", file_id=FILE[:-1] + "8", path="../secret"),
            dataclasses.replace(row, recording_id="wav", file_id=FILE[:-1] + "9", format="wav"),
            dataclasses.replace(row, recording_id="ogg", file_id=FILE[:-1] + "a", format="ogg"),
        ]

        def write(connection: Any) -> None:
            applications.insert(connection, other)
            for each in rows:
                recordings.insert(connection, each)

        world.database.transact(write)
        (world.settings.data_dir.parent / "secret").write_bytes(b"secret")
        yield world
        (world.settings.data_dir.parent / "secret").unlink()


@pytest.mark.parametrize("path", FORMS)
def test_every_form_of_the_address_gives_the_file(http: Any, path: str) -> None:
    answer = http("GET", path)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-disposition"] == f'attachment; filename="{FILE}.mp3"'
    head = http("HEAD", path)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))


def test_media_types(http: Any) -> None:
    assert http("GET", f"/v1/files/{FILE[:-1]}9").headers["content-type"] == "audio/wav"
    assert http("GET", f"/v1/files/{FILE[:-1]}a").headers["content-type"] == "audio/ogg"


def test_a_range_is_served(http: Any) -> None:
    answer = http("GET", FORMS[0], headers={"range": "bytes=70000-70009"})
    assert (answer.status, answer.body) == (206, CONTENT[70000:70010])
    assert answer.headers["content-range"] == f"bytes 70000-70009/{len(CONTENT)}"
    answer = http("GET", FORMS[0], headers={"range": f"bytes={len(CONTENT)}-"})
    assert (answer.status, answer.json["type"]) == (416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 40 + "-", None),
        ("bytes=²-", None),
        ("", None),
    ],
)
def test_ranges(text: str, part: Any) -> None:
    assert wanted({"range": text}, 10) == part
    assert wanted({"range": text, "if-range": '"x"'}, 10) is None


@pytest.mark.parametrize(("text", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=-5", 0)])
def test_ranges_behind_the_end(text: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        wanted({"range": text}, size)


def test_what_is_not_there_is_404(http: Any) -> None:
    names = [
        FILE[:-1] + "6",
        FILE[:-1] + "7",
        FILE[:-1] + "8",
        FILE[:-1] + "b",
        FILE.upper().replace("1", "A"),
        "a.mp3",
        "..%2f..%2fsecret",
        "%2e%2e",
        "%00",
    ]
    for name in names:
        for folder in ("/v1/files/", "/v3/files/", "/v1/files/compat.nexmo.com/"):
            answer = http("GET", folder + name)
            assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND"), name
            assert b"secret" not in answer.body.replace(b"2fsecret", b"").replace(b"/secret", b"")


def test_another_applications_file_does_not_exist(http: Any) -> None:
    made = jwt.make_token(
        key_pair().private_key, "another-application", wall=http.world.clock.wall(), ids=http.world.ids
    )
    for path in FORMS:
        assert http("GET", path, auth="Bearer " + made).status == 404
        assert http("GET", path, auth="").status == 401
