"""SIPp as the caller, and what it counted."""

import asyncio
import csv
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PORT_STEP = 4
"""By so much SIPp's media ports go up from call to call."""
MISSING = "SIPp is not installed: run scripts/_peers.sh (Debian: apt-get install sip-tester)"


@dataclass(frozen=True, slots=True)
class Order:
    """What SIPp is to do."""

    target: tuple[str, int]
    number: str
    scenario: str
    calls: int
    rate: float
    media_port: int
    seconds: float
    """Its own limit for everything."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What it says of a run."""

    status: int
    created: int
    successful: int
    failed: int
    retransmissions: int
    answer_ms: tuple[float, ...]
    """INVITE → 200 of every call, sorted."""
    complaint: str

    def answered_within(self, share: float) -> float:
        """A quantile of INVITE → 200 in ms; 0 of none."""
        times = self.answer_ms
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def version() -> str:
    """`SIPp v3.6.1-…`. Raises FileNotFoundError where it is missing."""
    if shutil.which("sipp") is None:
        raise FileNotFoundError(MISSING)
    said = subprocess.run(["sipp", "-v"], capture_output=True, text=True, check=False)
    line = next((each for each in said.stdout.splitlines() if "SIPp" in each), "SIPp")
    return line.strip().rstrip(".")


async def run(folder: Path, order: Order) -> Counted:
    """Run it to its end in `folder`, which must be empty of other runs."""
    _lay_out(folder, order.scenario)
    host, port = order.target
    process = await asyncio.create_subprocess_exec(
        *("sipp", f"{host}:{port}", "-i", HOST, "-mi", HOST, "-s", order.number, "-nostdin"),
        *("-sf", "caller.xml", "-m", str(order.calls), "-l", str(order.calls), "-r", f"{order.rate:g}"),
        *("-mp", str(order.media_port), "-timeout", f"{order.seconds:.0f}s", "-timeout_error"),
        *("-trace_err", "-trace_rtt", "-rtt_freq", "1", "-trace_stat", "-fd", "1"),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    return read(folder, process.returncode or 0, errors.decode(errors="replace"))


def _lay_out(folder: Path, scenario: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "caller.xml").write_text(scenario)


def read(folder: Path, status: int, said: str = "") -> Counted:
    """The files that SIPp left."""
    totals = _last_row(folder)
    times: list[float] = []
    for path in folder.glob("*_rtt.csv"):
        times += [float(row[1]) for row in _rows(path)[1:] if len(row) > 1]
    errors = "".join(path.read_text(errors="replace") for path in folder.glob("*_errors.log"))
    return Counted(
        status=status,
        created=int(totals.get("TotalCallCreated", 0)),
        successful=int(totals.get("SuccessfulCall(C)", 0)),
        failed=int(totals.get("FailedCall(C)", 0)),
        retransmissions=int(totals.get("Retransmissions(C)", 0)),
        answer_ms=tuple(sorted(times)),
        complaint=(errors or said)[:1500] if status else "",
    )


def _last_row(folder: Path) -> dict[str, str]:
    for path in folder.glob("caller_*_.csv"):
        rows = [row for row in _rows(path) if len(row) > 1]
        if len(rows) > 1:
            return dict(zip(rows[0], rows[-1], strict=False))
    return {}


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", errors="replace") as file:
        return list(csv.reader(file, delimiter=";"))
