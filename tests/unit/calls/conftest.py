"""A calls domain on fakes, in virtual time: `world(script)` runs a coroutine with a `Bench`."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.unit.calls.bench import Bench

from offhook.testing.loop import VirtualLoop

Script = Callable[[Bench], Coroutine[Any, Any, None]]


@pytest.fixture
def world(tmp_path: Any) -> Callable[..., None]:
    def run(script: Script, **settings: Any) -> None:
        loop = VirtualLoop()
        try:
            loop.run_until_complete(_run(loop, script, tmp_path, settings))
        finally:
            loop.close()

    return run


async def _run(loop: VirtualLoop, script: Script, path: Any, settings: dict[str, Any]) -> None:
    bench = Bench(loop, path, settings)
    try:
        await script(bench)
    finally:
        await bench.close()
