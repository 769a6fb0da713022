"""How long a process has waited for a core: silence for want of a core is no sign of death.

Linux counts it per thread (`/proc/<pid>/schedstat`, "sched-stats" in its documentation: nanoseconds on a
core, nanoseconds waited for one, turns). Elsewhere nothing is known, and all silence counts.
"""

from pathlib import Path

NS = 1_000_000_000


def waited(pid: int) -> float:
    """Seconds that the main thread of a process was ready to run and had no core; 0 where nobody counts."""
    try:
        fields = Path(f"/proc/{pid}/schedstat").read_text().split()
        return int(fields[1]) / NS
    except (OSError, IndexError, ValueError):
        return 0.0
