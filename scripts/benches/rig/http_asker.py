"""Asks an HTTP server as fast as it answers: so many connections, each with one request under way.

Requests are bytes that are ready before the clock starts, so that little of this process is measured.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .machine import cpu_seconds, load_average, waited_seconds

LENGTH = b"content-length:"


@dataclass(slots=True)
class Asked:
    """One measurement."""

    name: str
    seconds: float
    cpu_seconds: float
    """Of the process that answers."""
    waited_seconds: float
    load_average: float
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    """From the request to the end of its answer, seconds; sorted."""

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU of one answer."""
        return self.cpu_seconds * 1e6 / max(1, len(self.times))

    @property
    def per_core(self) -> float:
        """Answers of one core in a second, at that price."""
        return 1e6 / self.cpu_us if self.cpu_us else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        return (
            1000 * self.times[min(len(self.times) - 1, int(share * len(self.times)))] if self.times else 0.0
        )


def request(method: str, path: str, port: int, token: str = "", body: bytes = b"") -> bytes:
    """One request of HTTP/1.1 as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(
    name: str, pid: int, port: int, following: Callable[[], bytes | None], connections: int, seconds: float
) -> Asked:
    """Ask for `seconds`, or until `following` has no request left. `pid` is who answers."""
    statuses: Counter[int] = Counter()
    times: list[float] = []
    used, waited, begin = cpu_seconds(pid) or 0.0, waited_seconds(pid) or 0.0, time.perf_counter()
    until = begin + seconds

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < until and (data := following()) is not None:
            sent = time.perf_counter()
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            statuses[int(head[9:12])] += 1
            await reader.readexactly(_length(head))
            times.append(time.perf_counter() - sent)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return Asked(
        name,
        time.perf_counter() - begin,
        (cpu_seconds(pid) or 0.0) - used,
        (waited_seconds(pid) or 0.0) - waited,
        load_average(),
        statuses,
        sorted(times),
    )


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(LENGTH)
    return 0 if at < 0 else int(lower[at + len(LENGTH) :].split(b"\r", 1)[0])
