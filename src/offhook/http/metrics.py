"""What operators scrape: live legs, requests served, and how late the event loop is."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

INTERVAL = 0.25
WEIGHT = 0.3
"""Of the newest measure in the mean; one pause of the machine alone does not refuse calls."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """The collectors of one control process, in a registry of their own."""

    def __init__(
        self,
        registry: CollectorRegistry,
        live_legs: Callable[[], int],
        disk_free: Callable[[], int] = lambda: -1,
        refused: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self.registry = registry
        self.requests = Counter(
            "offhook_http_requests", "HTTP requests served.", ["method", "status"], registry=registry
        )
        self.closed = Counter(
            "offhook_http_connections_closed",
            "HTTP connections closed because they were slow, or to make room.",
            ["reason"],
            registry=registry,
        )
        legs = Gauge("offhook_live_legs", "Legs that are up or being set up.", registry=registry)
        legs.set_function(live_legs)
        free = Gauge("offhook_disk_free_bytes", "Free where the data is; -1: not known.", registry=registry)
        free.set_function(disk_free)
        registry.register(_Refused(refused))
        self._lag = Histogram(
            "offhook_loop_lag_seconds",
            "How late the event loop runs a timer.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._handle: asyncio.TimerHandle | None = None
        self.lag_ms = 0.0
        """How late the loop has been of late: a mean in which the last second counts most."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to measure the loop."""
        self._expect(loop, loop.time() + INTERVAL)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expect(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._handle = loop.call_at(due, self._measure, loop, due)

    def _measure(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        late = max(0.0, loop.time() - due)
        self._lag.observe(late)
        self.lag_ms += WEIGHT * (1000 * late - self.lag_ms)
        self._expect(loop, loop.time() + INTERVAL)


class _Refused(Collector):
    """New calls refused for want of room; counted where they are refused."""

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        text = "New calls refused for want of room, by reason."
        family = CounterMetricFamily("offhook_calls_refused", text, labels=["reason"])
        for reason, count in sorted(self._counts().items()):
            family.add_metric([reason], count)
        yield family
