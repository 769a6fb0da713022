"""Key and secret in their three places, several kinds at once, and whoever guesses."""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from offhook.security import jwt, passwords
from offhook.storage import accounts
from offhook.testing.provision import API_KEY, API_SECRET, key_pair
from offhook.testing.world import World

NUMBERS = "/account/numbers"


def basic(key: str = API_KEY, secret: str = API_SECRET) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def query(path: str, key: str = API_KEY, secret: str = API_SECRET) -> str:
    return f"{path}?{urlencode({'api_key': key, 'api_secret': secret})}"


def form(key: str = API_KEY, secret: str = API_SECRET) -> bytes:
    fields = {"api_key": key, "api_secret": secret, "country": "US", "msisdn": "15550100001"}
    return urlencode({**fields, "app_id": ""}).encode()


def bearer(http: Any, **claims: Any) -> str:
    given = {"application_id": http.world.provisioned.application.application_id, **claims}
    made = jwt.make_token(key_pair().private_key, wall=http.world.clock.wall(), ids=http.world.ids, **given)
    return "Bearer " + made


def test_old_apis_take_key_and_secret_in_header_query_and_body(http: Any) -> None:
    assert http("GET", NUMBERS, auth=basic()).status == 200
    assert http("GET", query(NUMBERS), auth="").status == 200
    assert http("POST", "/number/update", form(), auth="").status == 200
    assert http("POST", "/number/update", {"api_key": API_KEY}, auth="").status == 401
    assert http("GET", NUMBERS, auth="").status == 401
    assert http("GET", query(NUMBERS, secret="wrong"), auth="").status == 401
    assert http("POST", "/number/update", form(secret="wrong"), auth="").status == 401


def test_new_apis_take_neither_query_nor_body(http: Any) -> None:
    for path in ("/v1/calls", "/v2/applications", "/v1/files/x"):
        assert http("GET", query(path), auth="").status == 401
    body = {"api_key": API_KEY, "api_secret": API_SECRET, "name": "x"}
    assert http("POST", "/v2/applications", body, auth="").status == 401


def test_credentials_of_two_kinds_have_to_agree(http: Any) -> None:
    assert http("GET", query(NUMBERS), auth=basic()).status == 200
    assert http("POST", query("/number/update"), form(), auth=basic()).status == 200
    for path, auth in (
        (query(NUMBERS, secret="wrong"), basic()),
        (query(NUMBERS), basic(secret="wrong")),
        (query(NUMBERS, key="other"), basic()),
        (query("/v2/applications", secret="wrong"), basic()),
        (query("/v1/calls", key="other"), bearer(http)),
    ):
        assert http("GET", path, auth=auth).status == 401, path
    assert http("POST", "/number/update", form(secret="wrong"), auth=basic()).status == 401
    assert http("GET", query("/v1/calls"), auth=bearer(http)).status == 200


def test_what_comes_twice_is_nobodys(http: Any) -> None:
    for twice in ("api_key", "api_secret"):
        assert http("GET", f"{query(NUMBERS)}&{twice}=x", auth="").status == 401
    own = http.world.web._apps["platform.test"]
    more: list[tuple[bytes, bytes]] = []

    async def doubled(scope: Any, receive: Any, send: Any) -> None:
        await own({**scope, "headers": [*scope["headers"], *more]}, receive, send)

    good, other = bearer(http).encode(), basic().encode()
    http.world.web.mount("platform.test", doubled)
    try:
        for value in (good, other, b""):
            more[:] = [(b"authorization", value)]
            assert http("GET", "/v1/calls", auth=bearer(http)).status == 401
        more.clear()
        assert http("GET", "/v1/calls", auth=bearer(http)).status == 200
    finally:
        http.world.web.mount("platform.test", own)


def test_a_token_opens_nothing_that_takes_key_and_secret(http: Any) -> None:
    assert http("GET", NUMBERS, auth=bearer(http)).status == 401
    assert http("GET", query(NUMBERS), auth=bearer(http)).status == 401
    assert http("GET", "/v2/applications", auth=bearer(http)).status == 401


def test_a_new_secret_beside_the_old_one_and_the_old_one_revoked(client_of: Any) -> None:
    with World(seed=3) as world:
        http = client_of(world)
        account = world.provisioned.account.account_id
        second = accounts.ApiSecret("new", account, passwords.hash_secret("Rotated1Secret"), 9)
        world.database.transact(lambda c: accounts.add_secret(c, second))
        for secret in (API_SECRET, "Rotated1Secret"):
            assert http("GET", NUMBERS, auth=basic(secret=secret)).status == 200
        live = world.database.transact(lambda c: accounts.secrets(c, account))
        old = next(each for each in live if each.secret_id != "new")
        world.database.transact(lambda c: accounts.revoke_secret(c, account, old.secret_id))
        assert http("GET", NUMBERS, auth=basic()).status == 401, (
            "remembered as right, and revoked all the same"
        )
        assert http("GET", NUMBERS, auth=basic(secret="Rotated1Secret")).status == 200


class Counted:
    """How many secrets were hashed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashed = 0
        whole = passwords.matches

        def matches(secret: str, stored: str) -> bool:
            self.hashed += 1
            return whole(secret, stored)

        monkeypatch.setattr(passwords, "matches", matches)


def guess(http: Any, times: int, first: int = 0) -> list[int]:
    return [
        http("GET", NUMBERS, auth=basic(secret=f"Guess{number}x")).status
        for number in range(first, first + times)
    ]


def test_guesses_cost_no_hash_and_lock_nobody_out(client_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with World(seed=4) as world:
        http, counted = client_of(world), Counted(monkeypatch)
        assert http("GET", NUMBERS, auth=basic()).status == 200, "stores the hint"
        [stored] = world.database.transact(
            lambda c: accounts.secrets(c, world.provisioned.account.account_id)
        )
        assert stored.hint is not None
        assert stored.hint not in stored.hash
        counted.hashed = 0
        statuses = guess(http, 2000)
        assert set(statuses[:20]) == {401}
        assert set(statuses[20:]) <= {401, 429}
        assert statuses.count(401) < 40, "one more a second"
        assert counted.hashed <= 2, "one in 65 536 is hashed"
        world.service.http.state.context.secrets._right.clear()
        assert http("GET", NUMBERS, auth=basic()).status == 200, "never seen, and from where the guesses come"
        assert http("GET", NUMBERS, auth=basic("otherkey", "x")).status == 401, (
            "another key has its own count"
        )
        refused = http("GET", NUMBERS, auth=basic(secret="Guess5y"))
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        world.wait(60)
        assert set(guess(http, 20, 10_000)) == {401}


def test_guesses_at_a_secret_without_a_hint_are_hashed_for_a_while_only(
    client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with World(seed=5) as world:
        http, counted = client_of(world), Counted(monkeypatch)
        statuses = guess(http, 40)
        assert statuses[:20] == [401] * 20
        assert set(statuses[20:]) <= {401, 429}
        assert counted.hashed <= 25
        world.wait(2)
        assert http("GET", NUMBERS, auth=basic()).status == 200
        assert http("GET", NUMBERS, auth=basic()).status == 200


def test_unknown_keys_are_never_hashed(client_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with World(seed=6) as world:
        http, counted = client_of(world), Counted(monkeypatch)
        assert {http("GET", NUMBERS, auth=basic(f"key{n}", "x")).status for n in range(50)} == {401}
        assert counted.hashed == 0
