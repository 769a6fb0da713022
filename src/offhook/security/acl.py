"""The `acl` claim of a token: which paths and methods it opens. See docs/specs/webhooks.md, "API tokens".

`{"paths": {"/*/calls/**": {"methods": ["GET"]}}}`: `*` is one path segment, `**` any number of them, none
included. No `methods` means every method. Several patterns add up. A path with empty or dot segments, plain
or percent-encoded, is never inside a list: two readers could disagree about where it leads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from offhook.core.errors import Invalid

MAX_PATHS = 200
MAX_SEGMENTS = 40
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Rule:
    segments: tuple[str, ...]
    methods: frozenset[str] | None
    """None: every method."""


@dataclass(frozen=True, slots=True)
class Acl:
    """The rules of one token."""

    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, claim: Any) -> "Acl":
        """Raises Invalid, naming the part of the claim, for any other shape."""
        if not isinstance(claim, Mapping):
            raise Invalid("acl", 'must be an object such as {"paths": {"/**": {}}}')
        paths = claim.get("paths", {})
        if not isinstance(paths, Mapping):
            raise Invalid("acl.paths", "must be an object whose keys are paths")
        if len(paths) > MAX_PATHS:
            raise Invalid("acl.paths", f"has more than {MAX_PATHS} paths")
        return cls(tuple(_rule(pattern, entry) for pattern, entry in paths.items()))

    def allows(self, method: str, path: str) -> bool:
        """Whether a request for `path` (without its query) may be made. HEAD counts as GET."""
        wanted = "GET" if method.upper() == "HEAD" else method.upper()
        rules = [rule for rule in self.rules if rule.methods is None or wanted in rule.methods]
        readings = {path, unquote(path)}
        return all(_is_plain(reading) and _inside(rules, reading) for reading in readings)


def _rule(pattern: Any, entry: Any) -> Rule:
    if not isinstance(pattern, str) or not pattern.startswith("/") or any(c.isspace() for c in pattern):
        raise Invalid("acl.paths", f"{pattern!r} must begin with / and hold no spaces")
    segments = tuple(pattern.strip("/").split("/")) if pattern.strip("/") else ()
    if len(segments) > MAX_SEGMENTS:
        raise Invalid("acl.paths", f"{pattern[:60]}… has more than {MAX_SEGMENTS} segments")
    if entry is None:
        return Rule(segments, None)
    if not isinstance(entry, Mapping):
        raise Invalid(f"acl.paths.{pattern}", "must be an object, {} for every method")
    methods = entry.get("methods")
    if methods is None:
        return Rule(segments, None)
    if not isinstance(methods, list) or not all(isinstance(each, str) for each in methods):
        raise Invalid(f"acl.paths.{pattern}.methods", "must be a list of method names")
    return Rule(segments, frozenset(each.upper() for each in methods))


def _is_plain(path: str) -> bool:
    if not path.startswith("/") or "\\" in path or "\x00" in path:
        return False
    body = path[1:].removesuffix("/")
    return body == "" or all(segment not in ("", ".", "..") for segment in body.split("/"))


def _inside(rules: list[Rule], path: str) -> bool:
    body = path.strip("/")
    segments = tuple(body.split("/")) if body else ()
    return len(segments) <= MAX_SEGMENTS and any(_matches(rule.segments, segments) for rule in rules)


def _matches(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Row by row, so that a pattern of many `**` costs pattern × path and no more."""
    reach = [True] + [False] * len(path)
    for part in pattern:
        if part == "**":
            for index in range(1, len(reach)):
                reach[index] = reach[index] or reach[index - 1]
            continue
        reach = [False] + [reach[index] and part in ("*", segment) for index, segment in enumerate(path)]
    return reach[-1]
