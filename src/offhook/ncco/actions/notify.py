"""notify: tell the application how far the program has come, and go on with its answer."""

from dataclasses import dataclass
from typing import Any, ClassVar

from offhook.ncco.addresses import hook, required
from offhook.ncco.contract import Action, Context
from offhook.ncco.effects import Effect, SendWebhook
from offhook.ncco.events import Event, WebhookFailed, WebhookReplied
from offhook.ncco.fields import Fields


@dataclass(slots=True, kw_only=True)
class Notify(Action):
    """The program waits for the answer; without a usable one the next action runs."""

    kind: ClassVar[str] = "notify"
    payload: dict[str, Any]
    url: str | None
    method: str | None
    token: str = ""

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.token = ctx.ids.token()
        data = {"payload": self.payload}
        return [SendWebhook(self.token, "notify", data, self.url, self.method, expects_ncco=True)]

    def on(self, now: int, event: Event) -> list[Effect]:
        if isinstance(event, (WebhookReplied, WebhookFailed)) and event.token == self.token:
            self.done = True
            self.reply = event.document if isinstance(event, WebhookReplied) else None
        return []


def read(fields: Fields) -> Notify:
    required(fields, "payload", "an object with what the application wants to know")
    required(fields, "eventUrl", "an array with the URL to call")
    url, method = hook(fields)
    return Notify(payload=fields.mapping("payload") or {}, url=url, method=method)
