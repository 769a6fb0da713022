"""The PHP SDK: numbers are written as strings, links followed as they stand, errors read by their titles."""

from urllib.parse import urlsplit

from tests.unit.http.wire.library import Json, Library, endpoint, next_link, query

KNOWN = {"phone", "sip", "websocket", "vbc", "app"}


def create(to: str, caller: str | None, options: Json) -> Json:
    body: Json = {"to": [{"type": "phone", "number": to}]}
    if caller is None:
        body["random_from_number"] = True
    else:
        body["from"] = {"type": "phone", "number": caller}
    if "answer_url" in options:
        body["answer_method"] = "POST"
    for name in ("length_timer", "ringing_timer"):
        if name in options:
            body[name] = str(options[name])
    return {**options, **body}


def filters(options: Json) -> str:
    """Size, index and order are always said."""
    return query({"page_size": 10, "record_index": 0, "order": "asc", **options})


def call(body: Json) -> None:
    for name in ("uuid", "conversation_uuid", "status", "direction"):
        assert isinstance(body[name], str)
    for side in ("to", "from"):
        value = body[side][0] if isinstance(body[side], list) else body[side]
        endpoint(value, KNOWN)


def error(status: int, body: Json) -> str:
    """The title with detail and type, where there is a type that is text; other titles override it."""
    message = "Unexpected error"
    if "title" in body:
        message = body["title"]
        if isinstance(body.get("type"), str):
            message = f"{message}: {body['detail']}. See {body['type']} for more information"
    for name in ("error_title", "error-code-label", "description"):
        message = body.get(name, message)
    return f"{status} {message}"


def recording(url: str) -> str:
    return urlsplit(url).path


PHP = Library(
    name="php",
    headers={
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "vonage-php/4.13.0 php/8.2",
    },
    create=create,
    filters=filters,
    following=next_link,
    call=call,
    error=error,
    recording=recording,
    talk={
        "bargeIn": "false",
        "level": "0",
        "loop": "1",
        "premium": "false",
        "language": "en-GB",
        "style": "0",
    },
    stream={"loop": "1", "level": "0"},
    subscription="eventUrl",
)
