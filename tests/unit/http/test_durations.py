"""The length of a call is the same in REST and in the `completed` webhook."""

import pytest

from offhook.http.voice_v1 import render
from offhook.storage.records import Leg
from offhook.webhooks import payloads


@pytest.mark.parametrize(("start", "end"), [(900_000, 2_100_000), (100_000, 1_900_000), (0, 999_999), (5, 5)])
def test_duration_agrees_with_the_webhook(start: int, end: int) -> None:
    number = {"type": "phone", "number": "15550100777"}
    leg = Leg(
        "l", "a", "p", "CON-c", "inbound", number, number, "completed", 0, started_at=start, ended_at=end
    )
    assert str(render.duration(leg)) == payloads.status(leg, end)["duration"]
