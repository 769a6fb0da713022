"""The media worker as a program: `python -m offhook.media.worker --socket … --host … --port-min …
--port-max …`.

It ends at SIGTERM, or when the pipe from its parent closes.
"""

import argparse
import logging
import os
import resource
import signal
from collections.abc import Sequence
from typing import Any

LOG_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""A second thread would take the interpreter lock from the tick."""

log = logging.getLogger("offhook.media")


def main(argv: Sequence[str] | None = None) -> None:
    options = vars(_parser().parse_args(argv))
    logging.basicConfig(level=options.pop("log_level").upper(), format=LOG_FORMAT)
    os.umask(0o077)
    if options.pop("realtime"):
        _ask_for_realtime()
    _raise_descriptor_limit()
    run(options)


def run(options: dict[str, Any]) -> None:
    """Run the process; `options` are the fields of `process.Settings`."""
    for name in ONE_THREAD:
        os.environ[name] = "1"
    # NumPy reads the environment when it is imported.
    from offhook.media.process import Process, Settings
    from offhook.media.rehearsal import rehearse

    rehearse()
    process = Process(Settings(**options))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.stop())
    log.info("media worker %s ready at %s", options["name"], options["socket"])
    process.run()


def _ask_for_realtime() -> None:
    """SCHED_FIFO if the system lets us; without it a busy neighbour makes packets late."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, OSError) as error:
        log.info("no real-time scheduling (%s); grant CAP_SYS_NICE to have it", error)


def _raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="offhook.media.worker", description="Offhook's media worker")
    parser.add_argument("--name", default="media-0")
    parser.add_argument("--socket", required=True, help="Unix socket to listen on for control")
    parser.add_argument("--audio-socket", help="Unix socket of the audio worker, for recordings")
    parser.add_argument("--host", default="127.0.0.1", help="address that RTP sockets bind")
    parser.add_argument("--port-min", type=int, default=20_000)
    parser.add_argument("--port-max", type=int, default=29_999)
    parser.add_argument("--warm-ports", type=int, default=64)
    parser.add_argument("--capacity", type=int, default=1_500, help="legs at most")
    parser.add_argument("--shm-prefix", help="prefix of shared-memory names; default from the environment")
    parser.add_argument("--parent-fd", type=int, help="end when this descriptor reaches end of file")
    parser.add_argument("--realtime", action="store_true", help="ask for SCHED_FIFO")
    parser.add_argument("--log-level", default="info")
    return parser


if __name__ == "__main__":
    main()
