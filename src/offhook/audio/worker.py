"""The audio worker's process: `python -m offhook.audio.worker --socket … --spool …`.

It ends at SIGTERM, or when the pipe from its parent closes.
"""

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from offhook.audio.service import AudioService
from offhook.core.clock import SystemClock
from offhook.core.ids import RandomIds
from offhook.ipc.beat import Beat
from offhook.ipc.pipes import remove_socket, unix_listener
from offhook.ipc.shm import SharedPrompts

THREADS = 2
"""Decodes and encodes at the same time: a long one must not keep a short one waiting."""

LOG_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"

log = logging.getLogger("offhook.audio")


def main(argv: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(argv)
    logging.basicConfig(level=options.log_level.upper(), format=LOG_FORMAT)
    os.umask(0o077)
    spool = Path(options.spool)
    spool.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(options.socket, spool, options.shm_prefix, options.parent_fd))
    logging.shutdown()
    os._exit(0)  # a long encode in a thread must not hold up the end; its spool is still there


async def serve(socket: str, spool: Path, shm_prefix: str | None, parent_fd: int | None) -> None:
    """Run until told to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if parent_fd is not None:
        loop.add_reader(parent_fd, _end_with_parent, parent_fd, stop)
    executor = ThreadPoolExecutor(THREADS, thread_name_prefix="audio")
    service = AudioService(RandomIds().token(8), SystemClock(), spool, SharedPrompts(shm_prefix), executor)
    listener = await unix_listener(socket, service.accept)
    beat = asyncio.ensure_future(Beat().keep())
    log.info("audio worker ready at %s", socket)
    await stop.wait()
    beat.cancel()
    listener.close()
    remove_socket(socket)
    await service.close()
    executor.shutdown(wait=False, cancel_futures=True)


def _end_with_parent(parent_fd: int, stop: asyncio.Event) -> None:
    if not os.read(parent_fd, 4096):
        asyncio.get_running_loop().remove_reader(parent_fd)
        stop.set()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="offhook.audio.worker", description="Offhook's audio worker")
    parser.add_argument("--socket", required=True, help="Unix socket to listen on")
    parser.add_argument("--spool", required=True, help="directory of recordings in progress")
    parser.add_argument("--shm-prefix", help="prefix of shared-memory names; default from the environment")
    parser.add_argument("--parent-fd", type=int, help="end when this descriptor reaches end of file")
    parser.add_argument("--log-level", default="info")
    return parser


if __name__ == "__main__":
    main()
