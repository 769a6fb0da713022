"""Prompts that are ready to play, and those that several playbacks use at once: these are fetched once, and
given back once, after the last of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loaded:
    """A prompt that is ready to play, and how to give it back."""

    name: str
    samples: int
    release: Callable[[], None]


Load = Callable[[], Awaitable[Loaded]]


@dataclass(slots=True)
class Shared:
    """One prompt, or the attempt to get it."""

    loading: "asyncio.Future[Loaded]"
    users: int = 0


class Shelf:
    """Shared prompts by key."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Shared] = {}

    def __len__(self) -> int:
        return len(self._kept)

    async def take(self, key: Hashable, load: Load) -> Loaded:
        """The prompt of `key`, loaded by the first who asks. Raises what `load` raises, to all who wait.

        A failure is forgotten: whoever asks later tries again.
        """
        shared = self._kept.get(key)
        if shared is not None:
            shared.users += 1
            return _copy(await asyncio.shield(shared.loading), lambda: self._release(key, shared))
        loading: asyncio.Future[Loaded] = asyncio.get_running_loop().create_future()
        first = self._kept[key] = Shared(loading, users=1)
        try:
            loaded = await load()
        except BaseException as error:
            del self._kept[key]
            if isinstance(error, Exception):
                loading.set_exception(error)
                loading.exception()  # seen, even when nobody else waits
            else:
                loading.cancel()
            raise
        loading.set_result(loaded)
        return _copy(loaded, lambda: self._release(key, first))

    def _release(self, key: Hashable, shared: Shared) -> None:
        shared.users -= 1
        if shared.users == 0:
            del self._kept[key]
            shared.loading.result().release()


def _copy(loaded: Loaded, release: Callable[[], None]) -> Loaded:
    return Loaded(loaded.name, loaded.samples, release)
