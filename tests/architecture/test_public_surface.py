"""What outsiders rely on: settings, commands, addresses and scripts keep their names and are documented."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from offhook.cli.main import COMMANDS
from offhook.config import Settings

ROOT = Path(__file__).parents[2]
PROMISED_SETTINGS = {
    "OFFHOOK_DATA_DIR",
    "OFFHOOK_HTTP__HOST",
    "OFFHOOK_HTTP__PORT",
    "OFFHOOK_HTTP__TLS_CERT",
    "OFFHOOK_HTTP__TLS_KEY",
    "OFFHOOK_HTTP__TLS_PORT",
    "OFFHOOK_HTTP__PUBLIC_URL",
    "OFFHOOK_RECORDING_URL_TEMPLATE",
    "OFFHOOK_SIP__HOST",
    "OFFHOOK_SIP__PORT",
    "OFFHOOK_SIP__ADVERTISED_HOST",
    "OFFHOOK_RTP__ADVERTISED_HOST",
    "OFFHOOK_SIP__DOMAIN",
    "OFFHOOK_RTP__PORT_MIN",
    "OFFHOOK_RTP__PORT_MAX",
    "OFFHOOK_DATABASE_URL",
    "OFFHOOK_MEDIA__WORKERS",
    "OFFHOOK_SPEECH__WORKERS",
    "OFFHOOK_FETCH__PRIVATE",
    "OFFHOOK_SIMULATOR",
    "OFFHOOK_SHUTDOWN__GRACE",
    "OFFHOOK_SECRET_KEY",
}
PROMISED_COMMANDS = {
    "serve",
    "demo",
    "init",
    "apps",
    "numbers",
    "trunks",
    "calls",
    "recordings",
    "call",
    "phone",
    "inspect",
    "doctor",
    "migrate",
}


def variables(model: type[BaseModel], prefix: str = "OFFHOOK_") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= variables(kind, f"{prefix}{name.upper()}__")
        else:
            found.add(prefix + name.upper())
    return found


def test_promised_settings_exist() -> None:
    assert variables(Settings) >= PROMISED_SETTINGS


def test_every_setting_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "guides" / "settings.md").read_text()
    missing = {name for name in variables(Settings) if f"`{name}`" not in guide}
    assert not missing


def test_promised_commands_exist() -> None:
    assert set(COMMANDS) >= PROMISED_COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_module(name: str) -> None:
    assert (ROOT / "src" / "offhook" / "cli" / f"{name}.py").is_file() or (
        ROOT / "src" / "offhook" / "cli" / name / "__init__.py"
    ).is_file()


def test_the_readme_map_names_every_folder() -> None:
    readme = (ROOT / "README.md").read_text()
    folders = [path.name for path in (ROOT / "src" / "offhook").iterdir() if (path / "__init__.py").exists()]
    missing = [name for name in folders if f"`{name}/`" not in readme and name not in ("core", "ipc")]
    assert not missing, f"the README's map does not name {missing}"
