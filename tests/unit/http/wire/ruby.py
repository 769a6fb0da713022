"""The Ruby SDK: pages by counting on, without the filters; recordings by the end of their address."""

from urllib.parse import urlencode

from tests.unit.http.wire.library import Json, Library, query


def create(to: str, caller: str | None, options: Json) -> Json:
    body: Json = {"to": [{"type": "phone", "number": to}], **options}
    return body | ({"random_from_number": True} if caller is None else {"from": _phone(caller)})


def _phone(number: str) -> Json:
    return {"type": "phone", "number": number}


def call(body: Json) -> None:
    """Members become methods of an object: names must be words, and nothing else is looked at."""
    assert all(name.lstrip("_").replace("-", "_").isidentifier() for name in body)


def following(body: Json, asked: str) -> str | None:
    """What is left is counted from the total; later pages are asked for by size and index alone."""
    size, index = body["page_size"], body["record_index"]
    if body["count"] - (index + size) <= 0:
        return None
    return "/v1/calls?" + urlencode({"page_size": size, "record_index": index + size})


def error(status: int, body: Json) -> str:
    """The first of several members; else the title with what belongs to it."""
    for name in ("error_title", "error-code-label", "description", "message"):
        if name in body:
            return f"{status} {body[name]}"
    return f"{status} {body['title']}: {body['detail']} ({body['type']})"


def recording(url: str) -> str:
    return "/v1/files/" + url.rpartition("/")[2]


RUBY = Library(
    name="ruby",
    headers={
        "accept": "*/*",
        "accept-encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "content-type": "application/json",
        "user-agent": "vonage-ruby/7.29.1 ruby/3.2.2",
    },
    create=create,
    filters=query,
    following=following,
    call=call,
    error=error,
    recording=recording,
    talk={"language": "en-GB", "style": 0, "loop": 1},
    stream={"loop": 1, "level": "0.0"},
)
