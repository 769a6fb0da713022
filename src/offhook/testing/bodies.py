"""What a webhook must look like: the keys in their order and the types, read from docs/specs/webhooks.md.

Written independently of `webhooks/payloads.py`: a judge must not share the code that it judges.
"""

import re
from typing import Any

from offhook.simulator.app_server import Webhook

MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WHOLE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MONEY = re.compile(r"\d+\.\d{8}")

STATUS = "headers from to uuid conversation_uuid status direction timestamp"
KEYS = {
    "started": STATUS,
    "ringing": STATUS,
    "cancelled": STATUS,
    "timeout": STATUS,
    "busy": "headers from to uuid conversation_uuid status sip_code direction timestamp",
    "answered": "start_time headers rate from to uuid conversation_uuid status direction network timestamp",
    "completed": (
        "headers end_time uuid network duration start_time rate price from to conversation_uuid status "
        "disconnected_by sip_code direction timestamp"
    ),
    "record": "start_time recording_url size recording_uuid end_time conversation_uuid timestamp",
    "notify": "payload conversation_uuid timestamp",
    "transfer": "conversation_uuid_from type uuid conversation_uuid_to timestamp",
}
WITH_DETAIL = "headers from to uuid conversation_uuid status detail sip_code direction timestamp"
KEYS |= dict.fromkeys(("unanswered", "rejected", "failed"), WITH_DETAIL)
PLACED = "from to uuid conversation_uuid client_ref status direction timestamp"
ANSWER = "to from conversation_uuid uuid"
INPUT = "speech dtmf from to uuid conversation_uuid timestamp"
OLD_INPUT = "dtmf timed_out from to uuid conversation_uuid timestamp"
DETAILS = {
    "unanswered": {"unavailable", "timeout"},
    "rejected": {"invalid_number", "restricted", "declined"},
    "failed": {"cannot_route", "number_out_of_service", "internal_error"},
}


def kind_of(body: dict[str, Any]) -> str:
    """The kind as client libraries tell it: by the keys that are there."""
    if "status" in body:
        return str(body["status"])
    for key, kind in (
        ("conversation_uuid_from", "transfer"),
        ("recording_url", "record"),
        ("reason", "error"),
        ("payload", "notify"),
        ("dtmf", "input"),
    ):
        if key in body:
            return kind
    return "answer"


def problems(webhook: Webhook) -> list[str]:
    """What is wrong with a POST webhook, in sentences; empty when it is as it must be."""
    body = webhook.json
    if webhook.headers.get("content-type") != "application/json" or not isinstance(body, dict):
        return [f"{webhook.path}: not a JSON object with the right content type"]
    if "original_request" in body:
        return []
    kind = kind_of(body)
    if kind == "answer":
        plain = [key for key in body if not key.startswith("SipHeader_")]
        return [] if plain == ANSWER.split() else [f"{webhook.path} answer: keys are {[*body]}"]
    return [f"{webhook.path} {kind}: {problem}" for problem in [*_order(kind, body), *_types(kind, body)]]


def _order(kind: str, body: dict[str, Any]) -> list[str]:
    if kind == "error":
        good = [*body][:3] == ["reason", "conversation_uuid", "timestamp"]
        return [] if good else [f"keys are {[*body]}"]
    if kind == "input":
        expected = INPUT if "speech" in body else OLD_INPUT
    elif kind == "started" and "client_ref" in body:
        expected = PLACED
    elif kind in KEYS:
        expected = KEYS[kind]
    else:
        return ["the kind is not known"]
    return [] if [*body] == expected.split() else [f"keys are {[*body]}, not {expected.split()}"]


def _types(kind: str, body: dict[str, Any]) -> list[str]:
    checks = {
        "timestamp": bool(MILLISECONDS.fullmatch(str(body.get("timestamp")))),
        "conversation_uuid": str(body.get("conversation_uuid", "CON-")).startswith("CON-"),
        "headers": isinstance(body.get("headers", {}), dict),
        "direction": body.get("direction", "inbound") in ("inbound", "outbound"),
        "sip_code": isinstance(body.get("sip_code", 0), int),
        "detail": kind not in DETAILS or body.get("detail") in DETAILS[kind],
    }
    more = {"completed": _completed, "answered": _answered, "record": _record, "input": _input}.get(kind)
    checks |= more(body) if more is not None else {}
    return [f"{key} is {body.get(key)!r}" for key, good in checks.items() if not good]


def _completed(body: dict[str, Any]) -> dict[str, bool]:
    start = body["start_time"]
    return {
        "duration": isinstance(body["duration"], str) and body["duration"].isdigit(),
        "rate": bool(MONEY.fullmatch(body["rate"])),
        "price": bool(MONEY.fullmatch(body["price"])),
        "end_time": bool(WHOLE.fullmatch(body["end_time"])),
        "start_time": start is None or bool(WHOLE.fullmatch(start)),
        "network": isinstance(body["network"], str),
        "disconnected_by": body["disconnected_by"] in ("platform", "user"),
    }


def _answered(body: dict[str, Any]) -> dict[str, bool]:
    return {key: body[key] is None for key in ("start_time", "rate", "network")}


def _record(body: dict[str, Any]) -> dict[str, bool]:
    return {
        "size": type(body["size"]) is int and body["size"] > 0,
        "start_time": bool(SECONDS.fullmatch(body["start_time"])),
        "end_time": bool(SECONDS.fullmatch(body["end_time"])),
        "recording_url": body["recording_uuid"] not in body["recording_url"],
    }


def _input(body: dict[str, Any]) -> dict[str, bool]:
    dtmf = body["dtmf"]
    if "speech" not in body:
        return {"dtmf": isinstance(dtmf, str), "timed_out": isinstance(body["timed_out"], bool)}
    good = [*dtmf] == ["digits", "timed_out"] and isinstance(dtmf["timed_out"], bool)
    return {"dtmf": good, "speech": body["speech"] == {"error": "Speech was not enabled"}}
