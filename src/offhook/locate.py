"""Finds addresses: the flow to a peer that calls are sent to: the simulated carrier, an address, or a name.

The local end is the bound address of the same family. Also
here: which of our addresses to show when a wildcard is bound.
"""

import socket
from pathlib import Path

from offhook.config import Settings
from offhook.core.errors import Invalid
from offhook.core.names import look_up
from offhook.simulator.places import CARRIER_FILE
from offhook.sip.flow import Flow
from offhook.transport.transports import Transports

CARRIER = "carrier.offhook.localhost"
"""The host of the simulated carrier's trunk."""


class Locator:
    """`await locator(host, port, transport)`. Raises OSError when there is no way."""

    def __init__(self, settings: Settings, transports: Transports) -> None:
        self._carrier = settings.run_dir / CARRIER_FILE
        self._transports = transports

    async def __call__(self, host: str, port: int, transport: str) -> Flow:
        own = self._transports.addresses(transport)
        if not own:
            raise OSError(f"SIP over {transport} is not served; use a peer that speaks UDP or TCP")
        if host == CARRIER:
            host, port = read_address(self._carrier)
        found = await look_up(host.strip("[]"), port, socket.SOCK_DGRAM)
        for family, _, _, _, address in found:
            for local in own:
                if _family(local[0]) == family:
                    return Flow(transport, local, (str(address[0]), int(address[1])))
        raise OSError(f"no bound SIP address can reach {host}; see OFFHOOK_SIP__HOST")


def read_address(path: Path) -> tuple[str, int]:
    """The carrier's address. Raises OSError when no carrier runs."""
    try:
        host, port = path.read_text().split()
        return host, int(port)
    except (FileNotFoundError, ValueError):
        raise OSError("the simulated carrier is not running") from None


def default_route_address(wildcard: str) -> str:
    """The address of ours from which the default route leaves, of the wildcard's family; no packet is sent.

    Raises `Invalid` naming the setting when there is no such route.
    """
    family, far = (socket.AF_INET6, "2001:db8::1") if ":" in wildcard else (socket.AF_INET, "192.0.2.1")
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))
        except OSError as error:
            raise Invalid(
                "OFFHOOK_SIP__ADVERTISED_HOST",
                f"is needed because {wildcard} is bound and there is no default route ({error.strerror})",
            ) from None
        return str(probe.getsockname()[0])


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
