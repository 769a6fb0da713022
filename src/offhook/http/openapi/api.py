"""One API of the surface: its routes and how its document introduces it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter

Requirement = dict[str, list[str]]
"""Security schemes that go together, by name; a list of these is an alternative. OpenAPI 3.1 §4.8.30."""


@dataclass(frozen=True, slots=True, eq=False)
class Api:
    """A line of `http/apis.py`. It is equal to itself alone, so that its document is made once."""

    name: str
    """Of its document: `/openapi/{name}.json`."""
    router: APIRouter
    title: str
    about: str
    """What it is for, in Markdown."""
    security: tuple[str, ...] = ()
    """Names of `security.SCHEMES`, any one of which opens it; none: it is open."""
    otherwise: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same for single operations by name; "" is no credentials at all."""


def requirements(names: Sequence[str]) -> list[Requirement]:
    """What a document says of these credentials; `api_key+api_secret` are needed together."""
    return [{each: [] for each in name.split("+") if each} for name in names]


def named(apis: Sequence[Api], name: str) -> Api | None:
    """The API with this document."""
    return next((api for api in apis if api.name == name), None)
