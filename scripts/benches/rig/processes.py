"""What the system says of running processes, by /proc: memory, descriptors, threads."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Footprint:
    """One process now."""

    rss: int
    """Bytes."""
    descriptors: int
    threads: int


def footprint(pid: int) -> Footprint | None:
    """None when the process is gone."""
    try:
        place = Path(f"/proc/{pid}")
        threads = sum(1 for _ in (place / "task").iterdir())
        return Footprint(rss_of(str(pid)), sum(1 for _ in (place / "fd").iterdir()), threads)
    except OSError:
        return None


def rss_of(process: str) -> int:
    """Bytes of resident memory. Raises OSError when the process is gone."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
