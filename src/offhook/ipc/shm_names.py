"""Names of prompts in shared memory: who they belong to, and removing what nobody will remove any more.

Apart from `shm.py` because the supervisor needs the names only, and starts faster without NumPy.
"""

import contextlib
import hashlib
import importlib
import os
from pathlib import Path
from typing import Any

_posixshmem: Any = importlib.import_module("_posixshmem")

ENVIRONMENT = "OFFHOOK_SHM_PREFIX"
"""The instance's prefix, given to every process by whoever starts it."""
DIRECTORY = Path("/dev/shm")
"""Where Linux shows the names; elsewhere they cannot be listed and nothing is cleared."""


def prefix_of(data_dir: str | os.PathLike[str]) -> str:
    """The prefix of the instance that uses a data directory. Names stay within the 31 characters of macOS."""
    path = os.path.realpath(data_dir).encode()
    return f"/oh{hashlib.blake2b(path, digest_size=4).hexdigest()}-"


def clear(prefix: str) -> int:
    """Remove every prompt whose name begins with `prefix`; for a new start and for the end. Gives how many
    there were.
    """
    names = [path.name for path in DIRECTORY.glob(prefix[1:] + "*")] if DIRECTORY.is_dir() else []
    for name in names:
        with contextlib.suppress(OSError):
            _posixshmem.shm_unlink("/" + name)
    return len(names)
