"""Users by the official Python SDK: made, read by id and by name, listed page by page, changed, deleted."""

import pytest
from tests.interop.sdk.conftest import BOTH
from tests.interop.sdk.scene import fresh
from tests.real import Stage
from vonage import Vonage
from vonage_http_client.errors import HttpRequestError, NotFoundError
from vonage_users import (
    Channels,
    ListUsersFilter,
    MessengerChannel,
    MmsChannel,
    Properties,
    PstnChannel,
    SipChannel,
    SmsChannel,
    User,
    VbcChannel,
    ViberChannel,
    WebsocketChannel,
    WhatsappChannel,
)

pytestmark = pytest.mark.interop


def full(name: str) -> User:
    """Everything that the SDK's models know."""
    return User(
        name=name,
        display_name="Jan",
        image_url="https://app.example/jan.png",
        properties=Properties(custom_data={"shift": ["early", 2]}),
        channels=Channels(
            sms=[SmsChannel(number="31201234567")],
            mms=[MmsChannel(number="31201234567")],
            whatsapp=[WhatsappChannel(number="31201234567")],
            viber=[ViberChannel(number="31201234567")],
            messenger=[MessengerChannel(id="jan")],
            pstn=[PstnChannel(number=31201234567)],
            sip=[SipChannel(uri="sip:jan@example.com", username="jan", password="S3cret")],
            websocket=[WebsocketChannel(uri="wss://app.example/ws", headers={"a": "b"})],
            vbc=[VbcChannel(extension="403")],
        ),
    )


@BOTH
@pytest.mark.covers("users.create_user", "users.get_user", "users.update_user", "users.delete_user")
def test_users_are_made_read_changed_and_deleted(stage: Stage, vonage: Vonage) -> None:
    api, name = vonage.users, f"jan-{fresh()}"
    made = api.create_user(full(name))
    assert made.id is not None
    assert made.id.startswith("USR-")
    assert made.link is not None
    assert made.link.endswith(f"/v1/users/{made.id}")
    wanted = full(name).model_dump(exclude={"id", "link"})
    assert made.model_dump(exclude={"id", "link"}) == wanted
    assert api.get_user(made.id) == made
    assert api.get_user(name) == made
    with pytest.raises(HttpRequestError) as caught:
        api.create_user(User(name=name))
    assert caught.value.response.status_code in (400, 409)

    after = api.update_user(made.id, User(display_name="Johan", properties=Properties(custom_data={})))
    assert (after.id, after.name, after.display_name) == (made.id, name, "Johan")
    assert after.image_url == made.image_url, "what is not named stays"
    assert after.channels == made.channels
    assert api.get_user(made.id) == after

    nameless = api.create_user()
    assert nameless.name is not None
    assert nameless.name.startswith("NAM-")
    for each in (made, nameless):
        assert each.id is not None
        api.delete_user(each.id)
        with pytest.raises(NotFoundError):
            api.get_user(each.id)
    with pytest.raises(NotFoundError):
        api.get_user(name)


@BOTH
@pytest.mark.covers("users.list_users")
def test_users_are_listed_page_by_page(stage: Stage, vonage: Vonage) -> None:
    api = vonage.users
    made = [api.create_user(User(name=f"one-{fresh()}", display_name=f"{index}")) for index in range(3)]
    found: list[str | None] = []
    cursor: str | None = None
    for _ in range(50):
        page, cursor = api.list_users(ListUsersFilter(page_size=2, cursor=cursor))
        assert 1 <= len(page) <= 2
        found += [each.id for each in page]
        if cursor is None:
            break
    ids = [each.id for each in made]
    assert [each for each in found if each in ids] == ids
    assert len(found) == len(set(found))
    newest, _ = api.list_users(ListUsersFilter(page_size=3, order="DESC"))
    assert [each.id for each in newest] == ids[::-1]
    named, following = api.list_users(ListUsersFilter(name=made[1].name))
    assert ([each.id for each in named], named[0].display_name, following) == ([ids[1]], "1", None)
    assert api.list_users(ListUsersFilter(name="nobody-at-all")) == ([], None)
    for each in ids:
        assert each is not None
        api.delete_user(each)
    assert api.list_users(ListUsersFilter(name=made[1].name)) == ([], None)
