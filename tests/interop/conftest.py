"""Shared by tests with programs from outside."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def usual_ports() -> Iterator[None]:
    """The ports that pages name, such as 5000, belong to one test at a time, also of several processes."""
    with (Path(tempfile.gettempdir()) / "offhook-usual-ports.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
