"""The simulated carrier as a process: `python -m offhook.carrier`, started while SIP binds loopback.

It takes a free port, leaves its address where control finds it, and gives numbers to phones of other
processes (`offhook phone`). Its default phones speak with the platform's own text-to-speech engine.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys

from offhook import config
from offhook.config import Settings
from offhook.core.clock import SystemClock
from offhook.core.errors import OffhookError
from offhook.core.ids import RandomIds
from offhook.locate import CARRIER_FILE, CARRIER_SOCKET
from offhook.simulator.carrier import Carrier
from offhook.simulator.control import CarrierControl
from offhook.simulator.wire import UdpWire
from offhook.speech.espeak import EspeakTTS

log = logging.getLogger("offhook.carrier")


def main() -> None:
    """Run until told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    os.umask(0o077)
    try:
        asyncio.run(serve(config.load()))
    except OffhookError as error:
        log.error("%s", error)
        sys.exit(1)


async def serve(settings: Settings) -> None:
    """One carrier on the first SIP address."""
    stop = asyncio.Event()
    _watch(stop)
    host = settings.sip.hosts[0]
    engine = EspeakTTS()
    carrier = Carrier(UdpWire(), SystemClock(), RandomIds(settings.node), host, tts=engine)
    control = CarrierControl(carrier, str(settings.run_dir / CARRIER_SOCKET), (host, settings.sip.port))
    await control.start()
    file = settings.run_dir / CARRIER_FILE
    file.write_text(f"{carrier.address[0]} {carrier.address[1]}\n")
    log.info("simulated carrier at %s:%d", *carrier.address)
    try:
        await stop.wait()
    finally:
        file.unlink(missing_ok=True)
        await control.close()
        await carrier.close()
        await engine.close()


def _watch(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    with contextlib.suppress(OSError, ValueError):
        loop.add_reader(0, readable)


if __name__ == "__main__":
    main()
