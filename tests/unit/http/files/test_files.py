"""Recordings: every form of the address, ranges, and nobody else's files."""

import dataclasses
import email
from collections.abc import Iterator
from email.policy import HTTP
from typing import Any

import pytest

from offhook.http.files.ranges import Unsatisfiable, Version, wanted
from offhook.security import jwt
from offhook.storage import applications, recordings
from offhook.storage.records import Recording
from offhook.testing.provision import key_pair
from offhook.testing.world import World

FILE = "11111111-2222-4333-8444-555555555555"
FORMS = (f"/v1/files/{FILE}", f"/v3/files/{FILE}", f"/v1/files/compat.nexmo.com/{FILE}")
CONTENT = bytes(range(256)) * 600
VERSION = Version('"1"', "Sat, 21 Nov 2026 15:00:00 GMT")


@pytest.fixture(scope="module")
def platform() -> Iterator[World]:
    with World(seed=1) as world:
        owner = world.provisioned.application
        outside = world.settings.data_dir.with_name(f"{world.settings.data_dir.name}.secret")
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
            dataclasses.replace(row, recording_id="out", file_id=FILE[:-1] + "8", path=f"../{outside.name}"),
            dataclasses.replace(row, recording_id="wav", file_id=FILE[:-1] + "9", format="wav"),
            dataclasses.replace(row, recording_id="ogg", file_id=FILE[:-1] + "a", format="ogg"),
        ]

        def write(connection: Any) -> None:
            applications.insert(connection, other)
            for each in rows:
                recordings.insert(connection, each)

        world.database.transact(write)
        outside.write_bytes(b"secret")
        yield world
        outside.unlink()


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


def test_one_range(http: Any) -> None:
    answer = http("GET", FORMS[0], headers={"range": "bytes=70000-70009"})
    assert (answer.status, answer.body) == (206, CONTENT[70000:70010])
    assert answer.headers["content-range"] == f"bytes 70000-70009/{len(CONTENT)}"
    assert answer.headers["content-type"] == "audio/mpeg"
    answer = http("GET", FORMS[0], headers={"range": "bytes=-7"})
    assert (answer.status, answer.body) == (206, CONTENT[-7:])


def test_a_range_behind_the_end(http: Any) -> None:
    answer = http("GET", FORMS[0], headers={"range": f"bytes={len(CONTENT)}-"})
    assert (answer.status, answer.json["type"]) == (416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_several_ranges_come_as_one_body_of_parts(http: Any) -> None:
    answer = http("GET", FORMS[0], headers={"range": "bytes=100000-100004, 5-5,-3, 999999-"})
    kind = answer.headers["content-type"]
    assert (answer.status, kind.partition(";")[0]) == (206, "multipart/byteranges")
    assert answer.headers["content-length"] == str(len(answer.body))
    assert "content-range" not in answer.headers
    read = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + answer.body, policy=HTTP)
    parts = [(part["content-range"], part.get_payload(decode=True)) for part in read.iter_parts()]
    size = len(CONTENT)
    assert parts == [
        (f"bytes 100000-100004/{size}", CONTENT[100000:100005]),
        (f"bytes 5-5/{size}", CONTENT[5:6]),
        (f"bytes {size - 3}-{size - 1}/{size}", CONTENT[-3:]),
    ]
    assert {part.get_content_type() for part in read.iter_parts()} == {"audio/mpeg"}


def test_a_range_counts_for_get_alone(http: Any) -> None:
    for text in ("bytes=0-9", f"bytes={len(CONTENT)}-"):
        head = http("HEAD", FORMS[0], headers={"range": text})
        assert (head.status, head.headers["content-length"]) == (200, str(len(CONTENT)))


def test_if_range_lets_a_range_count_for_the_same_file_only(http: Any) -> None:
    whole = http("GET", FORMS[0])
    for state in (whole.headers["etag"], whole.headers["last-modified"]):
        answer = http("GET", FORMS[0], headers={"range": "bytes=0-9", "if-range": state})
        assert (answer.status, answer.body) == (206, CONTENT[:10])
    others = ('"another"', "W/" + whole.headers["etag"], "Thu, 01 Jan 1970 00:00:00 GMT", "")
    for state in others:
        answer = http("GET", FORMS[0], headers={"range": "bytes=0-9", "if-range": state})
        assert (answer.status, answer.body) == (200, CONTENT), state


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("Bytes = 5-", [(5, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-99", [(0, 10)]),
        ("bytes=2-99", [(2, 10)]),
        ("bytes=3-4,0-1", [(3, 5), (0, 2)]),
        ("bytes= ,3-4 ,\t0-1,", [(3, 5), (0, 2)]),
        ("bytes=0-1,20-", [(0, 2)]),
        ("bytes=0-4,4-5", []),
        ("bytes=0-,0-", []),
        ("bytes=5-4", []),
        ("bytes=0-1,5-4", []),
        ("bytes=-", []),
        ("bytes=", []),
        ("bytes=0-1;2-3", []),
        ("lines=0-1", []),
        ("bytes=" + "9" * 40 + "-", []),
        ("bytes=²-", []),
        ("bytes=" + ",".join(["0-0"] * 17), []),
        ("", []),
    ],
)
def test_ranges(text: str, parts: Any) -> None:
    assert wanted({"range": text}, 10, VERSION) == parts
    assert wanted({"range": text, "if-range": '"x"'}, 10, VERSION) == []


@pytest.mark.parametrize(
    ("text", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=-5", 0), ("bytes=10-,11-12,-0", 10)]
)
def test_ranges_behind_the_end(text: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        wanted({"range": text}, size, VERSION)


def test_a_recording_is_deleted_with_its_audio(http: Any) -> None:
    world = http.world
    for number, form in enumerate(FORMS):
        file_id = f"22222222-2222-4333-8444-55555555555{number}"
        audio = world.settings.recordings_dir / f"{file_id}.mp3"
        audio.write_bytes(b"audio")
        row = world.database.transact(lambda c: recordings.by_file(c, FILE))
        row = dataclasses.replace(
            row, recording_id=f"rec{number}", file_id=file_id, path=f"recordings/{audio.name}"
        )
        world.database.transact(lambda c, row=row: recordings.insert(c, row))
        path = form.replace(FILE, file_id)
        assert http("DELETE", path, auth=stranger(http)).status == 404
        assert audio.exists()
        answer = http("DELETE", path, headers={"content-type": "application/json"})
        assert (answer.status, answer.body) == (204, b"")
        assert not audio.exists()
        assert world.database.transact(lambda c, i=row.recording_id: recordings.get(c, i)) is None
        assert http("DELETE", path).status == 404
        assert http("GET", path).status == 404


def test_what_is_not_finished_is_not_deleted(http: Any) -> None:
    busy = FILE[:-1] + "7"
    assert http("DELETE", f"/v1/files/{busy}").status == 404
    assert http.world.database.transact(lambda c: recordings.by_file(c, busy)) is not None


def test_other_methods_are_refused(http: Any) -> None:
    for path in FORMS:
        answer = http("POST", path, {})
        assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")


def test_a_transcription_is_a_file_that_does_not_exist(http: Any) -> None:
    answer = http("GET", "/v1/files/33333333-2222-4333-8444-555555555555")
    assert (answer.status, answer.json["title"]) == (404, "Not Found")
    assert "does not exist" in answer.json["detail"]


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


def stranger(http: Any) -> str:
    made = jwt.make_token(
        key_pair().private_key, "another-application", wall=http.world.clock.wall(), ids=http.world.ids
    )
    return "Bearer " + made


def test_another_applications_file_does_not_exist(http: Any) -> None:
    for path in FORMS:
        assert http("GET", path, auth=stranger(http)).status == 404
        assert http("GET", path, auth="").status == 401
