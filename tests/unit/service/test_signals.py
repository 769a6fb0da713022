"""What a control process does with signals before it serves."""

import asyncio
import os
import signal

import pytest

from offhook.control import _watch


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_reload_or_a_drain_that_is_asked_for_too_early_ends_nothing(number: signal.Signals) -> None:
    """The supervisor passes them on as soon as the process runs; both files are read later anyway."""

    async def script() -> bool:
        stop = asyncio.Event()
        _watch(stop)
        assert signal.getsignal(number) is not signal.SIG_DFL
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.05)
        asyncio.get_running_loop().remove_reader(0)
        return stop.is_set()

    assert asyncio.run(script()) is False
