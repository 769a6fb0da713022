"""If-Match, If-None-Match and their dates: for recordings, and case by case (RFC 9110 §13)."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from starlette.datastructures import Headers

from offhook.http.files.conditions import refused
from offhook.http.files.ranges import Version
from offhook.storage import recordings
from offhook.storage.records import Recording
from offhook.testing.world import World

FILE = "11111111-2222-4333-8444-5555555555aa"
PATH = f"/v1/files/{FILE}"
NOW = "Sat, 21 Nov 2026 15:00:00 GMT"
BEFORE, AFTER = "Sat, 21 Nov 2026 14:59:59 GMT", "Sat, 21 Nov 2026 15:00:01 GMT"
VERSION = Version('"a-1"', NOW)


@pytest.mark.parametrize(
    ("headers", "read", "changed"),
    [
        ({}, None, None),
        ({"if-none-match": '"a-1"'}, 304, 412),
        ({"if-none-match": 'W/"a-1"'}, 304, 412),
        ({"if-none-match": '"b", W/"c" ,"a-1"'}, 304, 412),
        ({"if-none-match": "*"}, 304, 412),
        ({"if-none-match": '"b"'}, None, None),
        ({"if-none-match": "a-1"}, None, None),
        ({"if-none-match": ""}, None, None),
        ({"if-match": '"a-1"'}, None, None),
        ({"if-match": '"b","a-1"'}, None, None),
        ({"if-match": "*"}, None, None),
        ({"if-match": '"b"'}, 412, 412),
        ({"if-match": 'W/"a-1"'}, 412, 412),
        ({"if-match": ""}, 412, 412),
        ({"if-modified-since": NOW}, 304, None),
        ({"if-modified-since": AFTER}, 304, None),
        ({"if-modified-since": BEFORE}, None, None),
        ({"if-modified-since": "Saturday, 21-Nov-26 15:00:00 GMT"}, 304, None),
        ({"if-modified-since": "Sat Nov 21 15:00:00 2026"}, 304, None),
        ({"if-modified-since": "yesterday"}, None, None),
        ({"if-modified-since": "Sat, 99 Nov 2026 15:00:00 GMT"}, None, None),
        ({"if-modified-since": ""}, None, None),
        ({"if-unmodified-since": NOW}, None, None),
        ({"if-unmodified-since": BEFORE}, 412, 412),
        ({"if-unmodified-since": "0"}, None, None),
        ({"if-none-match": '"b"', "if-modified-since": NOW}, None, None),
        ({"if-match": '"a-1"', "if-unmodified-since": BEFORE}, None, None),
        ({"if-match": '"a-1"', "if-none-match": '"a-1"'}, 304, 412),
        ({"if-match": '"b"', "if-none-match": '"a-1"'}, 412, 412),
    ],
)
def test_conditions(headers: dict[str, str], read: int | None, changed: int | None) -> None:
    given = Headers(headers)
    assert refused("GET", given, VERSION) == refused("HEAD", given, VERSION) == read
    assert refused("DELETE", given, VERSION) == changed


def test_what_is_not_there_matches_nothing() -> None:
    assert refused("DELETE", Headers({"if-match": "*"}), None) == 412
    assert refused("DELETE", Headers({"if-none-match": "*"}), None) is None
    assert refused("DELETE", Headers({"if-unmodified-since": BEFORE}), None) is None


def test_lines_of_one_header_count_together() -> None:
    lines = Headers(raw=[(b"if-none-match", b'"b"'), (b"if-none-match", b'"a-1"')])
    assert refused("GET", lines, VERSION) == 304


@pytest.fixture
def recorded(client_of: Any) -> Any:
    with World(seed=1) as world:
        own = world.provisioned.application
        (world.settings.recordings_dir / "a.mp3").write_bytes(b"ID3 and more")
        row = Recording(
            "rec", FILE, own.account_id, own.application_id, "CON-x", None, "ready", "mp3", 1, 1,
            path="recordings/a.mp3",
        )  # fmt: skip
        world.database.transact(partial(recordings.insert, record=row))
        yield client_of(world)


def test_a_file_that_is_known_is_not_sent_again(recorded: Any) -> None:
    whole = recorded("GET", PATH)
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    for header, value in (("if-none-match", etag), ("if-modified-since", modified)):
        for method in ("GET", "HEAD"):
            answer = recorded(method, PATH, headers={header: value})
            assert (answer.status, answer.body) == (304, b"")
            kept = {name: answer.headers[name] for name in ("etag", "cache-control", "last-modified")}
            assert kept == {"etag": etag, "cache-control": "private", "last-modified": modified}
            assert "content-length" not in answer.headers
    assert recorded("GET", PATH, headers={"if-none-match": '"other"'}).body == whole.body


def test_a_condition_counts_before_a_range(recorded: Any) -> None:
    etag = recorded("GET", PATH).headers["etag"]
    known = recorded("GET", PATH, headers={"if-none-match": etag, "range": "bytes=0-2"})
    assert (known.status, known.body) == (304, b"")
    part = recorded("GET", PATH, headers={"if-match": etag, "range": "bytes=0-2"})
    assert (part.status, part.body) == (206, b"ID3")
    other = recorded("GET", PATH, headers={"if-match": '"other"', "range": "bytes=0-2"})
    assert (other.status, other.json["type"]) == (412, "PRECONDITION_FAILED")
    assert recorded("GET", PATH, headers={"if-none-match": etag}, auth="").status == 401


def test_a_delete_of_another_version_deletes_nothing(recorded: Any) -> None:
    etag = recorded("GET", PATH).headers["etag"]
    for header, value in (("if-match", '"other"'), ("if-none-match", "*"), ("if-none-match", etag)):
        answer = recorded("DELETE", PATH, headers={header: value})
        assert (answer.status, answer.json["title"]) == (412, "Precondition Failed")
    assert recorded("GET", PATH).status == 200
    assert recorded("DELETE", PATH, headers={"if-match": etag}).status == 204
    assert recorded("GET", PATH, headers={"if-none-match": etag}).status == 404


def test_audio_that_is_lost_is_deleted_without_a_condition_alone(recorded: Any) -> None:
    world = recorded.world
    row = world.database.transact(lambda c: recordings.by_file(c, FILE))
    lost = replace(row, recording_id="lost", file_id=FILE[:-1] + "b", path="recordings/lost.mp3")
    world.database.transact(partial(recordings.insert, record=lost))
    path = PATH[:-1] + "b"
    assert recorded("DELETE", path, headers={"if-match": "*"}).status == 412
    assert recorded("DELETE", path).status == 204
