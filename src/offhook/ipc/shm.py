"""Prompts in POSIX shared memory: one process writes the samples, others map them, anyone drops them by name.

A prompt is 8 000 Hz signed 16-bit mono in the machine's byte order, read-only once written. Dropping
removes the name; whoever has it mapped keeps it until done. This goes to `shm_open` directly and not through
`multiprocessing.shared_memory`, whose resource tracker starts a process and, up to Python 3.12, removes
segments that other processes still use.

Names begin with a prefix that belongs to one instance (its data directory), so that a new start can clear
what a crash left behind. Not stored here: who uses a prompt, and for how long.
"""

import importlib
import itertools
import mmap
import os
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from offhook.core.errors import MediaError
from offhook.ipc.shm_names import ENVIRONMENT, clear

_posixshmem: Any = importlib.import_module("_posixshmem")

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Audio that any process of this instance can map: the name and the number of samples."""

    name: str
    samples: int


class Prompts(Protocol):
    """Where prompts live. Every method raises MediaError when it cannot do what it says, except `drop`."""

    def write(self, pcm: Samples) -> Prompt: ...

    def open(self, name: str, samples: int) -> Samples:
        """The samples, read-only, without a copy; mapped for as long as the array lives."""
        ...

    def drop(self, name: str) -> None:
        """Remove the name; one that is gone already is no error."""
        ...


class SharedPrompts:
    """Prompts in shared memory under one prefix."""

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = prefix or os.environ.get(ENVIRONMENT) or f"/oh{os.getuid():x}-"
        self._numbers = itertools.count(1)

    def write(self, pcm: Samples) -> Prompt:
        name, handle = self._create()
        try:
            _fill(handle, np.ascontiguousarray(pcm, dtype=np.int16))
        except OSError as error:
            self.drop(name)
            raise MediaError(
                f"shared memory is full ({error.strerror}): {pcm.size * 2} bytes were needed; enlarge "
                "/dev/shm (in a container: --shm-size)"
            ) from None
        finally:
            os.close(handle)
        return Prompt(name, int(pcm.size))

    def open(self, name: str, samples: int) -> Samples:
        self._check(name)
        if samples <= 0:
            return np.zeros(0, dtype=np.int16)
        try:
            handle = _posixshmem.shm_open(name, os.O_RDONLY, 0)
        except OSError as error:
            raise MediaError(f"the prompt {name} is not there any more ({error.strerror})") from None
        try:
            if os.fstat(handle).st_size < samples * 2:
                raise MediaError(f"the prompt {name} is shorter than {samples} samples")
            view = mmap.mmap(handle, samples * 2, access=mmap.ACCESS_READ)
        finally:
            os.close(handle)
        return np.frombuffer(view, dtype=np.int16)

    def drop(self, name: str) -> None:
        self._check(name)
        try:
            _posixshmem.shm_unlink(name)
        except OSError:
            pass

    def clear(self) -> int:
        """Remove every prompt of this instance; gives how many there were."""
        return clear(self.prefix)

    def _create(self) -> tuple[str, int]:
        """A name that nobody has, and its open descriptor."""
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR
        for number in self._numbers:
            name = f"{self.prefix}{os.getpid():x}-{number:x}"
            try:
                return name, _posixshmem.shm_open(name, flags, 0o600)
            except FileExistsError:
                continue  # left by an earlier process with the same number
            except OSError as error:
                raise MediaError(f"shared memory cannot be had: {error.strerror}") from None
        raise MediaError("no name is free")

    def _check(self, name: str) -> None:
        if not name.startswith(self.prefix) or "/" in name[1:]:
            raise MediaError(f"{name!r} is not a prompt of this instance (prefix {self.prefix})")


class MemoryPrompts:
    """Prompts of a world: in this process, with names that depend only on their order."""

    def __init__(self) -> None:
        self._samples: dict[str, Samples] = {}
        self._numbers = itertools.count(1)

    def write(self, pcm: Samples) -> Prompt:
        copy = np.array(pcm, dtype=np.int16)
        copy.flags.writeable = False
        name = f"/prompt-{next(self._numbers)}"
        self._samples[name] = copy
        return Prompt(name, int(copy.size))

    def open(self, name: str, samples: int) -> Samples:
        held = self._samples.get(name)
        if held is None:
            raise MediaError(f"the prompt {name} is not there any more")
        if held.size < samples:
            raise MediaError(f"the prompt {name} is shorter than {samples} samples")
        return held[:samples]

    def drop(self, name: str) -> None:
        self._samples.pop(name, None)


def _fill(handle: int, pcm: Samples) -> None:
    """Reserve the pages first: writing to pages that are not there would kill the process."""
    data = memoryview(pcm.tobytes())
    if hasattr(os, "posix_fallocate") and len(data):
        os.posix_fallocate(handle, 0, len(data))
    else:
        os.ftruncate(handle, len(data))
    while data:
        data = data[os.write(handle, data) :]
