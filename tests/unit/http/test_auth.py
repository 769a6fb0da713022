"""Who is let in, what the others are told, and what never reaches the log."""

import base64
import json
import logging
from typing import Any

import jwt as pyjwt
import pytest

from offhook.security import jwt
from offhook.security.keys import make_pair
from offhook.security.passwords import hash_secret
from offhook.storage import accounts
from offhook.storage.accounts import ApiSecret
from offhook.testing.provision import API_KEY, API_SECRET, key_pair
from offhook.testing.world import World

UNAUTHORISED = {"type": "UNAUTHORIZED", "error_title": "Unauthorized"}


def basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def token(http: Any, **changes: Any) -> str:
    given = {"application_id": http.world.provisioned.application.application_id, **changes}
    made = jwt.make_token(key_pair().private_key, wall=http.world.clock.wall(), ids=http.world.ids, **given)
    return "Bearer " + made


def unsigned(claims: Any, algorithm: str = "none") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"Bearer {part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}.c2ln"


def test_tokens_that_are_not_good_get_the_same_short_answer(http: Any) -> None:
    application = http.world.provisioned.application.application_id
    now = http.world.clock.wall() // 1_000_000
    claims = {"application_id": application, "iat": now, "jti": "x"}
    good = token(http)
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x.y.z",
        "Bearer " + "x" * 20_000,
        basic(API_KEY, API_SECRET),
        good[:-6] + "AAAAAA",
        token(http, application_id="nobody"),
        token(http, application_id="\x00"),
        unsigned({**claims, "application_id": "\ud800"}, "RS256"),
        unsigned(claims),
        unsigned(claims, "HS256"),
        unsigned(claims, "RS256"),
    ]
    for credentials in wrong:
        for path in ("/v1/calls", "/v1/calls/x/talk", "/v1/files/x", "/v3/files/x"):
            method = "DELETE" if path.endswith("talk") else "GET"
            answer = http(method, path, auth=credentials)
            assert (answer.status, answer.json) == (401, UNAUTHORISED), credentials[:60]
    assert http("GET", "/v1/calls", auth=good).status == 200


def test_a_token_may_be_used_again_and_two_may_have_one_jti(http: Any) -> None:
    """Clients that make a token themselves keep it for as long as it lives."""
    good = token(http)
    assert [http("GET", "/v1/calls", auth=good).status for _ in range(3)] == [200] * 3
    now = http.world.clock.wall() // 1_000_000
    application = http.world.provisioned.application.application_id
    for _ in range(2):
        claims = {"application_id": application, "iat": now, "jti": "the same"}
        again = pyjwt.encode(claims, key_pair().private_key, algorithm="RS256")
        assert http("GET", "/v1/calls", auth=f"Bearer {again}").status == 200


def test_spellings_of_the_scheme(http: Any) -> None:
    good = token(http).removeprefix("Bearer ")
    for scheme in ("Bearer ", "bearer ", "BEARER ", "Bearer   "):
        assert http("GET", "/v1/calls", auth=scheme + good).status == 200
    for wrong in (good, f"JWT {good}", f'Bearer "{good}"', f"Bearer {good} x", f"Bearer {good}, Basic x"):
        answer = http("GET", "/v1/calls", auth=wrong)
        assert (answer.status, answer.json) == (401, UNAUTHORISED)
    assert http("GET", f"/v1/calls?access_token={good}", auth="").status == 401


def test_a_token_of_a_user_places_and_reads_calls_of_its_application(http: Any) -> None:
    """`sub` makes it a user's; what needs a token without is in the specification of users."""
    users = token(http, subject="jamie")
    body = {"to": [{"type": "phone", "number": "31201234567"}], "from": "15550100001", "ncco": []}
    made = http("POST", "/v1/calls", body, auth=users)
    assert made.status == 201
    assert http("GET", f"/v1/calls/{made.json['uuid']}", auth=token(http)).status == 200


def test_a_new_key_ends_the_tokens_of_the_old_one_at_once(client_of: Any) -> None:
    with World(seed=11) as world:
        http, own = client_of(world), world.provisioned.application
        good = token(http)
        assert http("GET", "/v1/calls", auth=good).status == 200
        pair = make_pair()
        changed = {"name": own.name, "keys": {"public_key": pair.public_key}}
        assert http("PUT", f"/v2/applications/{own.application_id}", changed).status == 200
        answer = http("GET", "/v1/calls", auth=good)
        assert (answer.status, answer.json) == (401, UNAUTHORISED), "its signature was known to be right"
        made = jwt.make_token(pair.private_key, own.application_id, wall=world.clock.wall(), ids=world.ids)
        assert http("GET", "/v1/calls", auth=f"Bearer {made}").status == 200


def test_an_acl_opens_only_its_paths(http: Any) -> None:
    acl = {"paths": {"/*/calls/**": {"methods": ["GET"]}, "/v1/calls": {"methods": ["GET"]}}}
    narrow = token(http, acl=acl)
    assert http("GET", "/v1/calls", auth=narrow).status == 200
    assert http("GET", "/v1/calls/", auth=narrow).status == 200
    answer = http("POST", "/v1/calls", {}, auth=narrow)
    assert (answer.status, answer.json["type"], answer.json["error_title"]) == (
        403,
        "FORBIDDEN",
        "Forbidden",
    )
    assert http("GET", "/v1/files/x", auth=narrow).status == 403


def test_the_host_header_does_not_move_a_request_inside_the_acl(http: Any) -> None:
    narrow = token(http, acl={"paths": {"/open/**": {}}})
    own = http.world.web._apps["platform.test"]

    async def bent(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
        await own({**scope, "headers": [*headers, (b"host", scope["bend"])]}, receive, send)

    for host in (b"x/open/a?", b"[", b"x/v1/calls#", b""):

        async def app(scope: Any, receive: Any, send: Any, host: bytes = host) -> None:
            await bent({**scope, "bend": host}, receive, send)

        http.world.web.mount("platform.test", app)
        try:
            assert http("GET", "/v1/calls", auth=narrow).status == 403
            assert http("GET", "/v1/calls").status == 200
        finally:
            http.world.web.mount("platform.test", own)


def test_both_secrets_of_an_account_work(http: Any) -> None:
    account = http.world.provisioned.account.account_id
    second = ApiSecret("second", account, hash_secret("Second:Secret2"), 1)
    http.world.database.transact(lambda rows: accounts.add_secret(rows, second))
    for secret in (API_SECRET, "Second:Secret2", "Second:Secret2"):
        assert http("GET", "/v2/applications", auth=basic(API_KEY, secret)).status == 200


def test_wrong_secrets_get_a_problem(http: Any) -> None:
    wrong = [
        "",
        "Basic",
        "Basic ???",
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        basic(API_KEY, "wrong"),
        basic(API_KEY, ""),
        basic("nobody", API_SECRET),
        basic("", ""),
        basic("a\x00b", "x"),
        http.bearer,
    ]
    for credentials in wrong:
        answer = http("GET", "/v2/applications", auth=credentials)
        problem = answer.json
        assert (answer.status, len(problem.pop("instance"))) == (401, 32), credentials
        assert problem == {
            "type": "https://developer.vonage.com/api-errors#unauthorized",
            "title": "Invalid credentials supplied",
            "detail": "You did not provide correct credentials.",
        }


def test_no_secret_reaches_the_log(http: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    good = token(http)
    for credentials in (good, good[:-6] + "AAAAAA", token(http, acl={"paths": {}})):
        http("GET", "/v1/calls", auth=credentials)
    for credentials in (basic(API_KEY, API_SECRET), basic(API_KEY, "WrongSecret9")):
        http("GET", "/v2/applications", auth=credentials)
        http("POST", "/v2/applications", {"name": ""}, auth=credentials)
    http("GET", "/v1/calls/x%0d%0aForged:%20line", auth="")
    assert "refused" in caplog.text, "the reason is told to the operator"
    signature = good.rpartition(".")[2]
    encoded = basic(API_KEY, API_SECRET)[6:]
    for hidden in (signature[:-6], encoded, API_SECRET, "WrongSecret9", "\nForged", "PRIVATE KEY"):
        assert hidden not in caplog.text
