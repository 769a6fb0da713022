"""The bodies of webhooks, key by key in the order that goes on the wire.

The order and the irregularities (`call_uuid`, strings for numbers, times with and without milliseconds) are
what programs and client libraries were written against; docs/specs/webhooks.md lists them with their names
Q1–Q12. A leg is given as its row. Times are UTC microseconds.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from offhook.core import e164
from offhook.core.clock import iso_milliseconds, iso_seconds, iso_whole_seconds
from offhook.storage.records import Leg, Recording
from offhook.webhooks.encode import clean

Json = Any
Body = dict[str, Json]

WITH_CAUSE = frozenset({"busy", "unanswered", "rejected", "failed"})
"""Statuses whose event may carry `detail` and `sip_code`."""
VERDICTS = frozenset({"human", "machine"})
_PARTY_KEYS = {"phone": "number", "sip": "uri", "websocket": "uri", "app": "user", "vbc": "extension"}
_MONEY_DIGITS = 8


def party(endpoint: Mapping[str, Json]) -> str:
    """What `from` and `to` show of an endpoint: its number, address, user or extension."""
    key = _PARTY_KEYS.get(str(endpoint.get("type")), "number")
    return clean(str(endpoint.get(key) or ""))


def money(amount: int) -> str:
    """10⁻⁸ of a currency as a string of 8 decimals: `0.00052500`."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), 10**_MONEY_DIGITS)
    return f"{sign}{whole}.{part:0{_MONEY_DIGITS}d}"


def network_label(leg: Leg) -> str:
    """The carrier in webhooks (Q6; REST shows another code): `NL-FIXED` when nothing better is known."""
    if leg.network:
        return leg.network
    far = party(leg.from_ if leg.direction == "inbound" else leg.to)
    country = e164.country_of(far) if e164.is_e164(far) else None
    return f"{country}-FIXED" if country else "UNKNOWN"


# --- answer ---------------------------------------------------------------------------------------------


def answer(
    leg: Leg,
    *,
    sip_headers: Iterable[tuple[str, str]] = (),
    custom_data: Json = None,
    region_url: str | None = None,
    extra: bool = False,
) -> Body:
    """The parameters of an answer webhook.

    `extra` adds `endpoint_type` and `region_url`, which one client library does not expect and then fails to
    recognise the request. A caller that is an app user is `from_user` (Q8).
    """
    body: Body = {"to": party(leg.to)}
    body["from_user" if leg.from_.get("type") == "app" else "from"] = party(leg.from_)
    body["conversation_uuid"] = leg.conversation_id
    body["uuid"] = leg.leg_id
    if extra:
        side = leg.from_ if leg.direction == "inbound" else leg.to
        body["endpoint_type"] = str(side.get("type", "phone"))
        if region_url:
            body["region_url"] = region_url
    if custom_data is not None:
        body["custom_data"] = custom_data
    body.update(sip_header_params(sip_headers))
    return body


def sip_header_params(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """`SipHeader_<name>` for the X- headers and User-to-User of an INVITE (Q9).

    Names keep their spelling; a header that came twice has its values joined. `X-Nexmo…` and `X-Vonage…` are
    the platform's own and stay inside.
    """
    found: dict[str, tuple[str, list[str]]] = {}
    for name, value in headers:
        lowered = name.lower()
        own = lowered.startswith(("x-nexmo", "x-vonage"))
        if own or not (lowered.startswith("x-") or lowered == "user-to-user"):
            continue
        shown = "User-to-User" if lowered == "user-to-user" else clean(name)
        found.setdefault(lowered, (shown, []))[1].append(clean(value))
    return {f"SipHeader_{name}": ", ".join(values) for name, values in found.values()}


def fallback(original: Mapping[str, Json], *, reason: str, url: str, kind: str) -> Body:
    """The request to the fallback URL: the same data, why, and what it replaces (Q11: answer, event)."""
    return {**original, "reason": reason, "original_request": {"url": url, "type": kind}}


# --- status ---------------------------------------------------------------------------------------------


def status(
    leg: Leg,
    wall: int,
    *,
    status: str | None = None,
    headers: Mapping[str, str] | None = None,
    sub_state: str | None = None,
) -> Body:
    """The event for a status of a leg; `status` None means the one in the row.

    `headers` are those of a SIP or WebSocket endpoint. `sub_state` belongs to `machine`: `beep_start` or
    `beep_timeout`.
    """
    name = status or leg.status
    endpoint_headers = {clean(key): clean(value) for key, value in (headers or {}).items()}
    if name == "answered":
        return _answered(leg, wall, endpoint_headers)
    if name == "completed":
        return _completed(leg, wall, endpoint_headers)
    if name == "disconnected":
        return _disconnected(leg, wall, endpoint_headers)
    if name in VERDICTS:
        return _verdict(leg, wall, name, sub_state)
    body: Body = {"headers": endpoint_headers, **_who(leg), "status": name}
    if name in WITH_CAUSE:
        body.update(_cause(leg, detail=name != "busy"))
    return {**body, "direction": leg.direction, "timestamp": iso_milliseconds(wall)}


def placed(leg: Leg, client_ref: str, wall: int) -> Body:
    """`started` of a call that was asked for by the second version of the API, whose answer has no ids."""
    body: Body = {**_who(leg), "client_ref": client_ref, "status": "started", "direction": leg.direction}
    return {**body, "timestamp": iso_milliseconds(wall)}


def _answered(leg: Leg, wall: int, headers: Body) -> Body:
    return {
        "start_time": None,
        "headers": headers,
        "rate": None,
        **_who(leg),
        "status": "answered",
        "direction": leg.direction,
        "network": None,
        "timestamp": iso_milliseconds(wall),
    }


def _completed(leg: Leg, wall: int, headers: Body) -> Body:
    """Numbers are strings (Q5). A leg that was never answered has no start and cost nothing."""
    ended = leg.ended_at if leg.ended_at is not None else wall
    seconds = 0 if leg.started_at is None else max(0, ended // 1_000_000 - leg.started_at // 1_000_000)
    body: Body = {
        "headers": headers,
        "end_time": iso_whole_seconds(ended),
        "uuid": leg.leg_id,
        "network": network_label(leg),
        "duration": str(seconds),
        "start_time": None if leg.started_at is None else iso_whole_seconds(leg.started_at),
        "rate": money(leg.rate),
        "price": money(leg.price),
        "from": party(leg.from_),
        "to": party(leg.to),
        "conversation_uuid": leg.conversation_id,
        "status": "completed",
    }
    if leg.disconnected_by is not None:
        body["disconnected_by"] = leg.disconnected_by
    body.update(_cause(leg, detail=False))
    return {**body, "direction": leg.direction, "timestamp": iso_milliseconds(wall)}


def _disconnected(leg: Leg, wall: int, headers: Body) -> Body:
    body = {**_who(leg), "status": "disconnected", "direction": leg.direction}
    return {**body, "timestamp": iso_milliseconds(wall), "headers": headers}


def _verdict(leg: Leg, wall: int, name: str, sub_state: str | None) -> Body:
    """Machine detection is the one event that says `call_uuid` (Q1)."""
    body: Body = {"call_uuid": leg.leg_id, "from": party(leg.from_), "to": party(leg.to), "status": name}
    if sub_state is not None:
        body["sub_state"] = sub_state
    return {**body, "conversation_uuid": leg.conversation_id, "timestamp": iso_milliseconds(wall)}


def _who(leg: Leg) -> Body:
    return {
        "from": party(leg.from_),
        "to": party(leg.to),
        "uuid": leg.leg_id,
        "conversation_uuid": leg.conversation_id,
    }


def _cause(leg: Leg, *, detail: bool) -> Body:
    body: Body = {}
    if detail and leg.detail is not None:
        body["detail"] = leg.detail
    if leg.sip_code is not None:
        body["sip_code"] = leg.sip_code
    return body


# --- what actions produce -------------------------------------------------------------------------------


def input_result(leg: Leg, result: Mapping[str, Json], wall: int) -> Body:
    """`input`: the keys of the result first, in their order (Q7: `speech` and `dtmf`, or the older form)."""
    return {**result, **_who(leg), "timestamp": iso_milliseconds(wall)}


def notify(payload: Json, conversation_id: str, wall: int) -> Body:
    """`notify` carries no leg (Q3)."""
    return {"payload": payload, "conversation_uuid": conversation_id, "timestamp": iso_milliseconds(wall)}


def record(recording: Recording, url: str, wall: int) -> Body:
    """`record`: no leg, no status, times without milliseconds (Q3, Q4); `size` is a number (Q5)."""
    ended = recording.ended_at if recording.ended_at is not None else wall
    return {
        "start_time": iso_seconds(recording.started_at),
        "recording_url": url,
        "size": recording.size or 0,
        "recording_uuid": recording.recording_id,
        "end_time": iso_seconds(ended),
        "conversation_uuid": recording.conversation_id,
        "timestamp": iso_milliseconds(wall),
    }


def transfer(leg_id: str, origin: str, target: str, wall: int) -> Body:
    """A leg went from one conversation to another (Q2)."""
    return {
        "conversation_uuid_from": origin,
        "type": "transfer",
        "uuid": leg_id,
        "conversation_uuid_to": target,
        "timestamp": iso_milliseconds(wall),
    }


def error(reason: str, conversation_id: str, wall: int, details: Mapping[str, Json] | None = None) -> Body:
    """Something of a call did not work. Extra details come last; none may be called `status`."""
    body: Body = {"reason": reason, "conversation_uuid": conversation_id, "timestamp": iso_milliseconds(wall)}
    return {**body, **{k: v for k, v in (details or {}).items() if k != "status" and k not in body}}
