"""Reading the settings, with one sentence for what is wrong; what has changed between two readings."""

import os
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any

from pydantic import ValidationError

from offhook.config.settings import CONFIG_VARIABLE, DEFAULT_FILE, Settings
from offhook.core.errors import Invalid


def load(**overrides: Any) -> Settings:
    """Read the settings. Raises `Invalid` that names the first wrong one and how it is spelled outside."""
    chosen = os.environ.get(CONFIG_VARIABLE)
    if chosen and not Path(chosen).is_file():
        raise Invalid("--config", f"the file {chosen} does not exist; give the path of an offhook.toml")
    try:
        return Settings(**overrides)
    except (TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        file = chosen or DEFAULT_FILE
        raise Invalid("--config", f"the file {file} cannot be read as TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = "OFFHOOK_" + "__".join(str(part) for part in first["loc"]).upper()
        raise Invalid(name, f"{first['msg']} (given: {first['input']!r})") from None


def changed(old: Settings, new: Settings) -> list[str]:
    """The environment names of settings that differ."""
    return sorted(_changed(old.model_dump(), new.model_dump(), "OFFHOOK_"))


def _changed(old: dict[str, Any], new: dict[str, Any], prefix: str) -> set[str]:
    found: set[str] = set()
    for name, value in old.items():
        if isinstance(value, dict):
            found |= _changed(value, new[name], f"{prefix}{name.upper()}__")
        elif value != new[name]:
            found.add(prefix + name.upper())
    return found
