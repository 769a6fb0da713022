"""Access tokens: every spelling of the credentials, what is refused, and how long a token lives."""

import base64
from typing import Any

import pytest
from sqlalchemy import select

from offhook.storage import clients, tables
from offhook.testing.world import World

ID, SECRET = "kpn-client-0001", "kpn-secret-of-a-client"
TOKEN = "/oauth/client_credential/accesstoken"
GRANT = "grant_type=client_credentials"
BASIC = {"authorization": "Basic " + base64.b64encode(f"{ID}:{SECRET}".encode()).decode()}
PAIR = f"client_id={ID}&client_secret={SECRET}"


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (f"{TOKEN}?{GRANT}", PAIR, {}),
        (TOKEN, f"{GRANT}&{PAIR}", {}),
        (f"{TOKEN}?{GRANT}&{PAIR}", None, {}),
        (f"{TOKEN}?{GRANT}", None, BASIC),
        (f"{TOKEN}?{GRANT}", PAIR, BASIC),
        (TOKEN, {"grant_type": "client_credentials", "client_id": ID, "client_secret": SECRET}, {}),
        (f"{TOKEN}/?{GRANT}", PAIR, {}),
        (f"{TOKEN}?{GRANT}", PAIR, {"authorization": "Bearer of-yesterday"}),
    ],
    ids=["form", "all-form", "query", "basic", "twice-the-same", "json", "slash", "renewal"],
)
def test_spellings(kpn: Any, path: str, body: Any, headers: dict[str, str]) -> None:
    answer = kpn.send("POST", path, body, headers)
    assert answer.status == 200, answer.body
    token = answer.json["access_token"]
    for scheme in ("Bearer", "bearer", "BearerToken"):
        assert kpn.send("GET", "/applications", None, {"authorization": f"{scheme} {token}"}).status == 200


def test_the_answer_is_all_text(kpn: Any) -> None:
    answer = kpn.send("POST", f"{TOKEN}?{GRANT}", PAIR)
    shown = answer.json
    assert {type(value) for name, value in shown.items() if name != "api_product_list_json"} == {str}
    assert shown["token_type"] == "Bearer"
    assert shown["expires_in"] == "3599"
    assert shown["client_id"] == ID
    assert shown["status"] == "approved"
    assert int(shown["issued_at"]) * 1000 <= kpn.world.clock.wall()
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "error"),
    [
        (TOKEN, PAIR, {}, 400, "invalid_request"),
        (f"{TOKEN}?grant_type=password", PAIR, {}, 400, "unsupported_grant_type"),
        (f"{TOKEN}?{GRANT}", f"grant_type=password&{PAIR}", {}, 400, "invalid_request"),
        (f"{TOKEN}?{GRANT}", None, {}, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", f"client_id={ID}", {}, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", f"client_id={ID}&client_secret=wrong", {}, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", "client_id=nobody&client_secret=x", {}, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", "client_id=a%00b&client_secret=x", {}, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", f"client_id={ID}&client_secret=other", BASIC, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", None, {"authorization": "Basic !"}, 401, "invalid_client"),
        (f"{TOKEN}?{GRANT}", PAIR, {"accept": "text/html"}, 406, "invalid_request"),
    ],
)
def test_refusals(kpn: Any, path: str, body: Any, headers: dict[str, str], status: int, error: str) -> None:
    answer = kpn.send("POST", path, body, headers)
    assert answer.status == status, answer.body
    shown = answer.json
    assert shown["error"] == error
    assert shown["error_description"] == shown["message"]
    assert shown["status"] == str(status)
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert SECRET not in answer.body.decode()


def test_another_method(kpn: Any) -> None:
    answer = kpn.send("GET", f"{TOKEN}?{GRANT}")
    assert answer.status == 405
    assert answer.headers["allow"] == "OPTIONS, POST"


def test_a_token_ends_after_its_time(kpn_of: Any) -> None:
    with World(seed=2, settings={"kpn": {"token_life": 120}}) as world:
        kpn = kpn_of(world)
        kpn.login()
        world.wait(119)
        assert kpn("GET", "/applications").status == 200
        world.wait(2)
        refused = kpn("GET", "/applications")
        assert refused.status == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        kpn.login()
        assert kpn("GET", "/applications").status == 200
        rows = world.database.transact(lambda c: c.execute(select(tables.oauth_tokens)).all())
        assert len(rows) == 1, "a new token sweeps away those that are over"


def test_no_token_and_no_secret_is_stored(kpn: Any) -> None:
    token = kpn.login()
    rows = kpn.world.database.transact(
        lambda c: [*c.execute(select(tables.oauth_tokens)), *c.execute(select(tables.oauth_clients))]
    )
    stored = repr(rows)
    assert clients.digest(token) in stored
    assert token not in stored
    assert SECRET not in stored


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic " + "x" * 40, "Bearer unknown", "Bearer " + "a" * 600, "Bearer \u00fc"],
)
def test_what_is_no_token(kpn: Any, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    for path in ("/applications", "/voice/calls", "/jwt", "/phone-numbers/account/numbers"):
        answer = kpn.send("GET", path, None, headers)
        assert answer.status == 401, (path, answer.body)
        assert answer.json["name"] == "Unauthorized"
        assert ("error_title" in answer.json) == path.startswith("/voice")
        assert ("error-code" in answer.json) == path.startswith("/phone-numbers")


def test_a_token_of_an_application_opens_nothing_here(kpn: Any) -> None:
    """And the other way round: neither surface knows the other's tokens."""
    token = kpn.world.provisioned.token(kpn.world.clock, kpn.world.ids)
    assert kpn.send("GET", "/applications", None, {"authorization": f"Bearer {token}"}).status == 401
    url = "http://platform.test/v1/calls"
    status, _, _ = kpn.world.run(kpn.world.web.request("GET", url, kpn.bearer(), b"", 5.0, 60.0, 10_000))
    assert status == 401


def test_who_guesses_is_slowed_down(kpn_of: Any) -> None:
    with World(seed=3) as world:
        kpn = kpn_of(world)
        told = [
            kpn.send("POST", f"{TOKEN}?{GRANT}", f"client_id={ID}&client_secret=guess{n}").status
            for n in range(30)
        ]
        assert set(told) == {401, 429}
        last = kpn.send("POST", f"{TOKEN}?{GRANT}", f"client_id={ID}&client_secret=guess")
        assert last.json["error"] == "temporarily_unavailable"
        assert int(last.headers["retry-after"]) >= 1
        world.wait(60)
        assert kpn.login()


def test_a_disabled_client(kpn_of: Any) -> None:
    with World(seed=4) as world:
        kpn = kpn_of(world)
        kpn.login()
        kpn.change(enabled=False)
        assert kpn("GET", "/applications").status == 401
        assert kpn.send("POST", f"{TOKEN}?{GRANT}", PAIR).status == 401
        kpn.change(enabled=True)
        assert kpn("GET", "/applications").status == 200
        world.database.transact(lambda c: clients.revoke_tokens(c, ID))
        assert kpn("GET", "/applications").status == 401


def test_live_tokens_are_bounded(kpn_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MAX_TOKENS", 3)
    with World(seed=5) as world:
        kpn = kpn_of(world)
        tokens = []
        for _ in range(5):
            tokens.append(kpn.login())
            world.wait(1)
        good = [
            kpn.send("GET", "/applications", None, {"authorization": f"Bearer {each}"}).status
            for each in tokens
        ]
        assert good == [401, 401, 200, 200, 200]
