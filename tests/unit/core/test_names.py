"""Names that nobody answers for hold up other names at most."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from offhook.core.names import look_up
from offhook.core.tasks import outside
from offhook.security.fetch_policy import SystemResolver

SLOW = 80
"""More than any pool of threads has."""


def test_slow_names_leave_the_threads_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, real = threading.Event(), socket.getaddrinfo

    def slowly(host: str, *rest: Any, **more: Any) -> Any:
        if host.endswith(".example"):
            answer.wait(60)
            raise socket.gaierror("no answer")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)

    async def script() -> None:
        resolver = SystemResolver()
        names = [asyncio.ensure_future(resolver.resolve(f"n{n}.example", 80)) for n in range(SLOW)]
        await asyncio.sleep(0)  # all are asked for
        try:
            async with asyncio.timeout(10):
                assert await outside(lambda: "done") == "done"
                found = await look_up("192.0.2.7", 5060, socket.SOCK_DGRAM)
                assert found[0][4] == ("192.0.2.7", 5060)
        finally:
            answer.set()
            await asyncio.gather(*names, return_exceptions=True)

    asyncio.run(script())


@pytest.mark.parametrize("host", ["::1", "2001:db8::1"])
def test_an_address_is_its_own_answer(host: str) -> None:
    async def script() -> list[Any]:
        return await look_up(host, 5060, socket.SOCK_STREAM)

    assert {entry[4][0] for entry in asyncio.run(script())} == {host}
