"""Which flow leads to a peer, and which address of ours to show."""

import asyncio
import socket
from pathlib import Path

import pytest

from offhook.config import Settings
from offhook.core.clock import SystemClock
from offhook.core.errors import Invalid
from offhook.locate import CARRIER, Locator, default_route_address
from offhook.simulator.places import CARRIER_FILE
from offhook.sip.flow import Flow
from offhook.transport.pool import StreamPool
from offhook.transport.tcp import TcpWire
from offhook.transport.transports import Transports
from offhook.transport.udp import UdpTransport


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path)
    made.make_directories()
    return made


def locate(settings: Settings, host: str, port: int, transport: str = "udp") -> Flow:
    async def work() -> Flow:
        wire = TcpWire()
        pool = StreamPool("tcp", wire, SystemClock(), asyncio.get_running_loop())
        transports = Transports(UdpTransport(), {"tcp": pool})
        local = await transports.udp.bind("127.0.0.1", 0, lambda data, flow: None)
        pool.addresses.append(local)
        try:
            flow = await Locator(settings, transports)(host, port, transport)
            assert flow.local == local
            return flow
        finally:
            transports.close()
            await wire.close()

    return asyncio.run(work())


def test_an_address_is_itself(settings: Settings) -> None:
    assert locate(settings, "127.0.0.2", 5070).remote == ("127.0.0.2", 5070)


def test_a_connection_is_wanted(settings: Settings) -> None:
    found = locate(settings, "127.0.0.2", 5070, "tcp")
    assert (found.transport, found.remote) == ("tcp", ("127.0.0.2", 5070))


def test_the_carrier_is_where_its_file_says(settings: Settings) -> None:
    (settings.run_dir / CARRIER_FILE).write_text("127.0.0.1 45678\n")
    assert locate(settings, CARRIER, 0).remote == ("127.0.0.1", 45678)


def test_without_a_carrier_there_is_no_way(settings: Settings) -> None:
    with pytest.raises(OSError, match="simulated carrier is not running"):
        locate(settings, CARRIER, 0)


def test_other_families_and_transports_are_refused(settings: Settings) -> None:
    with pytest.raises(OSError, match="OFFHOOK_SIP__HOST"):
        locate(settings, "::1", 5060)
    with pytest.raises(OSError, match="over tls"):
        locate(settings, "127.0.0.1", 5061, "tls")


class Probe:
    """A socket on a machine with or without a default route."""

    def __init__(self, family: int, kind: int) -> None:
        self.family = family

    def __enter__(self) -> "Probe":
        return self

    def __exit__(self, *error: object) -> None: ...

    def connect(self, address: tuple[str, int]) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(101, "Network is unreachable")

    def getsockname(self) -> tuple[str, int]:
        return "198.51.100.7", 40000


def test_a_wildcard_is_shown_as_the_default_routes_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Probe)
    assert default_route_address("0.0.0.0") == "198.51.100.7"


def test_without_a_default_route_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Probe)
    with pytest.raises(Invalid) as raised:
        default_route_address("::")
    assert raised.value.field == "OFFHOOK_SIP__ADVERTISED_HOST"
