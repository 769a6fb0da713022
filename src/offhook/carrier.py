"""The simulated carrier as a process: `python -m offhook.carrier`, started while SIP binds loopback.

It takes a free port, leaves its address where control finds it, and gives numbers to phones of other
processes (`offhook phone`). Its default phones speak with the platform's own text-to-speech engine.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from offhook.core.clock import SystemClock
from offhook.core.errors import OffhookError
from offhook.core.ids import RandomIds
from offhook.ipc.beat import Beat
from offhook.simulator.carrier import Carrier
from offhook.simulator.control import CarrierControl
from offhook.simulator.places import CARRIER_FILE, CARRIER_SOCKET
from offhook.simulator.wire import UdpWire
from offhook.speech.espeak import EspeakTTS

log = logging.getLogger("offhook.carrier")


def main() -> None:
    """Run until told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    os.umask(0o077)
    try:
        options = _parser().parse_args()
        asyncio.run(serve(options.host, options.sip_port, Path(options.run_dir)))
    except OffhookError as error:
        log.error("%s", error)
        sys.exit(1)


async def serve(host: str, sip_port: int, run_dir: Path) -> None:
    """One carrier beside the platform that serves SIP at `host`:`sip_port`."""
    stop = asyncio.Event()
    _watch(stop)
    engine = EspeakTTS()
    carrier = Carrier(UdpWire(), SystemClock(), RandomIds(), host, tts=engine)
    control = CarrierControl(carrier, str(run_dir / CARRIER_SOCKET), (host, sip_port))
    await control.start()
    file = run_dir / CARRIER_FILE
    file.write_text(f"{carrier.address[0]} {carrier.address[1]}\n")
    beat = asyncio.ensure_future(Beat().keep())
    log.info("simulated carrier at %s:%d", *carrier.address)
    try:
        await stop.wait()
    finally:
        beat.cancel()
        file.unlink(missing_ok=True)
        await control.close()
        await carrier.close()
        await engine.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="offhook.carrier", description="Offhook's simulated carrier")
    parser.add_argument("--host", required=True, help="the loopback address that SIP binds")
    parser.add_argument("--sip-port", type=int, required=True, help="the platform's SIP port")
    parser.add_argument("--run-dir", required=True, help="where control and phones look for the carrier")
    return parser


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
