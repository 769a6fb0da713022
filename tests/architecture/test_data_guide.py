"""The table of docs/guides/data.md names everything that is stored: each table, directory and file."""

import re
from pathlib import Path

from pydantic import BaseModel

from offhook.config import Settings
from offhook.storage import tables
from offhook.testing.world import World

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "offhook"
GUIDE = (ROOT / "docs" / "guides" / "data.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
BELOW = re.compile(r'\bdata_dir / "([^"]+)"|^FOLDER = "([^"]+)"|_dir / "(account\.json)"', re.MULTILINE)
LIVE = {"offhook.db-wal", "offhook.db-shm"}
"""Named in the row of the database."""

rows = {found[0]: found[1:] for found in ROW.findall(GUIDE)}


def written_below_the_data_directory() -> set[str]:
    """The names that modules put behind the data directory, and the directories of the settings."""
    found = {"secret.key", "account.json"}
    for path in SOURCE.rglob("*.py"):
        if "testing" not in path.parts and "simulator" not in path.parts:
            found |= {name for names in BELOW.findall(path.read_text()) for name in names if name}
    settings = Settings()
    directories = [name for name in dir(Settings) if name.endswith("_dir") and name != "data_dir"]
    found |= {getattr(settings, name).relative_to(settings.data_dir).parts[0] for name in directories}
    return {name.partition("/")[0] for name in found}


def test_every_table_is_named_and_none_that_is_not_there() -> None:
    named = {name for name in rows if "/" not in name and "." not in name}
    assert named == {*tables.metadata.tables, "alembic_version"}


def test_every_directory_and_file_is_named() -> None:
    named = {name.rstrip("/") for name in rows if "/" in name or "." in name}
    assert named == written_below_the_data_directory()


def test_a_call_leaves_nothing_else(tmp_path: Path) -> None:
    with World(seed=1, durable=True) as world:
        world.application({"/answer": [{"action": "record", "endOnSilence": "3"}]})
        world.call("15550100777", world.number, "wait 1; hangup")
        left = {path.name + ("/" if path.is_dir() else "") for path in world.settings.data_dir.iterdir()}
    assert left - LIVE <= rows.keys()
    assert {"recordings/", "offhook.db"} <= left


def test_the_settings_are_there_and_their_defaults_are_told() -> None:
    for name, (_, _, kept, settings) in rows.items():
        for variable in re.findall(r"`OFFHOOK_(\w+)`", settings):
            value: object = Settings()
            for part in variable.lower().split("__"):
                assert isinstance(value, BaseModel)
                value = getattr(value, part)
            if variable.endswith("_DAYS"):
                assert f"{value} days" in kept, f"{name}: {variable} is {value}"
            if variable.endswith("KEEP_SEGMENTS"):
                assert f"{value} files" in kept
