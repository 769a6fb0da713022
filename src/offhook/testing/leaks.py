"""What a platform still holds. After the last call has ended, and its SIP timers have run out, nothing."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offhook.testing.world import World

SETTLING = 34.0
"""Seconds until SIP has forgotten a call: its last transaction is kept for 32 s (RFC 3261 §17)."""


def leaks(world: "World", *, sip: bool = True) -> dict[str, int]:
    """What is left, by name; empty when nothing leaks. Prompts in the cache of spoken texts do not count.

    Without `sip` what SIP may still remember for a while is left out.
    """
    counts = {**_calls(world), **_media(world), **_prompts(world), **_files(world)}
    counts |= _sip(world) if sip else {}
    return {name: count for name, count in counts.items() if count}


def _calls(world: "World") -> dict[str, int]:
    exchange = world.service.calls.exchange
    live = exchange.live
    return {
        "legs": len(live.legs),
        "sessions": len(live.sessions),
        "arriving calls": len(live.arriving),
        "conversations": len(live.conversations),
        "named conversations": len(live.rooms),
        "shared prompts": len(live.shelf),
        "key listeners": len(live.listeners),
        "playbacks": len(live.playbacks),
        "REST playbacks": len(live.slots),
        "recordings": len(live.recordings),
        "tasks of calls": len(exchange.tasks),
        "webhooks under way": len(world.service.outbox._lanes),
    }


def _sip(world: "World") -> dict[str, int]:
    stack, driver = world.service.stack, world.service.driver
    return {
        "SIP sessions": len(stack.sessions),
        "SIP transactions": stack.transactions,
        "SIP timers": driver.timers,
        "SIP sessions stored without a leg": len(world.service.calls.exchange.live.early),
    }


def _media(world: "World") -> dict[str, int]:
    pool = world.service.media
    counts = {"conversations placed": len(pool._plan)}
    for table in ("legs", "links", "opened", "playbacks", "recordings", "sequences"):
        counts[f"routes of {table}"] = len(getattr(pool._routes, table))
    for name, worker in world.workers.media.items():
        for kind, idents in worker.host.describe().items():
            counts[f"{kind}s of {name}"] = len(idents)
    for name, held in pool._workers.items():
        counts[f"ports of {name}"] = held.burden
    bound = [port for _, port in world.network.bound if 20_000 <= port < 30_000]
    return {**counts, "RTP ports bound": len(bound), "links between workers": len(world.workers._hub.ends)}


def _prompts(world: "World") -> dict[str, int]:
    speech = world.service.speech
    kept = len(speech._cache) + len(speech._lingering)
    return {"prompts": len(world.prompts._samples) - kept}


def _files(world: "World") -> dict[str, int]:
    downloads = world.settings.data_dir / "downloads"
    kept = len(world.service.downloads.copies)
    return {
        "spool files": len(list(world.settings.spool_dir.glob("*"))),
        "downloads": len(list(downloads.glob("*"))) - kept if downloads.is_dir() else 0,
    }
