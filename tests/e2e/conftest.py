"""One instance with two media workers for all end-to-end tests."""

from collections.abc import Iterator

import pytest
from tests.real import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage(OFFHOOK_MEDIA__WORKERS="2", OFFHOOK_MEDIA__WARM_PORTS="2", OFFHOOK_SHUTDOWN__GRACE="1")
    yield made
    assert made.close() == 0
