"""How a webhook's values become bytes: a JSON body for POST, a query string for GET.

POST is compact JSON in UTF-8. GET has one parameter per top-level key in order; objects, lists, numbers,
booleans and null are their JSON text; `: , /` stay bare and everything else that is not unreserved
(RFC 3986 §2.3) is percent-encoded. A query string that the URL has already is kept in front. Text from the
network may hold half characters that UTF-8 cannot write; they become U+FFFD. See docs/specs/webhooks.md.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

Json = Any

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_BARE = ":,/"
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` as UTF-8 can write it: bytes that were not UTF-8 on the wire become U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def compact(value: Json) -> str:
    """JSON without spaces, keys in their order, non-ASCII characters as themselves."""
    return clean(_encode(value))


def json_body(value: Json) -> bytes:
    """The body of a POST."""
    return compact(value).encode("utf-8")


def parameter(value: Json) -> str:
    """One value of a query: a string as it is, anything else as JSON."""
    return clean(value) if isinstance(value, str) else compact(value)


def query(params: Mapping[str, Json]) -> str:
    """The query string of a GET, without `?`."""
    pairs = ((clean(key), parameter(value)) for key, value in params.items())
    return "&".join(f"{quote(key, safe=_BARE)}={quote(value, safe=_BARE)}" for key, value in pairs)


def with_query(url: str, params: Mapping[str, Json]) -> str:
    """`url` with the parameters after the ones it has; a fragment is dropped."""
    base = url.partition("#")[0]
    added = query(params)
    if not added:
        return base
    if "?" not in base:
        return f"{base}?{added}"
    return base + added if base.endswith(("?", "&")) else f"{base}&{added}"


def signed_query(url: str) -> bytes:
    """What the signature of a GET covers: compact JSON of the URL's query parameters, in their order.

    Every value is the string that the receiver decodes; of a repeated name the last value counts.
    """
    pairs: Iterable[tuple[str, str]] = parse_qsl(
        urlsplit(url).query, keep_blank_values=True, errors="replace", max_num_fields=None
    )
    return json_body(dict(pairs))
