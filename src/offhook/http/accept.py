"""The Accept header: answers are JSON, and a client that leaves JSON out is told so (RFC 9110 §12.5.1)."""

from fastapi import Request

from offhook.http.errors import NotAcceptable

READABLE = frozenset({"*/*", "application/*", "application/json", "application/hal+json"})


async def takes_json(request: Request) -> None:
    """Raises `NotAcceptable` for an Accept header that leaves out JSON. No header admits everything."""
    ranges = [text for line in request.headers.getlist("accept") for text in line.lower().split(",")]
    kinds = {text.partition(";")[0].strip() for text in ranges} - {""}
    if kinds and not kinds & READABLE:
        raise NotAcceptable("Answers are application/json; the Accept header must admit that.")
