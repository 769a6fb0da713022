"""Kill processes of a real instance at random moments during many calls, and judge what is left.

    scripts/crash --rounds 50 --calls 100 --seed 7

Each round begins calls of every kind, kills one process (`--only control,media …`) with SIGKILL, or stops it
with SIGSTOP in every fifth round, starts the platform again when it was the supervisor, and waits for what
the crash table of docs/architecture.md promises. One line a round; the result as JSON at the end. Exit
status 1 when anything was broken. The seed gives the mixture, the victims and the moments; what they hit is
real time.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.crashes import judge
from scripts.crashes.load import Load, answer, begin
from scripts.crashes.phones import PhoneCall, Phones
from scripts.crashes.place import Place

from offhook.cli.demonstration.instance import NotStarted, get_json
from offhook.core.clock import SystemClock
from offhook.core.tasks import outside

VICTIMS = ("control", "media", "audio", "speech", "supervisor")
PATIENCE = 45.0
"""Seconds for everything that has to happen after a crash on a busy machine."""
HANGS_EVERY = 5
"""Of so many rounds one has a process that stands still instead of one that is dead."""
LINGER_S = 8.0
"""Half of this is the latest moment after the last call has begun."""
SETTLED = 0.5
"""Seconds without a change after which nothing more is waited for."""
SETTINGS = {
    "OFFHOOK_MEDIA__WORKERS": "1",
    "OFFHOOK_SHUTDOWN__GRACE": "1",
    "OFFHOOK_SIP__RATE_PER_SOURCE": "100000",
}


@dataclass
class Round:
    """What one round did and what was wrong."""

    number: int
    victim: str
    how: str
    calls: int = 0
    """Begun when the process died."""
    legs: int = 0
    webhooks: int = 0
    repeated: int = 0
    recordings: int = 0
    ready_s: float = 0.0
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)


class Run:
    """All rounds on one instance."""

    def __init__(self, place: Place, phones: Phones, calls: int, dice: random.Random) -> None:
        self.place = place
        self.phones = phones
        self.calls = calls
        self.dice = dice
        self.database = place.data_dir / "offhook.db"

    async def round(self, number: int, victim: str, how: str) -> Round:
        began, since, told = time.monotonic(), SystemClock().wall(), len(self.place.app.webhooks)
        done = Round(number, victim, how)
        load = Load()
        self.phones.calls.clear()
        self.place.app.serve("/answer", lambda hook: answer(self.place, load, hook))
        beginning = asyncio.ensure_future(
            begin(self.place, self.phones, load, number, self.calls, random.Random(self.dice.random()))
        )
        await self._moment(load, beginning)
        beginning.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beginning
        moment = time.monotonic()
        done.calls = load.begun
        talked = {call.number: call.talked.frames / 50 for call in self.phones.calls.values() if call.talked}
        await self._kill(victim, how)
        done.ready_s = await self._ready(done)
        done.broken += await self._ended_by_platform(victim, moment)
        await asyncio.gather(*load.requests)
        done.broken += await self._hang_up()
        await self._quiet(since)
        await self._judge(done, load, since, told, talked)
        done.seconds = round(time.monotonic() - began, 1)
        return done

    async def _moment(self, load: Load, beginning: "asyncio.Future[None]") -> None:
        """While calls begin, or up to some seconds after the last one has begun."""
        chosen = self.dice.randint(self.calls // 4, self.calls + self.calls // 2)
        while load.begun < min(chosen, self.calls) and not beginning.done():  # noqa: ASYNC110 — calls begin
            await asyncio.sleep(0.01)
        spread = LINGER_S * max(0, chosen - self.calls) / self.calls
        await asyncio.sleep(self.dice.uniform(0, 0.1) + spread)

    async def _kill(self, victim: str, how: str) -> None:
        instance = self.place.instance
        if victim == "supervisor":
            assert instance.process is not None
            instance.process.kill()
            await instance.process.wait()
            await asyncio.sleep(self.dice.uniform(0, 1))
            await instance.start()
            return
        name = {"media": "media-0", "speech": "speech-0"}.get(victim, victim)
        before = instance.pid(name)
        os.kill(before, signal.SIGSTOP if how == "hung" else signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while instance.pid(name) == before:  # noqa: ASYNC110 — a file changes
                await asyncio.sleep(0.05)

    async def _ready(self, done: Round) -> float:
        """Seconds until the platform says that it is ready again."""
        began = time.monotonic()
        try:
            await self.place.instance.ready(PATIENCE)
        except NotStarted as error:
            done.broken.append(f"not ready again: {error}")
        return round(time.monotonic() - began, 1)

    async def _ended_by_platform(self, victim: str, moment: float) -> list[str]:
        """Calls that the dead process held are ended by the platform, without the phones' help."""
        if victim in ("control", "supervisor"):
            held = [
                call
                for call in self._before(moment)
                if min(_or_never(call.rang), _or_never(call.answered)) < moment
            ]
        elif victim == "media":
            held = [call for call in self._before(moment) if call.answered and call.answered < moment - 0.5]
        else:
            return []
        return await self._over(held, "was left up by the platform")

    def _before(self, moment: float) -> list[PhoneCall]:
        return [call for call in self.phones.calls.values() if call.began < moment]

    async def _over(self, calls: list[PhoneCall], complaint: str) -> list[str]:
        deadline = time.monotonic() + PATIENCE
        while any(call.over is None for call in calls) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        left = [call for call in calls if call.over is None]
        return [f"the call of {call.number} (ours: {call.ours}) {complaint}" for call in left]

    async def _hang_up(self) -> list[str]:
        """The phones end what is still up: calls of the new process, and those that no death concerned."""
        await asyncio.sleep(SETTLED)
        deadline = time.monotonic() + PATIENCE
        asked: set[str] = set()
        while time.monotonic() < deadline:
            live = self.phones.live()
            if not live:
                await asyncio.sleep(SETTLED)
                if not self.phones.live():
                    return []
            for call in live:
                if call.session not in asked:
                    asked.add(call.session)
                    self.phones.hang_up(call)
            await asyncio.sleep(0.1)
        return [f"the call of {call.number} (ours: {call.ours}) never ended" for call in self.phones.live()]

    async def _quiet(self, since: int) -> None:
        """Until nothing is open in the database, or it takes too long: the judge says what."""
        open_rows = (
            f"SELECT leg_id FROM legs WHERE created_at >= {since} AND status NOT IN ('completed', 'rejected')"
            f" UNION ALL SELECT delivery_id FROM deliveries WHERE state = 'pending'"
            f" UNION ALL SELECT recording_id FROM recordings WHERE started_at >= {since}"
            f" AND status NOT IN ('ready', 'failed')"
        )
        deadline = time.monotonic() + PATIENCE
        calm = 0
        while time.monotonic() < deadline and calm < 3:
            found = await outside(judge.rows, self.database, open_rows)
            calm = 0 if found else calm + 1
            await asyncio.sleep(0.2)

    async def _judge(self, done: Round, load: Load, since: int, told: int, talked: dict[str, float]) -> None:
        """`talked`: seconds of sound by the caller's number when the process died."""
        arrived = self.place.app.webhooks[told:]
        known = load.created | {
            str(hook.json["uuid"])
            for hook in arrived
            if isinstance(hook.json, dict) and hook.json.get("status") == "started"
        }
        place, database = self.place, self.database

        def look() -> list[str]:
            return [
                *judge.integrity(database),
                *judge.legs(database, known, since),
                *judge.endings(database, since),
                *judge.webhooks(database, arrived, since),
                *judge.recordings(place.data_dir, database, arrived, since, talked),
            ]

        done.broken += await outside(look)
        ids = Counter(hook.headers.get("offhook-delivery", "") for hook in arrived if hook.path != "/answer")
        done.webhooks, done.repeated = len(ids), sum(count - 1 for count in ids.values())
        done.legs = len(known)
        query = f"SELECT recording_id FROM recordings WHERE started_at >= {since} AND status = 'ready'"
        done.recordings = len(await outside(judge.rows, database, query))


async def run(options: argparse.Namespace) -> int:
    phones = Phones()
    place = Place(phones.address, SETTINGS)
    dice = random.Random(options.seed)
    rounds: list[Round] = []
    print(f"seed {options.seed}, data in {place.data_dir}", flush=True)
    try:
        await place.open()
        work = Run(place, phones, options.calls, dice)
        victims = options.only.split(",")
        for number in range(options.rounds):
            victim = victims[number % len(victims)] if options.in_turn else dice.choice(victims)
            hung = victim != "supervisor" and dice.randrange(HANGS_EVERY) == 0
            done = await work.round(number, victim, "hung" if hung else "killed")
            rounds.append(done)
            _say(done)
        status, _ = await outside(get_json, f"{place.url}/health")
        left = await place.close()
    finally:
        with contextlib.suppress(Exception):
            await place.close()
        await phones.close()
    broken = [text for done in rounds for text in done.broken]
    if left:
        broken.append(f"the platform ended with status {left} ({status})")
    result = {"seed": options.seed, "rounds": [asdict(done) for done in rounds], "broken": len(broken)}
    if options.output:
        await outside(Path(options.output).write_text, json.dumps(result, indent=2))
    print(json.dumps({**result, "rounds": len(rounds), "calls": sum(done.calls for done in rounds)}))
    if not broken and not options.keep:
        place.remove()
    return 1 if broken else 0


def _or_never(instant: float | None) -> float:
    return float("inf") if instant is None else instant


def _say(done: Round) -> None:
    verdict = "BROKEN" if done.broken else "holds"
    print(
        f"round {done.number:3}: {done.victim} {done.how} with {done.calls} calls, {done.legs} legs, "
        f"{done.webhooks} webhooks (+{done.repeated} repeated), {done.recordings} recordings, "
        f"ready {done.ready_s:.1f} s, {done.seconds:.1f} s: {verdict}",
        flush=True,
    )
    for text in done.broken:
        print(f"    {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/crash", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--calls", type=int, default=100, help="in each round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(VICTIMS), help="which processes are killed")
    parser.add_argument("--in-turn", action="store_true", help="one after another instead of at random")
    parser.add_argument("--output", help="a file for the whole result as JSON")
    parser.add_argument("--keep", action="store_true", help="keep the data directory of a run without faults")
    sys.exit(asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
