"""The groups of settings, one class each: what an operator may write, and the bounds of it."""

import ipaddress
import os
from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator


class Http(BaseModel):
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=1, le=65535)
    tls_port: int = Field(8443, ge=0, le=65535)
    """HTTPS; 0 serves none."""
    tls_cert: str = ""
    """PEM file with the certificate and its chain; empty means one of the installation's own authority."""
    tls_key: str = ""
    """PEM file with the key, where it is not in the same file."""
    tls_names: str = ""
    """Comma list of further names and addresses that the own authority's certificate is for."""
    public_url: str = ""
    """Base of links and `region_url`; empty means `http://127.0.0.1:<port>`."""
    metrics_token: str = ""
    """Needed for `/metrics` from anywhere but loopback."""
    max_body: int = Field(1_000_000, ge=1_000)
    requests_per_second: int = Field(0, ge=0)
    """Of one application, or of one account by its key; 0 for any number. Calls placed count elsewhere."""
    app_legs: Literal["app", "sip"] = "app"
    """How REST shows an endpoint of type `app`: as it is, or as a SIP address."""

    connections: int = Field(2_000, ge=10)
    """Connections at a time, from everywhere."""
    connections_per_source: int = Field(200, ge=1)
    """The same from one address; loopback, where proxies are, is exempt."""
    header_timeout: float = Field(10.0, gt=0)
    """Seconds from the first byte of a request, or from the connection, to the end of its head."""
    body_timeout: float = Field(30.0, gt=0)
    """Seconds from the end of the head to the end of the body."""

    @field_validator("tls_key")
    @classmethod
    def _with_certificate(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("tls_cert"):
            raise ValueError("needs OFFHOOK_HTTP__TLS_CERT, the certificate that belongs to the key")
        return value


class Region(BaseModel):
    """Where this node is, for clients that address regions by host names."""

    name: Literal["", "na-east", "na-west", "eu-east", "eu-west", "apac-sng", "apac-australia"] = ""
    """Empty: the node answers for every region."""
    hosts: str = ""
    """Comma list of host names that are this node's, whatever region they look like."""

    @property
    def own_hosts(self) -> frozenset[str]:
        return frozenset(part.strip().lower() for part in self.hosts.split(",") if part.strip())


class Sip(BaseModel):
    host: str = "127.0.0.1"
    """Comma list of addresses to bind, IPv4 and IPv6."""
    port: int = Field(5060, ge=1, le=65535)
    advertised_host: str = ""
    domain: str = "sip.offhook.localhost"
    rate_per_source: int = Field(200, ge=1)
    """Messages a second from one source before it is ignored; the sources of trunks are exempt."""
    udp_limit: int = Field(1300, ge=0, le=65_000)
    """Bytes of a request above which TCP is tried before UDP (RFC 3261 §18.1.1); 0 for never."""
    tcp_connections: int = Field(4000, ge=1)
    tcp_per_source: int = Field(100, ge=1)
    """Connections from one address; the sources of trunks are exempt."""
    tcp_idle: float = Field(1800.0, ge=1)
    """Seconds without a message after which a connection is closed."""

    @field_validator("host")
    @classmethod
    def _at_least_one(cls, value: str) -> str:
        if not value.replace(",", "").strip():
            raise ValueError("must name at least one address to bind, such as 127.0.0.1")
        return value

    @property
    def hosts(self) -> list[str]:
        return [part.strip() for part in self.host.split(",") if part.strip()]


class Rtp(BaseModel):
    advertised_host: str = ""
    host: str = ""
    """The address RTP sockets bind; empty means the first SIP address."""
    port_min: int = Field(20000, ge=1024, le=65534)
    port_max: int = Field(29999, ge=1025, le=65535)

    @field_validator("port_max")
    @classmethod
    def _a_range(cls, value: int, info: ValidationInfo) -> int:
        if value <= info.data.get("port_min", 0):
            raise ValueError(f"must be above OFFHOOK_RTP__PORT_MIN, which is {info.data['port_min']}")
        return value


class Media(BaseModel):
    workers: int = Field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1), ge=1, le=64)
    warm_ports: int = Field(64, ge=2, le=4096)
    capacity: int = Field(2000, ge=8, le=20000)
    """Legs one worker accepts."""
    realtime: bool = True
    """Ask for SCHED_FIFO where the system permits it."""


class Speech(BaseModel):
    workers: int = Field(1, ge=1, le=16)
    cache_bytes: int = Field(64_000_000, ge=0)


class Calls(BaseModel):
    answer: Literal["on_ncco", "at_once"] = "on_ncco"
    answer_details: bool = False
    """The answer webhook has `endpoint_type` and `region_url` too; one client library fails on them."""
    max_legs: int = Field(2000, ge=1)
    per_second: int = Field(0, ge=0)
    """Calls that may begin in a second, in and out; 0 for any number."""
    per_second_per_account: int = Field(0, ge=0)
    """Calls that one account may place in a second, by REST and by `connect`; 0 for any number."""
    dials_per_second: int = Field(0, ge=0, le=1000)
    """Calls of REST that are dialled in a second, the others waiting for their turn; 0: all at once."""
    max_lag_ms: float = Field(500.0, ge=0)
    """How late control may be before new calls are refused; 0 for any."""
    max_skipped: float = Field(25.0, ge=0, le=100)
    """Percent of its time that every media worker may have left out before new calls are refused."""
    max_duration: float = Field(86_400.0, ge=1)
    """Seconds that an answered leg may last, whatever its own limit says."""
    media_timeout: float = Field(0.0, ge=0)
    """Seconds without a packet from the peer after which a leg is hung up; 0 for never."""
    conversation_size: int = Field(200, ge=1)
    """Legs in one named conversation."""
    unowned_from: Literal["refuse", "unknown"] = "refuse"
    """What a `from` that is not an own number does: refuse the call, or show `unknown`."""
    connect_ends_call: bool = True
    """The call is over when an answered `connect` is; else the NCCO's next action runs."""
    record_waits_for_timeout: bool = True
    """A `record` with `timeOut` alone holds the NCCO up; else it runs in the background."""


class Fetch(BaseModel):
    private: Literal["allow", "deny", "auto"] = "auto"
    """Webhooks and streams to private addresses; `auto` allows them while HTTP binds loopback."""
    networks: str = ""
    """Comma list of networks that may be reached whatever `private` says."""
    max_stream_bytes: int = Field(50_000_000, ge=1_000)
    timeout: float = Field(30.0, gt=0)
    downloads: int = Field(8, ge=1, le=64)
    """Files that are fetched at a time; half of them at most from one host."""
    cache_seconds: float = Field(300.0, ge=0)
    """For how long a file is used again at most, when its server permits that."""

    @field_validator("networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        for text in value.split(","):
            try:
                if text.strip():
                    ipaddress.ip_network(text.strip())
            except ValueError:
                raise ValueError(f"{text.strip()!r} is not a network such as 10.1.0.0/16") from None
        return value


class Destinations(BaseModel):
    """Who may be dialled over real trunks, besides the ranges that are never dialled."""

    allow: str = ""
    """Comma list of number prefixes, `*` for all."""
    deny: str = ""
    """The same, never dialled; of the rules that match the longest counts, and deny where two are equal."""

    @field_validator("allow", "deny")
    @classmethod
    def _prefixes(cls, value: str) -> str:
        for text in value.replace(" ", "").split(","):
            digits = text.removeprefix("+")
            if text not in ("", "*") and not (digits.isascii() and digits.isdigit() and digits[0] != "0"):
                raise ValueError(f"{text!r} is not the beginning of an international number, such as 4420")
        return value


class Kpn(BaseModel):
    """The KPN wrapper: what new clients get, and what its answers look like."""

    quota_limit: int = Field(100_000, ge=1, le=1_000_000_000_000)
    """Requests that a new client may make in an interval."""
    quota_interval: int = Field(1, ge=1, le=1_000)
    quota_unit: Literal["minute", "hour", "day", "week", "month"] = "day"
    token_life: int = Field(3600, ge=60, le=86_400)
    """Seconds."""
    arrays: bool = False
    """`to` and `from` of a call are shown as arrays of one."""
    origins: str = "*"
    """Comma list of web origins whose pages may read answers; `*` is all, without credentials."""
    sunset: str = "n/a"
    """What the `sunset` header says."""

    @field_validator("sunset", "origins")
    @classmethod
    def _header(cls, value: str) -> str:
        if not value.strip() or not value.isascii() or not value.isprintable():
            raise ValueError("must be one line of printable ASCII characters")
        return value.strip()

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        return tuple(text.strip().rstrip("/") for text in self.origins.split(",") if text.strip()) or ("*",)


class Storage(BaseModel):
    durability: Literal["process", "power"] = "process"
    webhook_days: int = Field(30, ge=1, le=3650)
    """How long finished webhooks are kept, to be shown and sent again."""
    call_days: int = Field(365, ge=0, le=36500)
    """The most that finished calls are kept; 0 sets no limit."""
    call_records: Literal["application", "operator"] = "operator"
    """Calls go after `call_days` alone, or after the `leg_persistence_time` of their application."""
    recording_days: int = Field(30, ge=0, le=36500)
    """How long recordings are kept; 0 keeps them until the application deletes them."""
    spool_days: int = Field(7, ge=0, le=36500)
    """How long the sound of a recording that could not be finished is kept; 0 keeps it for ever."""
    least_free: int = Field(50_000_000, ge=0)
    """Bytes that must be free where the data is, for the platform to call itself ready."""


class Shutdown(BaseModel):
    grace: float = Field(5.0, ge=0, le=5)
    """At most 5, because everything has to end within 10 s of SIGTERM."""


class Journal(BaseModel):
    mask_digits: bool = False
    mask_numbers: bool = False
    """Phone numbers too, all but their last two digits."""
    segment_bytes: int = Field(8_000_000, ge=100_000)
    keep_segments: int = Field(64, ge=1)
    keep_days: int = Field(30, ge=0, le=3650)
    """How long a segment is kept; 0 counts segments alone."""


class Exec(BaseModel):
    others: Literal["pass", "refuse"] = "pass"
    """What `offhook exec` does with requests to hosts other than Vonage's."""
