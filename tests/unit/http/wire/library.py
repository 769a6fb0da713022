"""What a client library does on the wire: how it writes requests, and how it reads answers.

A `Library` is written after the sources of one official SDK. Its readers fail where that SDK would fail or
give its program something wrong, so an answer that passes here is one that the SDK understands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

Json = dict[str, Any]
STATUSES = {"started", "ringing", "answered", "machine", "completed"} | {
    "busy",
    "cancelled",
    "failed",
    "rejected",
    "timeout",
    "unanswered",
}
"""What enumerations of statuses have in common."""


@dataclass(frozen=True)
class Library:
    name: str
    headers: Mapping[str, str]
    """Of requests with a body."""
    create: Callable[[str, str | None, Json], Json]
    """Number to call, number that calls (None: any) and further options → the body of a create."""
    filters: Callable[[Json], str]
    """Options of a listing → the query."""
    following: Callable[[Json, str], str | None]
    """A page that was read and the query it was asked with → path and query of the next one."""
    call: Callable[[Json], Any]
    """Reads one call; fails for what the library cannot read."""
    error: Callable[[int, Json], str]
    """The message of the exception for an answer."""
    recording: Callable[[str], str]
    """The address in a webhook → the path that is asked for."""
    talk: Json = field(default_factory=dict)
    """Members that go with `text`."""
    stream: Json = field(default_factory=dict)
    """Members that go with `stream_url`."""
    subscription: str = "event_url"
    """What `input/dtmf` calls its address."""


def page(body: Json) -> list[Json]:
    """The members that every library takes out of a page."""
    for name in ("count", "page_size", "record_index"):
        assert type(body[name]) is int, name
    calls = body["_embedded"]["calls"]
    assert isinstance(calls, list)
    return calls


def endpoint(value: Any, known: set[str]) -> None:
    """An object whose `type` the library has a class for."""
    assert isinstance(value, dict)
    assert value["type"] in known
    assert all(isinstance(each, str | dict) for each in value.values())


def next_link(body: Json, query: str) -> str | None:
    """Follows the link as it stands."""
    link = body["_links"].get("next")
    if link is None:
        return None
    parts = urlsplit(link["href"])
    assert parts.scheme
    assert parts.netloc
    return f"{parts.path}?{parts.query}"


def query(options: Json) -> str:
    return urlencode(options)
