"""The status that a parsed request owes, or none (RFC 3261 §8.2, RFC 4475).

The checks stand in the order in which RFC 3261 §8.2 makes them. Nothing here knows dialogs or
transactions: 481, 482 and 491 are theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from offhook.core.errors import RemoteProtocolError
from offhook.sip import headers
from offhook.sip.message import Request, Response
from offhook.sip.uri import MAX_URI, Uri

KNOWN_METHODS = frozenset(
    (
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    )
)
"""Methods of the IANA registry: one of these that we do not serve is 405, any other is 501."""
NEVER_REFUSED_HOPS = frozenset(("ACK", "CANCEL", "OPTIONS"))
DESCRIBED = frozenset(("INVITE", "UPDATE"))
"""Methods whose body must be one that we can read."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final response to send. An ACK is never answered: drop it instead."""

    status: int
    reason: str
    """The reason phrase: a short sentence on what is wrong."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the element serves."""

    methods: tuple[str, ...] = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS")
    extensions: tuple[str, ...] = ()
    """Option tags that a Require may name."""
    content_types: tuple[str, ...] = ("application/sdp",)
    schemes: tuple[str, ...] = ("sip", "sips", "tel")


BASIC = Abilities()


def validate(request: Request, abilities: Abilities = BASIC) -> Refusal | None:
    """The refusal that `request` has earned, None when it may be processed."""
    try:
        for check in _CHECKS:
            refusal = check(request, abilities)
            if refusal is not None:
                return refusal
    except RemoteProtocolError as error:
        return Refusal(error.status or 400, str(error))
    return None


def validate_response(response: Response) -> bool:
    """Whether a response can be matched and used; one that cannot is dropped (RFC 3261 §8.1.3.3)."""
    if response.defect is not None or response.version.upper() != "SIP/2.0":
        return False
    try:
        headers.from_(response)
        headers.to(response)
        headers.call_id(response)
        headers.cseq(response)
        length = headers.content_length(response)
        found = headers.vias(response)
    except RemoteProtocolError:
        return False
    return len(found) == 1 and (length is None or length == len(response.body))


def _syntax(request: Request, _: Abilities) -> Refusal | None:
    if request.defect is not None:
        return Refusal(request.defect.status, request.defect.problem)
    if request.version.upper() != "SIP/2.0":
        return Refusal(505, "Version Not Supported")
    return None


def _mandatory(request: Request, _: Abilities) -> Refusal | None:
    if not headers.vias(request):
        return Refusal(400, "Via is missing")
    headers.from_(request)
    headers.to(request)
    headers.call_id(request)
    if headers.cseq(request).method != request.method:
        return Refusal(400, "CSeq names another method than the request line")
    headers.max_forwards(request)
    headers.contacts(request)
    headers.routes(request)
    headers.record_routes(request)
    _check_date(request)
    return None


def _length(request: Request, _: Abilities) -> Refusal | None:
    length = headers.content_length(request)
    if length is not None and length > len(request.body):
        return Refusal(400, "the body is shorter than Content-Length")
    return None


def _method(request: Request, abilities: Abilities) -> Refusal | None:
    if request.method in abilities.methods:
        return None
    status = 405 if request.method in KNOWN_METHODS else 501
    allow = ("Allow", ", ".join(abilities.methods))
    return Refusal(status, "Method Not Allowed" if status == 405 else "Not Implemented", (allow,))


def _target(request: Request, abilities: Abilities) -> Refusal | None:
    if len(request.uri) > MAX_URI:
        return Refusal(414, "Request-URI Too Long")
    if Uri.parse(request.uri).scheme not in abilities.schemes:
        return Refusal(416, "Unsupported URI Scheme")
    return None


def _hops(request: Request, _: Abilities) -> Refusal | None:
    # We stand between two calls, so a request that may go no further ends here (RFC 7332 §3).
    in_dialog = headers.to(request).tag is not None
    if headers.max_forwards(request) == 0 and not in_dialog and request.method not in NEVER_REFUSED_HOPS:
        return Refusal(483, "Too Many Hops")
    return None


def _extensions(request: Request, abilities: Abilities) -> Refusal | None:
    if request.method in ("ACK", "CANCEL"):
        return None
    known = {tag.lower() for tag in abilities.extensions}
    unknown = [tag for tag in headers.option_tags(request, "Require") if tag.lower() not in known]
    if unknown:
        return Refusal(420, "Bad Extension", (("Unsupported", ", ".join(unknown)),))
    return None


def _content(request: Request, abilities: Abilities) -> Refusal | None:
    if not request.body or request.method not in DESCRIBED or headers.content_handling_optional(request):
        return None
    kind = headers.content_type(request)
    if kind is None:
        return Refusal(400, "Content-Type is missing")
    if kind not in abilities.content_types:
        return Refusal(415, "Unsupported Media Type", (("Accept", ", ".join(abilities.content_types)),))
    encodings = headers.option_tags(request, "Content-Encoding")
    if any(encoding.lower() != "identity" for encoding in encodings):
        return Refusal(415, "Unsupported Content-Encoding", (("Accept-Encoding", "identity"),))
    return None


def _check_date(request: Request) -> None:
    date = request.headers.get("date")
    if date is not None and not date.endswith("GMT"):
        raise RemoteProtocolError("Date must be in GMT", 400)


_CHECKS: tuple[Callable[[Request, Abilities], Refusal | None], ...] = (
    _syntax,
    _mandatory,
    _length,
    _method,
    _target,
    _hops,
    _extensions,
    _content,
)
