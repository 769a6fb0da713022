"""Random identifiers: valid, with the node inside, and never the same twice, whoever asks."""

import threading
import uuid

import pytest

from offhook.core.ids import PORTION, RandomIds, node_of


def test_a_uuid_is_of_version_4_and_knows_its_node() -> None:
    made = RandomIds(0xABC).uuid()
    assert uuid.UUID(made).version == 4
    assert uuid.UUID(made).variant == uuid.RFC_4122
    assert node_of(made) == 0xABC


@pytest.mark.parametrize("size", [1, 10, PORTION, PORTION + 1])
def test_a_token_has_as_many_bytes_as_asked_for(size: int) -> None:
    assert len(bytes.fromhex(RandomIds().token(size))) == size


def test_threads_share_no_bytes() -> None:
    ids = RandomIds()
    made: list[str] = []

    def make() -> None:
        made.extend([ids.token(10) for _ in range(5000)] + [ids.uuid() for _ in range(5000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len(set(made)) == 40_000
