"""The death of a control process in a world: it says nothing to anybody and writes nothing more."""

import asyncio

from offhook.service import Service
from offhook.testing.loop import VirtualLoop

CONTROL_PACKAGES = ("offhook.calls", "offhook.webhooks", "offhook.media.client", "offhook.http")


async def abandon(service: Service, loop: VirtualLoop) -> None:
    """End what `service` still does.

    Its database must be closed already, so that nothing is written on the way out.
    """
    service.driver.close()
    service.metrics.stop()
    loop.cancel_timers(CONTROL_PACKAGES)
    await service.calls.exchange.tasks.close()
    await service.outbox.close(0.0)
    await service.downloads.close()
    await service.retention.close()
    await asyncio.gather(service.media.close(), service.audio.close(), service.speech.close())
    loop.cancel_timers(CONTROL_PACKAGES)
