"""Applications as version 1 has them: a flat body with one address for each webhook, shown as an array.

What this shape can say is replaced by a body; what only version 2 can say (timeouts, the fallback address,
other capabilities) stays as it is.
"""

from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BeforeValidator

from offhook.core.errors import Invalid
from offhook.http import body
from offhook.http.applications.schemas import Messages, Method, Name, Voice
from offhook.http.applications.verbs import Draft
from offhook.http.models import Body, check, lower, upper, url
from offhook.storage.records import Application

KINDS = {"voice": ("answer_url", "event_url"), "messages": ("status_url", "inbound_url")}
"""The webhooks that this shape has for each type of application, in the order they are shown."""
DEFAULTS: dict[str, Any] = {"voice": Voice, "messages": Messages}


def _address(value: Any) -> Any:
    """An empty address is none; an array of one is the address."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return url(value) if value else None


def _kind(value: Any) -> Any:
    return "messages" if lower(value) == "message" else lower(value)


Address = Annotated[str | None, BeforeValidator(_address)]
Verb = Annotated[Method, BeforeValidator(upper)]
Post = Annotated[Literal["POST"], BeforeValidator(upper)]


class FlatBody(Body):
    """An application with one address for each webhook."""

    name: Name
    """What people call it; not unique."""
    type: Annotated[Literal["voice", "messages"], BeforeValidator(_kind)] = "voice"
    """What it is for; it stays what it was made as."""
    answer_url: Address = None
    """Gives the NCCO of a call."""
    answer_method: Verb = "GET"
    event_url: Address = None
    """Is told how calls go on."""
    event_method: Verb = "POST"
    status_url: Address = None
    """Is told what became of messages."""
    status_method: Post = "POST"
    inbound_url: Address = None
    """Is told about messages that arrive."""
    inbound_method: Post = "POST"

    def draft(self, before: Application | None = None) -> Draft:
        """As the verbs take it; over an application that is there already. Raises Invalid."""
        present = dict(before.capabilities) if before else {}
        if self.type not in present and any(kind in present for kind in KINDS):
            raise Invalid("type", "cannot be changed; leave it as it is, or make another application")
        present[self.type] = self._capability(present.get(self.type))
        return Draft(self.name, present, dict(before.privacy) if before else {"improve_ai": True})

    def _capability(self, before: Any) -> dict[str, Any]:
        kept = before if isinstance(before, dict) else {}
        present = kept.get("webhooks") or {}
        hooks = {name: hook for name, hook in present.items() if name not in KINDS[self.type]}
        for name in KINDS[self.type]:
            address = getattr(self, name)
            if address is not None:
                method = getattr(self, name.replace("_url", "_method"))
                hooks[name] = {**present.get(name, {}), "address": address, "http_method": method}
        fresh: dict[str, Any] = DEFAULTS[self.type]().model_dump(mode="json", exclude_none=True)
        return {**fresh, **kept, "webhooks": hooks}


async def read_flat(request: Request, limit: int) -> FlatBody:
    """The members that a request has in its query and in its body, a form or a JSON object; the body counts.

    Raises Invalid, `InvalidFields`, `TooLarge`.
    """
    query = dict(request.query_params)
    data = await body.read(request, limit)
    if data.lstrip()[:1] in (b"{", b"["):
        value = await body.read_json(request, limit)
        return check(FlatBody, {**query, **value} if isinstance(value, dict) else value)
    return check(FlatBody, {**query, **await body.read_fields(request, limit)})


def render_flat(application: Application, path: str, private_key: str | None = None) -> dict[str, Any]:
    """The application in this shape; `path` is where applications are found."""
    keys = {"public_key": application.public_key}
    if private_key is not None:
        keys["private_key"] = private_key
    shown: dict[str, Any] = {"id": application.application_id, "name": application.name}
    for kind, names in KINDS.items():
        capability = application.capabilities.get(kind)
        if kind == "voice" or isinstance(capability, dict):
            shown[kind] = {"webhooks": _webhooks(capability, names)}
    link = {"self": {"href": f"{path}/{application.application_id}"}}
    return {**shown, "keys": keys, "_links": link}


def _webhooks(capability: Any, names: tuple[str, ...]) -> list[dict[str, str]]:
    hooks = capability.get("webhooks") if isinstance(capability, dict) else None
    found = [(name, hooks[name]) for name in names if name in hooks] if isinstance(hooks, dict) else []
    return [
        {
            "endpoint_type": name,
            "endpoint": hook["address"],
            "http_method": hook.get("http_method", "GET" if name == "answer_url" else "POST"),
        }
        for name, hook in found
        if hook.get("address")
    ]
