"""The prompt cache: least recently used first, by bytes."""

from offhook.ipc.shm import Prompt
from offhook.speech.cache import PromptCache, key


def test_least_recently_used_goes_first() -> None:
    dropped: list[Prompt] = []
    cache = PromptCache(dropped.append, max_bytes=400)
    first, second, third = (Prompt(name, 100) for name in "abc")
    cache.put("1", first)
    cache.put("2", second)
    assert cache.get("1") == first
    cache.put("3", third)
    assert dropped == [second]
    assert cache.get("2") is None
    assert cache.bytes == 400


def test_one_prompt_over_the_limit_stays_until_the_next() -> None:
    dropped: list[Prompt] = []
    cache = PromptCache(dropped.append, max_bytes=10)
    cache.put("1", Prompt("a", 100))
    assert cache.get("1") is not None
    cache.put("2", Prompt("b", 1))
    assert dropped == [Prompt("a", 100)]
    assert cache.bytes == 2


def test_replacing_and_clearing_drop() -> None:
    dropped: list[Prompt] = []
    cache = PromptCache(dropped.append)
    cache.put("1", Prompt("a", 1))
    cache.put("1", Prompt("b", 1))
    cache.clear()
    assert dropped == [Prompt("a", 1), Prompt("b", 1)]
    assert (len(cache), cache.bytes) == (0, 0)


def test_key_is_made_of_all_that_changes_the_sound() -> None:
    keys = {key("a", "en-US", 0), key("b", "en-US", 0), key("a", "en-GB", 0), key("a", "en-US", 1)}
    assert len(keys) == 4
    assert key("a", "EN-us", 0) == key("a", "en-US", 0)
