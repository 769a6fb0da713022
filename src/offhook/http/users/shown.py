"""What the Users API shows: members that are not set are left out, links are absolute."""

from typing import Any

from pydantic import Field

from offhook.http.context import HttpContext
from offhook.http.declared import Link, SelfLink, Shown
from offhook.http.users.refusals import PATH
from offhook.http.users.schemas import Channels, Properties
from offhook.storage import users
from offhook.storage.records import User


class ShownUser(Shown):
    """A user of an application."""

    id: str = Field(examples=["USR-5c6b7a8e-9d10-4f2b-8a3c-4d5e6f708192"])
    name: str
    display_name: str | None = None
    image_url: str | None = None
    properties: Properties
    channels: Channels
    """Ways to reach the user."""
    links: SelfLink = Field(alias="_links")


class ListedUser(Shown):
    """The short form of a user."""

    id: str
    name: str
    display_name: str | None = None
    links: SelfLink = Field(alias="_links")


class EmbeddedUsers(Shown):
    users: list[ListedUser]


class CursorLinks(SelfLink):
    """Ways to other pages; `next` and `prev` are there where such a page is."""

    first: Link
    next: Link | None = None
    prev: Link | None = None


class UserPage(Shown):
    """One page of an application's users."""

    page_size: int
    cursor: str
    """What the request gave; empty for the first page."""
    embedded: EmbeddedUsers = Field(alias="_embedded")
    links: CursorLinks = Field(alias="_links")


def whole(here: HttpContext, user: User) -> dict[str, Any]:
    """A user with everything."""
    return {
        **_head(here, user),
        **({} if user.image_url is None else {"image_url": user.image_url}),
        "properties": {"custom_data": {}, **user.properties},
        "channels": users.channels_of(here.sealer, user),
        "_links": _links(here, user),
    }


def short(here: HttpContext, user: User) -> dict[str, Any]:
    """A user as listings have it."""
    return {**_head(here, user), "_links": _links(here, user)}


def _head(here: HttpContext, user: User) -> dict[str, Any]:
    named = {} if user.display_name is None else {"display_name": user.display_name}
    return {"id": user.user_id, "name": user.name, **named}


def _links(here: HttpContext, user: User) -> dict[str, dict[str, str]]:
    return {"self": {"href": f"{here.public_url}{PATH}/{user.user_id}"}}
