"""S37: signatures, verified with PyJWT and hashlib. The fixture checks every other scenario as well."""

import hashlib
import json

import jwt
import pytest

from offhook.simulator.app_server import Webhook
from offhook.testing.provision import API_KEY, SIGNATURE_SECRET
from offhook.testing.world import World

A = "15550100777"
DOCUMENT = [
    {
        "action": "notify",
        "payload": {"name": "Zoë & Söhne", "n": [1, None]},
        "eventUrl": ["http://app.test/n?a=1"],
    },
    {
        "action": "notify",
        "payload": {"name": "Zoë & Söhne"},
        "eventUrl": ["http://app.test/get?site=4"],
        "eventMethod": "GET",
    },
    {"action": "talk", "text": "Signed."},
]


def claims(webhook: Webhook, secret: bytes = SIGNATURE_SECRET) -> dict[str, object]:
    token = webhook.headers["authorization"].removeprefix("Bearer ")
    # A world's clock is not this machine's.
    return dict(jwt.decode(token, secret, algorithms=["HS256"], options={"verify_iat": False}))


def test_s37_posts_are_signed_over_the_raw_body(world: World) -> None:
    world.application({"/answer": DOCUMENT})
    world.call(A, world.number, "wait-hangup")
    posts = [webhook for webhook in world.app.webhooks if webhook.method == "POST"]
    assert len(posts) == 5
    for webhook in posts:
        told = claims(webhook)
        assert told["payload_hash"] == hashlib.sha256(webhook.body).hexdigest()
        changed = webhook.body[:-2] + b"!" + webhook.body[-1:]
        assert told["payload_hash"] != hashlib.sha256(changed).hexdigest()
        assert told["application_id"] == world.provisioned.application.application_id
        assert (told["iss"], told["api_key"]) == ("Vonage", API_KEY)
        assert abs(int(str(told["iat"])) - 1_767_225_600) <= 5
        assert webhook.headers["content-type"] == "application/json"
        assert int(webhook.headers["content-length"]) == len(webhook.body)
    assert len({claims(webhook)["jti"] for webhook in posts}) == len(posts)


def test_s37_gets_are_signed_over_their_parameters(world: World) -> None:
    world.application({"/answer": DOCUMENT})
    world.call(A, world.number, "wait-hangup")
    answer, notify = world.app.at("/answer") + world.app.at("/get")
    assert [*notify.query] == ["site", "payload", "conversation_uuid", "timestamp"]
    assert notify.query["payload"] == '{"name":"Zoë & Söhne"}'
    for webhook in (answer, notify):
        text = json.dumps(webhook.query, separators=(",", ":"), ensure_ascii=False)
        assert claims(webhook)["payload_hash"] == hashlib.sha256(text.encode()).hexdigest()


def test_s37_another_secret_does_not_verify(world: World) -> None:
    world.application({"/answer": DOCUMENT})
    world.call(A, world.number, "wait-hangup")
    with pytest.raises(jwt.InvalidSignatureError):
        claims(world.app.webhooks[0], b"another secret that is long enough, too")
