"""What REST costs: calls placed, and pages of many calls: scripts/bench http [options].

Measures; the status is 1 when a request was refused or a call was lost. docs/guides/benchmarks.md.
"""

import argparse
import asyncio
import json
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

from rig import profile
from rig.http_asker import Asked, ask, request
from rig.http_report import Dials, Result, as_json, as_text, faults
from rig.http_rows import outcomes, store_calls
from rig.installation import Helper, Installation
from rig.machine import choose_cores, cpu_seconds, describe_machine, load_average, pin

from offhook.cli.context import workspace
from offhook.cli.demonstration.places import any_port
from offhook.security import jwt

DECLINED = "15550100091"
"""The simulated carrier declines it, so that a dialled call is a short one."""
PAGES = {"first page": 0.0, "middle": 0.5, "last page": 1.0}
PAGE = 100
WARM_SECONDS, PATIENCE = 1.0, 30.0


class Bench:
    """One installation, and what asks it."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.cores = choose_cores()
        self.here = Installation(
            OFFHOOK_CALLS__DIALS_PER_SECOND=str(options.dials),
            OFFHOOK_CALLS__MAX_LEGS="100000",
            OFFHOOK_CALLS__MAX_LAG_MS="0",
        )
        self.port = self.here.place.http_port

    async def run(self) -> Result:
        options, before = self.options, load_average()
        store_calls(self.here, options.stored)
        tokens = self._tokens(options.tokens)
        served = await Helper.start(
            "served", str(self.here.place.app_port), str(self.folder / "webhooks"), "short"
        )
        try:
            await self.here.start()
            control = self.here.pids()["control"]
            pin(control, self.cores.worker)
            pin(0, self.cores.generator)
            lists = [await self._list(control, tokens[0], name, share) for name, share in PAGES.items()]
            creates = [await self._create("warm", control, cycle(tokens[:1]), WARM_SECONDS)]
            if options.profile:
                stacks = asyncio.create_task(profile.sample(control, int(options.seconds), self.folder))
            creates.append(await self._create("one token", control, cycle(tokens[:1]), options.seconds))
            if options.profile:
                for name, share in profile.hottest(await stacks):
                    print(f"{share:7.1%} {name}", file=sys.stderr)
            creates.append(await self._create("a token each", control, iter(tokens[1:]), options.seconds))
            ended, dial_us = await self._ended(control, sum(each.statuses[201] for each in creates))
            complaints = self.here.faults()
        finally:
            await self.here.close()
            await served.close()
        floor = await self._floor()
        place = self.cores.describe().replace("worker", "control").replace("generator", "asker")
        dials = Dials(options.dials, dial_us, ended)
        return Result(
            describe_machine(), place, before, options.stored, floor, creates, lists, dials, complaints
        )

    def _tokens(self, count: int) -> list[str]:
        known = self.here.known
        key = Path(known["private_key"]).read_text()
        with workspace() as here:
            wall = here.clock.wall()
            return [
                jwt.make_token(key, known["application_id"], wall=wall, ids=here.ids) for _ in range(count)
            ]

    async def _create(self, name: str, control: int, tokens: Iterator[str], seconds: float) -> Asked:
        body = json.dumps(
            {
                "to": [{"type": "phone", "number": DECLINED}],
                "from": {"type": "phone", "number": self.here.number},
                "ncco": [{"action": "talk", "text": "Your parcel is at the door."}],
            }
        ).encode()

        def following() -> bytes | None:
            token = next(tokens, None)
            return None if token is None else request("POST", "/v1/calls", self.port, token, body)

        return await ask(name, control, self.port, following, self.options.connections, seconds)

    async def _list(self, control: int, token: str, name: str, share: float) -> Asked:
        index = round(share * max(0, self.options.stored - PAGE))
        path = f"/v1/calls?page_size={PAGE}&record_index={index}&order=desc"
        data = request("GET", path, self.port, token)
        return await ask(name, control, self.port, repeated(data, self.options.pages), 1, 60.0)

    async def _ended(self, control: int, placed: int) -> tuple[dict[str, int], float]:
        """How the calls ended, once all are over; and the CPU (µs) of one that is dialled by itself."""
        before, used = outcomes(self.here).get("waiting", 0), cpu_seconds(control) or 0.0
        for _ in range(round(placed / self.options.dials + PATIENCE)):
            found = outcomes(self.here)
            if not found.get("waiting"):
                break
            await asyncio.sleep(1.0)
        return found, ((cpu_seconds(control) or 0.0) - used) * 1e6 / max(1, before)

    async def _floor(self) -> Asked:
        port = any_port(socket.SOCK_STREAM)
        helper = await Helper.start("http_floor", str(port))
        pin(helper.pid, self.cores.worker)
        try:
            data = request("POST", "/v1/calls", port, "x" * 600, b"x" * 180)
            for seconds in (WARM_SECONDS, self.options.seconds):
                found = await ask("floor", helper.pid, port, lambda: data, self.options.connections, seconds)
        finally:
            await helper.close()
        return found


def repeated(data: bytes, count: int) -> Callable[[], bytes | None]:
    """The same request, so many times."""
    left = iter([data] * count)
    return lambda: next(left, None)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with its bench
    parser = argparse.ArgumentParser(prog="scripts/bench http", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each kind of create is asked")
    parser.add_argument("--connections", type=int, default=16, help="creates under way at a time")
    parser.add_argument("--dials", type=int, default=20, help="calls that are dialled in a second")
    parser.add_argument("--stored", type=int, default=100_000, help="finished calls that are there to list")
    parser.add_argument("--pages", type=int, default=200, help="requests for each page")
    parser.add_argument("--tokens", type=int, default=2000, help="tokens made beforehand")
    parser.add_argument(
        "--profile", action="store_true", help="hottest functions, to standard error (py-spy)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the text")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="offhook-bench-") as name:
        result = asyncio.run(Bench(options, Path(name)).run())
    print(json.dumps(as_json(result), ensure_ascii=False) if options.json else as_text(result))
    sys.exit(1 if faults(result) else 0)


if __name__ == "__main__":
    main()
