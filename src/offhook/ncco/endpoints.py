"""The endpoint of a connect: whom to call. Types that cannot be called are refused with a sentence.

The words that reach a SIP message (URI, header names and values) are checked here for form, so that no
application can put a line of its own into one (RFC 3261 §25.1).
"""

import re

from offhook.core import passport
from offhook.ncco.addresses import one_url, phone_number, required
from offhook.ncco.effects import Endpoint, PhoneEndpoint, SipEndpoint
from offhook.ncco.fields import Fields, shown

TYPES = ("phone", "sip")
NOT_YET = ("app", "websocket", "vbc")
_DTMF = re.compile(r"[0-9*#p]{1,100}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+", re.ASCII)
_SIP_URI = re.compile(r"sips?:([^\s@<>\"]+@)?[^\s@<>\",;?]+([;?][^\s@<>\"]*)?", re.IGNORECASE | re.ASCII)
_USER = re.compile(r"[^\s@<>\",;?:/]+")


def read_endpoint(fields: Fields) -> Endpoint | None:
    """The one endpoint of a connect's `endpoint` array."""
    required(fields, "endpoint", "an array with one endpoint in it")
    path, value = fields.find("endpoint")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 1:
        what = f"{len(value)} of them" if isinstance(value, list) else shown(value)
        fields.findings.error(path, f"must be an array with exactly one endpoint in it, not {what}")
        return None
    if not isinstance(value[0], dict):
        fields.findings.error(f"{path}[0]", f"must be an object in curly brackets, not {shown(value[0])}")
        return None
    one = Fields(value[0], f"{path}[0]", fields.findings, fields.limits)
    endpoint = _read_type(one)
    if endpoint is not None:
        one.note_unknown()
    return endpoint


def _read_type(fields: Fields) -> Endpoint | None:
    path, value = fields.find("type")
    match value:
        case "phone":
            return _phone(fields)
        case "sip":
            return _sip(fields)
        case str() if value in NOT_YET:
            message = f"the endpoint type {value} is not supported by this version of the server"
        case None:
            message = f"is missing; give {' or '.join(TYPES)}"
        case _:
            message = f"must be {' or '.join(TYPES)}, not {shown(value)}"
    fields.findings.error(path, message)
    return None


def _phone(fields: Fields) -> PhoneEndpoint:
    required(fields, "number", "the number to call, digits with the country code")
    on_answer = fields.child("onAnswer")
    url, ringback = (None, None) if on_answer is None else _on_answer(on_answer)
    return PhoneEndpoint(
        number=phone_number(fields, "number") or "",
        dtmf_answer=_dtmf_answer(fields),
        on_answer_url=url,
        ringback_url=ringback,
        shaken=_signed(fields),
    )


def _signed(fields: Fields) -> str | None:
    """The content of an Identity header, whose structure is checked as in REST."""
    value = fields.string("shaken")
    problem = None if value is None else passport.problem(value)
    if problem is None:
        return value
    fields.error("shaken", problem)
    return None


def _on_answer(fields: Fields) -> tuple[str | None, str | None]:
    required(fields, "url", "the URL of the NCCO for the called party")
    url = one_url(fields, "url", either=True)
    ringback = one_url(fields, "ringbackTone", "ringback", either=True)
    fields.note_unknown()
    return url, ringback


def _dtmf_answer(fields: Fields) -> str | None:
    path, value = fields.find("dtmfAnswer")
    if value is None:
        return None
    digits = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(digits, str) and _DTMF.fullmatch(digits):
        return digits
    fields.findings.error(
        path, f"must be up to 100 of the keys 0 to 9, *, # and p for a pause, not {shown(value)}"
    )
    return None


def _sip(fields: Fields) -> SipEndpoint:
    uri, user, domain = _sip_uri(fields), _sip_user(fields), _sip_domain(fields)
    if fields.has("uri") and (fields.has("user") or fields.has("domain")):
        fields.error("uri", "cannot stand next to user and domain; give one or the other")
    elif not fields.has("uri") and not (fields.has("user") and fields.has("domain")):
        fields.error("uri", "is missing; give a sip: URI, or user and domain")
    on_answer = fields.child("onAnswer")
    url, ringback = (None, None) if on_answer is None else _on_answer(on_answer)
    return SipEndpoint(
        uri=uri,
        user=user,
        domain=domain,
        headers=_headers(fields),
        user_to_user=_user_to_user(fields),
        on_answer_url=url,
        ringback_url=ringback,
    )


def _sip_uri(fields: Fields) -> str | None:
    value = fields.string("uri")
    if value is None:
        return None
    if len(value) <= fields.limits.sip_uri and value.isprintable() and _SIP_URI.fullmatch(value):
        return value
    fields.error(
        "uri",
        f"must be a sip: or sips: URI of at most {fields.limits.sip_uri} characters, not {shown(value)}",
    )
    return None


def _sip_user(fields: Fields) -> str | None:
    value = fields.string("user")
    if value is None or (_USER.fullmatch(value) and value.isprintable() and len(value) <= 256):
        return value
    fields.error("user", f"must be the part of a SIP address before the @, not {shown(value)}")
    return None


def _sip_domain(fields: Fields) -> str | None:
    value = fields.string("domain")
    if value is None or (_TOKEN.fullmatch(value) and len(value) <= 253):
        return value
    fields.error("domain", f"must be the name of a domain or trunk, not {shown(value)}")
    return None


def _headers(fields: Fields) -> tuple[tuple[str, str], ...]:
    given = fields.mapping("headers") or {}
    path = fields.find("headers")[0]
    limits = fields.limits
    if len(given) > limits.sip_headers:
        fields.findings.error(path, f"has {len(given)} headers; at most {limits.sip_headers} are sent")
        return ()
    headers = []
    for name, value in given.items():
        text = _header_text(value)
        if _TOKEN.fullmatch(name) is None or len(name) > limits.sip_header_name:
            fields.findings.error(path, f"{shown(name)} cannot be a header name; use letters, digits and -")
        elif text is None or not text.isprintable() or len(text) > limits.sip_header_value:
            fields.findings.error(
                f"{path}.{name}", f"must be one line of at most {limits.sip_header_value} characters"
            )
        else:
            headers.append((name, text))
    return tuple(headers)


def _header_text(value: object) -> str | None:
    if isinstance(value, (bool, int, float)):
        return shown(value)
    return value if isinstance(value, str) else None


def _user_to_user(fields: Fields) -> str | None:
    standard = fields.child("standardHeaders")
    if standard is None:
        return None
    value = _printable(standard, "User-to-User", fields.limits.user_to_user)
    if value is None:
        value = _printable(standard, "userToUser", fields.limits.user_to_user)
    standard.note_unknown()
    return value


def _printable(fields: Fields, name: str, longest: int) -> str | None:
    value = fields.string(name)
    if value is None or (value.isprintable() and 0 < len(value) <= longest):
        return value
    fields.error(name, f"must be one line of 1 to {longest} characters")
    return None
