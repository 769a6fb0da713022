"""The audio of recordings on disk: where it is, and how it goes.

The file goes before its row: a crash between the two leaves a row whose file is missed, which the next
attempt removes, and never a file that nobody knows of.
"""

import re
from pathlib import Path

from offhook.storage.records import Recording

SPOOL = "spool"
FILE_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)
_RECORDING_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)


def is_id(text: str) -> bool:
    """Whether `text` can be the id of a file."""
    return FILE_ID.fullmatch(text) is not None


def locate(data_dir: Path, recording: Recording) -> Path:
    """Where a finished recording is. Raises OSError for a path that leads out of the data directory."""
    path = data_dir / (recording.path or "")
    if not recording.path or not path.resolve().is_relative_to(data_dir.resolve()):
        raise OSError("outside the data directory")
    return path


def remove(data_dir: Path, recording: Recording) -> int:
    """Remove the audio of a recording that is over, finished or spooled; gives the bytes that were freed.

    Audio that is not there is no error. Raises OSError when a file cannot be removed.
    """
    paths = []
    if recording.path:
        paths.append(locate(data_dir, recording))
    if _RECORDING_ID.fullmatch(recording.recording_id):
        paths.append(data_dir / SPOOL / f"{recording.recording_id}.pcm")
    freed = 0
    for path in paths:
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            continue
        freed += size
    return freed


def old_spools(folder: Path, before: int) -> list[Path]:
    """Spools that nothing was written to since an instant (UTC µs)."""
    return [path for path in sorted(folder.glob("*.pcm")) if path.stat().st_mtime_ns // 1000 < before]
