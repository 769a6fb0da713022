"""Prompts already spoken, by what they say: least recently used go first when a byte limit is reached.

A key is a digest of everything that changes the sound. The cache owns its prompts: what it lets go of is
handed to `drop`, which frees the shared memory. A reader that holds the memory open keeps its own view of it.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

from offhook.ipc.shm import Prompt

BYTES_PER_SAMPLE = 2
DEFAULT_BYTES = 64_000_000
"""More than an hour of speech at 8 kHz."""


def key(text: str, language: str, style: int) -> str:
    """The name of one way of saying `text`."""
    parts = "\0".join((language.lower(), str(style), text))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


class PromptCache:
    """A bounded mapping from keys to prompts."""

    def __init__(self, drop: Callable[[Prompt], None], max_bytes: int = DEFAULT_BYTES) -> None:
        self._drop = drop
        self._max = max_bytes
        self._prompts: OrderedDict[str, Prompt] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._prompts)

    def get(self, name: str) -> Prompt | None:
        """The prompt under a key, which becomes the most recently used."""
        prompt = self._prompts.get(name)
        if prompt is not None:
            self._prompts.move_to_end(name)
        return prompt

    def put(self, name: str, prompt: Prompt) -> None:
        """Keep `prompt`; the one just put in is never the one to go."""
        self._forget(name)
        self._prompts[name] = prompt
        self.bytes += _size(prompt)
        while self.bytes > self._max and len(self._prompts) > 1:
            self._forget(next(iter(self._prompts)))

    def clear(self) -> None:
        """Let everything go."""
        for name in list(self._prompts):
            self._forget(name)

    def _forget(self, name: str) -> None:
        prompt = self._prompts.pop(name, None)
        if prompt is not None:
            self.bytes -= _size(prompt)
            self._drop(prompt)


def _size(prompt: Prompt) -> int:
    return prompt.samples * BYTES_PER_SAMPLE
