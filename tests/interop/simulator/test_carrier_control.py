"""The carrier's socket on the real system: a phone that is still there does not disturb its end."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from offhook.core.clock import SystemClock
from offhook.core.ids import RandomIds
from offhook.simulator.carrier import Carrier
from offhook.simulator.control import CarrierControl
from offhook.simulator.wire import UdpWire

pytestmark = pytest.mark.interop
HOST = "127.0.0.1"


def test_end_of_the_carrier_while_a_phone_holds_a_number(tmp_path: Path) -> None:
    complaints: list[dict[str, Any]] = []
    path = str(tmp_path / "carrier.sock")

    async def work(phone: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        carrier = Carrier(UdpWire(), SystemClock(), RandomIds(), HOST)
        control = CarrierControl(carrier, path, (HOST, 5060))
        await control.start()
        await loop.sock_connect(phone, path)
        await loop.sock_sendall(phone, b'{"number": "15550100077", "address": ["127.0.0.1", 40404]}\n')
        assert b"platform" in await loop.sock_recv(phone, 4096)
        await carrier.close()
        await control.close()

    with socket.socket(socket.AF_UNIX) as phone:
        phone.setblocking(False)
        asyncio.run(work(phone))
        assert phone.recv(1) == b""
    assert not complaints
