"""The Java SDK: Jackson writes only what is set; enumerations, integers, dates and URIs are read strictly."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.unit.http.wire.library import STATUSES, Json, Library, endpoint, query

KNOWN = {"phone", "sip", "websocket", "vbc", "app"}


def create(to: str, caller: str | None, options: Json) -> Json:
    """`answer_method` goes with an `answer_url` only; without a caller any number will do."""
    body: Json = {"to": [{"type": "phone", "number": to}]}
    if caller is None:
        body["random_from_number"] = True
    else:
        body["from"] = {"type": "phone", "number": caller}
    if "answer_url" in options:
        body["answer_method"] = "GET"
    return body | options


def call(body: Json) -> None:
    assert body["status"] in STATUSES
    assert body["direction"] in ("inbound", "outbound")
    for side in ("to", "from"):
        endpoint(body[side], KNOWN)
    for name in ("uuid", "conversation_uuid"):
        assert isinstance(body[name], str)
    for name in ("price", "rate", "network"):
        assert isinstance(body.get(name, ""), str)
    if "duration" in body:
        int(body["duration"])
    for name in ("start_time", "end_time"):
        if name in body:
            assert body[name].endswith("Z"), "an instant"
            datetime.fromisoformat(body[name].replace("Z", "+00:00"))


def following(body: Json, asked: str) -> str | None:
    """A program asks for the next index itself; every link is an object with an address."""
    for link in body["_links"].values():
        assert urlsplit(link["href"]).path == "/v1/calls"
    after = body["record_index"] + body["page_size"]
    if after >= body["count"]:
        return None
    return "/v1/calls?" + urlencode({"page_size": body["page_size"], "record_index": after})


def error(status: int, body: Json) -> str:
    """One class for all errors: `type` is read as a URI, the wrong fields as a list."""
    kind: Any = body.get("type", "")
    assert not any(character.isspace() for character in str(kind))
    urlsplit(str(kind))
    wrong = body.get("invalid_parameters", [])
    assert isinstance(wrong, list)
    for each in wrong:
        assert {"name", "reason"} <= each.keys()
    told = [body.get("title") or body.get("error_title") or "", body.get("detail") or ""]
    return " ".join([f"{status} ({kind})", *told, *(each["name"] for each in wrong)])


def recording(url: str) -> str:
    """Refuses an address without the marker; else asks for it as it stands."""
    assert ".nexmo.com/" in url or ".vonage.com/" in url
    return urlsplit(url).path


JAVA = Library(
    name="java",
    headers={
        "accept": "application/json",
        "content-type": "application/json; charset=UTF-8",
        "user-agent": "vonage-java-sdk/9.3.1 java/17",
    },
    create=create,
    filters=query,
    following=following,
    call=call,
    error=error,
    recording=recording,
    talk={"language": "en-GB", "style": 0, "premium": False, "loop": 1, "level": 0.0},
    stream={"loop": 1, "level": 0.0},
)
