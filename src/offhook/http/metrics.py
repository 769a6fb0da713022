"""What operators scrape: live legs, requests served, and how late the event loop is."""

import asyncio
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

INTERVAL = 0.25
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """The collectors of one control process, in a registry of their own."""

    def __init__(
        self,
        registry: CollectorRegistry,
        live_legs: Callable[[], int],
        disk_free: Callable[[], int] = lambda: -1,
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
        self._lag = Histogram(
            "offhook_loop_lag_seconds",
            "How late the event loop runs a timer.",
            buckets=BUCKETS,
            registry=registry,
        )
        self._handle: asyncio.TimerHandle | None = None

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
        self._lag.observe(max(0.0, loop.time() - due))
        self._expect(loop, loop.time() + INTERVAL)
