"""What must hold after a crash: every sentence here is one that the crash table promises."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from offhook.simulator.app_server import Webhook

Json = Any
LAST = ("completed", "rejected")
ORDER = ("started", "ringing", "answered", "completed")
HEARD_S = 2.5
"""A phone that talked for so long before the end must be heard in the recording."""
LOUD = 500.0
"""Root mean square of a recording with a tone in it."""


def rows(database: Path, query: str) -> list[dict[str, Json]]:
    """Rows of the instance's database, read by somebody else than the platform."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()


def integrity(database: Path) -> Iterator[str]:
    for row in rows(database, "PRAGMA integrity_check"):
        if row["integrity_check"] != "ok":
            yield f"the database is damaged: {row['integrity_check']}"


def legs(database: Path, known: set[str], since: int) -> Iterator[str]:
    """Every call that somebody was told of has its end."""
    found = {row["leg_id"]: row for row in rows(database, f"SELECT * FROM legs WHERE created_at >= {since}")}
    for uuid in sorted(known - found.keys()):
        yield f"call {uuid} was told to the application and is not in the database"
    for uuid, row in found.items():
        if row["status"] not in LAST or row["ended_at"] is None:
            yield f"call {uuid} is still {row['status']}"


def webhooks(database: Path, arrived: Sequence[Webhook], since: int) -> Iterator[str]:
    """None lost, none twice under two ids, in order."""
    stored = {
        r["delivery_id"]: r for r in rows(database, f"SELECT * FROM deliveries WHERE created_at >= {since}")
    }
    seen: dict[str, str] = {}
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    first: dict[str, list[str]] = defaultdict(list)
    for hook in arrived:
        body = hook.json
        if hook.path == "/answer" or not isinstance(body, dict):
            continue
        delivery = hook.headers.get("offhook-delivery", "")
        text = json.dumps(body, sort_keys=True)
        if delivery not in stored:
            yield f"webhook {delivery} ({text[:120]}) is not in the outbox"
        if seen.setdefault(delivery, text) != text:
            yield f"webhook {delivery} came with two bodies"
        key, uuid, status = _subject(body)
        told[key].add(delivery)
        if status in ORDER and status not in first[uuid]:
            first[uuid].append(status)
    yield from _outbox(stored, seen)
    for key, ids in told.items():
        if len(ids) > 1:
            yield f"{key} was told under {len(ids)} ids: {sorted(ids)}"
    for uuid, statuses in first.items():
        if statuses != sorted(statuses, key=ORDER.index):
            yield f"call {uuid} was told in the order {statuses}"


def _subject(body: dict[str, Json]) -> tuple[tuple[str, str], str, str]:
    status = str(body.get("status", ""))
    uuid = str(body.get("uuid") or body.get("recording_uuid") or "")
    what = status or ("record" if "recording_uuid" in body else json.dumps(body, sort_keys=True)[:200])
    return (uuid, what), uuid, status


def _outbox(stored: dict[str, dict[str, Json]], seen: dict[str, str]) -> Iterator[str]:
    finals: dict[str, int] = defaultdict(int)
    for delivery, row in stored.items():
        if row["state"] == "pending":
            yield f"webhook {delivery} ({row['kind']}) still waits"
        elif row["state"] == "delivered" and delivery not in seen:
            yield f"webhook {delivery} ({row['kind']}) is marked delivered and never came"
        elif row["state"] == "failed" and not row["expects_ncco"]:
            yield f"webhook {delivery} ({row['kind']}) failed: {row['last_error']}"
        if json.loads(row["body"]).get("status") == "completed":
            finals[row["order_key"]] += 1
    for key, count in finals.items():
        if count > 1:
            yield f"{key} completed {count} times"


def endings(database: Path, since: int) -> Iterator[str]:
    """Every call has a `completed` in the outbox, but the rejected ones."""
    query = f"SELECT order_key, body FROM deliveries WHERE created_at >= {since}"
    done = {
        r["order_key"] for r in rows(database, query) if json.loads(r["body"]).get("status") == "completed"
    }
    for row in rows(database, f"SELECT leg_id, status FROM legs WHERE created_at >= {since}"):
        if row["status"] == "completed" and f"leg:{row['leg_id']}" not in done:
            yield f"call {row['leg_id']} has no completed"


def recordings(
    data_dir: Path, database: Path, arrived: Sequence[Webhook], since: int, talked: dict[str, float]
) -> Iterator[str]:
    """Files play and have audio; rows and webhooks agree. `talked`: seconds of sound by number."""
    numbers = {
        r["leg_id"]: str(json.loads(r["from_endpoint"]).get("number"))
        for r in rows(database, f"SELECT * FROM legs WHERE created_at >= {since}")
    }
    announced = [
        h.json["recording_uuid"] for h in arrived if isinstance(h.json, dict) and "recording_url" in h.json
    ]
    for row in rows(database, f"SELECT * FROM recordings WHERE started_at >= {since}"):
        name, seconds = row["recording_id"], talked.get(numbers.get(row["leg_id"], ""), 0.0)
        if row["status"] == "failed":
            if seconds >= HEARD_S:
                yield f"recording {name} failed though its phone talked for {seconds:.1f} s"
        elif row["status"] != "ready":
            yield f"recording {name} is still {row['status']}"
        elif name not in announced:
            yield f"recording {name} was never told"
        else:
            yield from _plays(data_dir / row["path"], name, seconds)


def _plays(path: Path, name: str, seconds: float) -> Iterator[str]:
    try:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray().astype(np.float64).ravel() for frame in container.decode(audio=0)]
    except (OSError, av.error.FFmpegError) as error:
        if seconds >= HEARD_S:
            yield f"recording {name} cannot be played: {error}"
        return
    samples = np.concatenate(frames) if frames else np.zeros(0)
    scale = 32768.0 if samples.size and np.abs(samples).max() <= 2.0 else 1.0
    level = float(np.sqrt(np.mean((samples * scale) ** 2))) if samples.size else 0.0
    if seconds >= HEARD_S and level < LOUD:
        yield f"recording {name} has no audio (level {level:.0f}) though its phone talked for {seconds:.1f} s"
