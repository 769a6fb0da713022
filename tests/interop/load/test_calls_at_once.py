"""Twenty calls of SIPp with RTP in the example order line at once: every call goes through, every webhook
comes in its order, and every caller hears the welcome. The parts are those of `scripts/bench calls`.
"""

import asyncio
from pathlib import Path

import pytest
from scripts.benches.rig.load_run import Load, run

from offhook.cli.demonstration.hearing import ALIKE

pytestmark = [pytest.mark.interop, pytest.mark.needs("sipp")]
CALLS = 20
MOST_LOST = 0.02
"""A shared machine may stand still; what is asked here is that callers hear, not how evenly."""


@pytest.mark.timeout(180)
def test_twenty_callers_in_the_order_line(tmp_path: Path) -> None:
    load = Load(
        name="twenty",
        application="ivr",
        calls=CALLS,
        rate=10,
        voice_seconds=8.0,
        keys={3.5: "1", 6.5: "777#"},
        hold_seconds=12.0,
        webhooks=("/menu", "/order"),
        heard_seconds=2.0,
    )
    seen = asyncio.run(run(tmp_path, load))
    assert seen.counted.status == 0, seen.counted.complaint
    assert (seen.counted.successful, seen.counted.failed) == (CALLS + 1, 0)
    assert seen.called == CALLS + 1
    assert seen.order_faults == {}
    assert seen.webhooks == 7 * (CALLS + 1)
    assert len(seen.streams) == CALLS
    assert seen.unheard == 0
    assert seen.worst_likeness > ALIKE
    packets = sum(int(stream.arrivals.size) for stream in seen.streams)
    assert sum(stream.lost for stream in seen.streams) <= MOST_LOST * packets
    assert packets >= CALLS * 50 * 11
    assert seen.server_faults == []
