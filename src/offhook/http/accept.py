"""The Accept header: answers are JSON, and a client that leaves JSON out is told so (RFC 9110 §12.5.1).

Of several ranges that fit, the one that says most about JSON counts; its weight 0 leaves JSON out
(§12.4.2). Accept-Charset and Accept-Encoding are not looked at: answers are UTF-8 and never coded.
"""

import re

from fastapi import Request

from offhook.http.errors import NotAcceptable

READABLE = {"application/json": 3, "application/hal+json": 2, "application/*": 1, "*/*": 0, "*": 0}
"""How much each range says about JSON. Older clients of Java write `*`."""
_NOTHING = re.compile(r"0(\.0{0,3})?", re.ASCII)


async def takes_json(request: Request) -> None:
    """Raises `NotAcceptable` for an Accept header that leaves out JSON. No header admits everything."""
    lines = request.headers.getlist("accept")
    if lines and not admits_json(",".join(lines)):
        raise NotAcceptable("Answers are application/json; the Accept header must admit that.")


def admits_json(accept: str) -> bool:
    """Whether an Accept header with this value admits JSON; an empty one does."""
    if accept in READABLE:  # what most clients send
        return True
    said: dict[int, bool] = {}
    named = False
    for text in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in text.split(";"))
        named = named or bool(kind)
        rank = READABLE.get(kind)
        if rank is not None:
            said[rank] = said.get(rank, False) or not any(map(_is_nothing, parameters))
    return said[max(said)] if said else not named


def _is_nothing(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and _NOTHING.fullmatch(value.strip()) is not None
