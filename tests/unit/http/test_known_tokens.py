"""A token that was found to be good is remembered, and every reason to refuse it counts as before."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from offhook.security import jwt
from offhook.security.keys import make_pair
from offhook.storage import accounts, applications
from offhook.testing.provision import key_pair
from offhook.testing.world import World

PATH = "/v1/calls"
US = 1_000_000
HOUR = 3600


class Asker:
    """One world, and requests in it with one token."""

    def __init__(self, world: World, client: Any) -> None:
        self.world, self._client = world, client

    @property
    def application(self) -> Any:
        return self.world.provisioned.application

    def token(self, **options: Any) -> str:
        given = {"wall": self.world.clock.wall(), **options}
        application = self.application.application_id
        return jwt.make_token(key_pair().private_key, application, ids=self.world.ids, **given)

    def status(self, token: str, path: str = PATH, method: str = "GET") -> int:
        status: int = self._client(method, path, auth=f"Bearer {token}").status
        return status

    def write(self, work: Any) -> None:
        """As another process does, of whose writes this one hears nothing."""
        self.world.database.transact(work)


@pytest.fixture
def asker(client_of: Callable[[World], Any]) -> Iterator[Asker]:
    with World(seed=11) as world:
        yield Asker(world, client_of(world))


def checks_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every signature that is really checked. Worlds make equal tokens; earlier tests may have shown them."""
    jwt._signed.cache_clear()
    checked: list[str] = []
    whole = jwt._jws.decode

    def decode(token: str, *arguments: Any, **options: Any) -> Any:
        checked.append(token)
        return whole(token, *arguments, **options)

    monkeypatch.setattr(jwt._jws, "decode", decode)
    return checked


def test_a_signature_is_checked_once(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = checks_of(monkeypatch)
    token = asker.token()
    assert [asker.status(token) for _ in range(3)] == [200, 200, 200]
    assert checked == [token]


def test_a_wrong_signature_is_never_remembered_as_good(asker: Asker) -> None:
    token = asker.token()
    assert asker.status(token) == 200
    assert [asker.status(token[:-6] + "AAAAAA") for _ in range(2)] == [401, 401]
    header, _, signature = token.split(".")
    payload = asker.token(subject="other").split(".")[1]
    assert asker.status(f"{header}.{payload}.{signature}") == 401


def test_it_expires(asker: Asker) -> None:
    token = asker.token(life_s=300)
    assert asker.status(token) == 200
    asker.world.wait(300 + jwt.SKEW_S - 5)
    assert asker.status(token) == 200
    asker.world.wait(10)
    assert asker.status(token) == 401


def test_it_is_too_old_a_day_after_it_was_made_whatever_it_says(asker: Asker) -> None:
    made = asker.world.clock.wall() - (24 * HOUR - 30) * US
    token = asker.token(wall=made, life_s=72 * HOUR)
    assert asker.status(token) == 200
    asker.world.wait(30 + jwt.SKEW_S + 5)
    assert asker.status(token) == 401


def test_a_new_key_of_the_application_ends_it_and_the_old_key_brings_it_back(asker: Asker) -> None:
    token = asker.token()
    assert asker.status(token) == 200
    other = replace(asker.application, public_key=make_pair().public_key)
    asker.write(lambda connection: applications.update(connection, other))
    assert asker.status(token) == 401
    asker.write(lambda connection: applications.update(connection, asker.application))
    assert asker.status(token) == 200


def test_it_ends_with_its_application(asker: Asker) -> None:
    token = asker.token()
    assert asker.status(token) == 200
    asker.write(lambda connection: applications.delete(connection, asker.application.application_id))
    assert asker.status(token) == 401


def test_it_opens_nothing_while_the_account_is_suspended(asker: Asker) -> None:
    token = asker.token()
    assert asker.status(token) == 200
    account = asker.world.provisioned.account.account_id
    asker.write(lambda connection: accounts.change(connection, account, suspended_at=5))
    assert asker.status(token) == 403


def test_its_acl_is_asked_for_every_path_and_method(asker: Asker) -> None:
    token = asker.token(acl={"paths": {"/*/calls": {"methods": ["GET"]}}})
    for _ in range(2):
        assert asker.status(token) == 200
        assert asker.status(token, method="POST") == 403
        assert asker.status(token, path="/v1/calls/x") == 403
