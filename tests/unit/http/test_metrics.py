"""What `/metrics` says of a busy platform: refused calls by reason, and how late the loop is of late."""

import asyncio

from prometheus_client import CollectorRegistry, generate_latest

from offhook.http.metrics import Metrics
from offhook.testing.loop import VirtualLoop


def test_refused_calls_are_counted_by_reason() -> None:
    counts = {"rate": 3, "full": 1}
    made = Metrics(CollectorRegistry(), lambda: 0, refused=lambda: counts)
    text = generate_latest(made.registry).decode()
    assert 'offhook_calls_refused_total{reason="rate"} 3.0' in text
    assert 'offhook_calls_refused_total{reason="full"} 1.0' in text


def test_lag_is_a_mean_in_which_the_newest_measure_counts_for_less_than_half() -> None:
    loop = VirtualLoop()
    made = Metrics(CollectorRegistry(), lambda: 0)

    async def late(seconds: float) -> None:
        """Something holds the loop up for so long, once in each interval."""
        await asyncio.sleep(0.2)
        loop.clock.advance(round(seconds * 1e9))
        await asyncio.sleep(0.3)

    try:
        made.start(loop)
        loop.run_until_complete(asyncio.sleep(1))
        assert made.lag_ms == 0
        loop.run_until_complete(late(1.0))
        once = made.lag_ms
        assert 100 < once < 500
        for _ in range(10):
            loop.run_until_complete(late(1.0))
        assert made.lag_ms > once
        loop.run_until_complete(asyncio.sleep(5))
        assert made.lag_ms < 5
    finally:
        made.stop()
        loop.close()
