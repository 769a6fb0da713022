"""A recording until its time is over, and from then on."""

from collections.abc import Callable
from functools import partial
from typing import Any

from offhook.config import Storage
from offhook.storage import recordings
from offhook.storage.records import Recording
from offhook.storage.retention import US_PER_DAY
from offhook.testing.world import World

FILE = "11111111-2222-4333-8444-5555555555cc"
FORMS = (f"/v1/files/{FILE}", f"/v3/files/{FILE}", f"/v1/files/compat.nexmo.com/{FILE}")


def test_a_recording_is_there_for_its_days_and_then_as_if_it_had_never_been(
    client_of: Callable[[World], Any],
) -> None:
    with World(seed=1, settings={"storage": Storage(recording_days=5)}) as world:
        own, now = world.provisioned.application, world.clock.wall()
        row = Recording(
            world.ids.uuid(), FILE, own.account_id, own.application_id, "CON-x", None, "ready", "mp3", 1,
            now, ended_at=now, path="recordings/a.mp3",
        )  # fmt: skip
        (world.settings.recordings_dir / "a.mp3").write_bytes(b"ID3")
        world.database.transact(partial(recordings.insert, record=row))
        http = client_of(world)
        world.run(world.service.retention.purge(now + 5 * US_PER_DAY))
        etag = http("GET", FORMS[0]).headers["etag"]
        world.run(world.service.retention.purge(now + 5 * US_PER_DAY + 1_000_000))
        for path in FORMS:
            for method in ("GET", "DELETE"):
                answer = http(method, path, headers={"if-none-match": etag, "range": "bytes=0-0"})
                assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND")
                assert "does not exist, or you do not have access" in answer.json["detail"]
            assert http("HEAD", path).status == 404
            assert http("GET", path, auth="").status == 401
        assert not (world.settings.recordings_dir / "a.mp3").exists()
