"""A platform with numbers, which are the same for every test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from tests.unit.http.conftest import Client
from tests.unit.http.numbers.asking import fill, other

from offhook.storage import tables
from offhook.testing.world import World


@pytest.fixture(scope="module")
def platform() -> Iterator[World]:
    with World(seed=1) as world:
        other(world)
        yield world


@pytest.fixture
def world(platform: World) -> World:
    """The platform with the numbers it had at the beginning."""
    world = platform

    def empty(connection: Connection) -> None:
        connection.execute(tables.available_numbers.delete())
        connection.execute(tables.numbers.delete())

    world.database.transact(empty)
    world.app.webhooks.clear()
    fill(world)
    return world


@pytest.fixture
def http(world: World) -> Client:
    return Client(world)
