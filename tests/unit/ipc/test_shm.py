import os
from pathlib import Path

import numpy as np
import pytest

from offhook.core.errors import MediaError
from offhook.ipc.shm import MemoryPrompts, Prompts, SharedPrompts
from offhook.ipc.shm_names import DIRECTORY, prefix_of

TONE = np.arange(-500, 500, dtype=np.int16)


@pytest.fixture
def shared(tmp_path: Path):  # type: ignore[no-untyped-def]
    prompts = SharedPrompts(prefix_of(tmp_path))
    yield prompts
    prompts.clear()


@pytest.fixture(params=["shared", "memory"])
def prompts(request: pytest.FixtureRequest, shared: SharedPrompts) -> Prompts:
    return shared if request.param == "shared" else MemoryPrompts()


def test_what_is_written_is_read(prompts: Prompts) -> None:
    prompt = prompts.write(TONE)
    assert prompt.samples == 1000
    heard = prompts.open(prompt.name, prompt.samples)
    assert heard.dtype == np.int16
    assert not heard.flags.writeable
    np.testing.assert_array_equal(heard, TONE)


def test_a_dropped_prompt_stays_with_who_has_it_and_is_gone_for_others(prompts: Prompts) -> None:
    prompt = prompts.write(TONE)
    heard = prompts.open(prompt.name, 1000)
    prompts.drop(prompt.name)
    prompts.drop(prompt.name)
    assert heard[999] == 499
    with pytest.raises(MediaError, match="not there any more"):
        prompts.open(prompt.name, 1000)


def test_a_prompt_that_is_shorter_than_said_is_refused(prompts: Prompts) -> None:
    prompt = prompts.write(TONE)
    with pytest.raises(MediaError, match="shorter than"):
        prompts.open(prompt.name, 5_000)


def test_an_empty_prompt_is_a_prompt(prompts: Prompts) -> None:
    prompt = prompts.write(np.zeros(0, dtype=np.int16))
    assert prompts.open(prompt.name, 0).size == 0


def test_names_of_other_instances_are_refused(shared: SharedPrompts) -> None:
    with pytest.raises(MediaError, match="not a prompt of this instance"):
        shared.open("/something-else", 10)
    with pytest.raises(MediaError, match="not a prompt of this instance"):
        shared.drop(shared.prefix + "../x")


def test_a_new_start_clears_what_was_left_and_nothing_else(shared: SharedPrompts, tmp_path: Path) -> None:
    other = SharedPrompts(prefix_of(tmp_path / "other"))
    kept = other.write(TONE)
    shared.write(TONE)
    shared.write(TONE)
    if DIRECTORY.is_dir():
        assert SharedPrompts(shared.prefix).clear() == 2
    other.drop(kept.name)


def test_a_name_that_is_taken_is_passed_over(shared: SharedPrompts) -> None:
    first = shared.write(TONE)
    second = SharedPrompts(shared.prefix).write(TONE[:10])  # a process that counts from 1 again
    assert second.name != first.name
    assert shared.open(first.name, 1000).size == 1000


def test_no_resource_tracker_is_started(shared: SharedPrompts) -> None:
    from multiprocessing import resource_tracker

    prompt = shared.write(TONE)
    shared.open(prompt.name, prompt.samples)
    assert resource_tracker._resource_tracker._fd is None  # type: ignore[attr-defined]


def test_the_prefix_belongs_to_the_data_directory_and_fits_everywhere(tmp_path: Path) -> None:
    assert prefix_of(tmp_path) == prefix_of(str(tmp_path) + os.sep)
    assert prefix_of(tmp_path) != prefix_of(tmp_path / "x")
    assert len(prefix_of(tmp_path)) + len(f"{2**22:x}-{2**32:x}") <= 31
