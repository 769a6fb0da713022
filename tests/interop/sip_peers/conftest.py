"""One instance for real SIP programs, with the example order line in front of a recorder."""

from collections.abc import Iterator

import pytest
from tests.real import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage(OFFHOOK_SHUTDOWN__GRACE="1")
    yield made
    assert made.close() == 0
