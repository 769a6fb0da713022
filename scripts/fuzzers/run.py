"""Throw inputs at a target until time is up: scripts/fuzz TARGET [--seconds N] [--seed N].

Deterministic by seed. A failing input is written to a file and the status is 1; `--replay FILE` runs it
again. `http` and `ports` want `--address HOST:PORT` of a running instance.
How to read what it says: docs/guides/benchmarks.md.
"""

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path
from random import Random

from targets.contract import Address, NeedsAddressError, Target, TargetOptions

TARGETS = {
    "sip": "targets.sip_stack",
    "sdp": "targets.sdp_bodies",
    "rtp": "targets.rtp_engine",
    "ncco": "targets.ncco_programs",
    "http": "targets.http_port",
    "ports": "targets.udp_ports",
}
DEFAULT_SECONDS = 20.0
REPORT_SECONDS = 5.0


def load_target(name: str, options: TargetOptions) -> Target:
    """The target of that name. Raises NeedsAddressError when it wants a running server and has none."""
    made: Target = importlib.import_module(TARGETS[name]).make(options)
    return made


def fuzz(name: str, target: Target, seed: int, seconds: float) -> int:
    """Run until time is up or something fails; the process's status."""
    random, began, runs = Random(seed), time.monotonic(), 0
    next_report = began + REPORT_SECONDS
    while (now := time.monotonic()) < began + seconds:
        data = target.next(random)
        try:
            target.check(data)
        except Exception:
            return _failed(name, target.failing(data), seed, runs)
        runs += 1
        if now >= next_report:
            next_report += REPORT_SECONDS
            print(f"{name}: {runs} inputs, {runs / (now - began):.0f} a second", file=sys.stderr)
    spent = time.monotonic() - began
    print(f"{name}: {runs} inputs in {spent:.1f} s, {runs / spent:.0f} a second, seed {seed}: nothing found")
    return 0


def replay(name: str, target: Target, path: Path) -> int:
    """Run one input of a file again."""
    try:
        target.check(path.read_bytes())
    except Exception:
        traceback.print_exc()
        return 1
    print(f"{name}: {path} passes")
    return 0


def _failed(name: str, data: bytes, seed: int, runs: int) -> int:
    path = Path(f"fuzz-{name}-{seed}-{runs}.bin")
    path.write_bytes(data)
    traceback.print_exc()
    print(f"{name}: input {runs} of seed {seed} failed: {path} ({len(data)} bytes)")
    print(f"again: scripts/fuzz {name} --replay {path}")
    return 1


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError("write an address as HOST:PORT")
    return host.strip("[]"), int(port)


def _ports(text: str) -> range:
    first, dash, last = text.partition("-")
    if not dash or not first.isdigit() or not last.isdigit():
        raise argparse.ArgumentTypeError("write a range of ports as FIRST-LAST")
    return range(int(first), min(65535, int(last)) + 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--address", type=_address, help="running server of http, or SIP port of ports")
    parser.add_argument("--rtp-ports", type=_ports, default=range(0), help="RTP ports of ports: FIRST-LAST")
    parser.add_argument("--replay", type=Path, help="run one input of a file")
    options = parser.parse_args()
    try:
        target = load_target(options.target, TargetOptions(options.address, options.rtp_ports))
    except NeedsAddressError as error:
        print(f"{options.target}: {error}")
        return 0
    if options.replay is not None:
        return replay(options.target, target, options.replay)
    return fuzz(options.target, target, options.seed, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
