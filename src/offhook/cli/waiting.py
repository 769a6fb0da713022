"""Waits for a server that was started a moment ago, for commands that follow `offhook serve &`."""

import os
import time
import urllib.error
import urllib.request

from offhook.config import Settings
from offhook.simulator.places import CARRIER_SOCKET

START = 5.0
"""Seconds within which a server shows that it exists."""
READY = 25.0
"""Seconds within which a server that exists is ready."""
PAUSE = 0.2


def wait_for_server(settings: Settings) -> bool:
    """Whether a server of this data directory is ready, now or within its time to start."""
    began = time.perf_counter()
    while time.perf_counter() - began < (READY if _exists(settings) else START):
        if _is_ready(settings):
            return True
        time.sleep(PAUSE)
    return False


def wait_for_carrier(settings: Settings) -> bool:
    """Whether the simulated carrier of a ready server takes phones, now or in a moment."""
    began = time.perf_counter()
    socket = settings.run_dir / CARRIER_SOCKET
    while not socket.exists() and _exists(settings) and time.perf_counter() - began < START:
        time.sleep(PAUSE)
    return socket.exists()


def _exists(settings: Settings) -> bool:
    try:
        os.kill(int((settings.run_dir / "supervisor.pid").read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


def _is_ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{settings.local_url}/ready", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
