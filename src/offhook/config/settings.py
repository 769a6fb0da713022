"""All settings together, where they are read from, and what follows from them."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

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
from offhook.core.errors import Invalid

DEFAULT_FILE = "offhook.toml"
CONFIG_VARIABLE = "OFFHOOK_CONFIG"
DATA_DIR = "OFFHOOK_DATA_DIR"
RELOADABLE = frozenset({"OFFHOOK_HTTP__TLS_CERT", "OFFHOOK_HTTP__TLS_KEY"})
"""Settings that SIGHUP takes up; the others wait for a restart."""
LONGEST_RUN_DIR = 107 - len("/speech-15.sock")
"""Bytes: a Unix socket's address has room for 107, and the name of a socket comes on top."""


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="OFFHOOK_", env_nested_delimiter="__", extra="ignore", validate_default=True
    )

    data_dir: Path = Path("./var")
    node: int = Field(0, ge=0, le=0xFFF)
    http: Http = Http()
    region: Region = Region()
    sip: Sip = Sip()
    rtp: Rtp = Rtp()
    media: Media = Media()
    speech: Speech = Speech()
    calls: Calls = Calls()
    fetch: Fetch = Fetch()
    destinations: Destinations = Destinations()
    kpn: Kpn = Kpn()
    storage: Storage = Storage()
    shutdown: Shutdown = Shutdown()
    journal: Journal = Journal()
    exec: Exec = Exec()
    database_url: str = ""
    recording_url_template: str = "{public_url}/v1/files/compat.nexmo.com/{id}"
    secret_key: str = ""
    simulator: bool = True
    loop: Literal["uvloop", "asyncio"] = "uvloop"

    @field_validator("recording_url_template")
    @classmethod
    def _with_an_id(cls, value: str) -> str:
        names = re.findall(r"[{]([^{}]*)[}]", value)
        if (
            "id" not in names
            or set(names) - {"id", "public_url"}
            or len(re.findall("[{}]", value)) > 2 * len(names)
        ):
            raise ValueError("must hold {id}, may hold {public_url}, and no other braces")
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get(CONFIG_VARIABLE, DEFAULT_FILE)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    @property
    def run_dir(self) -> Path:
        """Sockets of the workers and the supervisor."""
        return self.data_dir / "run"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / "recordings"

    @property
    def journal_dir(self) -> Path:
        return self.data_dir / "journal"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'offhook.db'}"

    @property
    def public_url(self) -> str:
        return (self.http.public_url or self.local_url).rstrip("/")

    @property
    def https_url(self) -> str | None:
        """Where programs on this machine reach HTTPS; None when it is not served."""
        if not self.http.tls_port:
            return None
        host = self.http.host
        local = is_wildcard(host) or is_loopback(host)
        name = "localhost" if local else f"[{host}]" if ":" in host else host
        return f"https://{name}:{self.http.tls_port}"

    @property
    def local_url(self) -> str:
        """Where programs on this machine reach HTTP, whatever is in front of it for others."""
        host = self.http.host
        if is_wildcard(host):  # of one family: `::` takes no IPv4
            host = "::1" if ":" in host else "127.0.0.1"
        return f"http://{f'[{host}]' if ':' in host else host}:{self.http.port}"

    @property
    def rtp_host(self) -> str:
        return self.rtp.host or self.sip.hosts[0]

    @property
    def private_fetches(self) -> bool:
        """Whether webhooks and streams may go to private addresses."""
        if self.fetch.private == "auto":
            return is_loopback(self.http.host)
        return self.fetch.private == "allow"

    @property
    def fetch_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """What `fetch.networks` lists."""
        return tuple(
            ipaddress.ip_network(text.strip()) for text in self.fetch.networks.split(",") if text.strip()
        )

    @property
    def simulator_active(self) -> bool:
        """The simulated carrier works only while every SIP address is loopback."""
        return self.simulator and all(is_loopback(host) for host in self.sip.hosts)

    def make_directories(self) -> None:
        """Create the data directory; only its owner may look inside. Raises `Invalid` when that cannot be."""
        try:
            for path in (self.data_dir, self.run_dir, self.spool_dir, self.recordings_dir, self.journal_dir):
                path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise Invalid(
                DATA_DIR,
                f"{path} cannot be made ({error.strerror}); choose a directory that you may write to",
            ) from None
        if len(os.fsencode(self.run_dir)) > LONGEST_RUN_DIR:
            raise Invalid(
                DATA_DIR, f"{self.data_dir} is too long for the sockets in it; choose a shorter path"
            )
