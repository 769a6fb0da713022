"""Typed settings: `offhook.toml` (or `--config FILE`) and `OFFHOOK_*` environment variables.

The environment wins over the file. Nested keys use two underscores (`OFFHOOK_HTTP__PORT`). Every child
process loads the same settings from the same two sources, so nothing is passed twice. A wrong value stops
the start with a sentence that names the setting. `docs/guides/settings.md` lists them for operators.
"""

from offhook.config.groups import (
    Calls,
    Destinations,
    Exec,
    Fetch,
    Http,
    Journal,
    Kpn,
    Media,
    Region,
    Rtp,
    Shutdown,
    Sip,
    Speech,
    Storage,
)
from offhook.config.hosts import is_loopback, is_wildcard
from offhook.config.loading import changed, load
from offhook.config.settings import CONFIG_VARIABLE, DATA_DIR, DEFAULT_FILE, RELOADABLE, Settings

__all__ = [
    "CONFIG_VARIABLE",
    "DATA_DIR",
    "DEFAULT_FILE",
    "RELOADABLE",
    "Calls",
    "Destinations",
    "Exec",
    "Fetch",
    "Http",
    "Journal",
    "Kpn",
    "Media",
    "Region",
    "Rtp",
    "Settings",
    "Shutdown",
    "Sip",
    "Speech",
    "Storage",
    "changed",
    "is_loopback",
    "is_wildcard",
    "load",
]
