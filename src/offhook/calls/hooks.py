"""Which URL gets which webhook.

The precedence of event URLs is action → call → application. Timeouts and signing come from the application,
whatever URL is used. This module chooses; `webhooks/` sends.
"""

from dataclasses import dataclass

from offhook.storage.records import Application
from offhook.webhooks.hook import Hook


@dataclass(frozen=True, slots=True)
class LegHooks:
    """The URLs of one call, on top of those of its application."""

    application: Application
    event_url: str | None = None
    event_method: str | None = None
    answer_url: str | None = None
    answer_method: str | None = None
    synchronous: bool = False
    """The reply to a failure event may be an NCCO."""
    only_end: bool = False
    """Nobody is told of a status before `completed`."""

    def event(self, url: str | None = None, method: str | None = None) -> Hook | None:
        """Where an event goes; `url` is the action's own. None when nobody wants to know."""
        if url:
            return Hook.to(self.application, url, method or "")
        if self.event_url:
            return Hook.to(self.application, self.event_url, self.event_method or "")
        return Hook.of(self.application, "event_url")

    def step(self) -> Hook | None:
        """Where a status other than `completed` goes."""
        return None if self.only_end else self.event()

    def application_event(self) -> Hook | None:
        """Where `error` goes: the application's event URL, or the call's when the application has none."""
        return Hook.of(self.application, "event_url") or self.step()

    def answer(self) -> Hook | None:
        """Where the first NCCO comes from."""
        if self.answer_url:
            return self.document(self.answer_url, self.answer_method)
        return Hook.of(self.application, "answer_url")

    def document(self, url: str, method: str | None) -> Hook:
        """Where an NCCO named by URL comes from (`onAnswer`, transfer)."""
        return Hook.to(self.application, url, method or "", "answer_url")

    def fallback(self) -> Hook | None:
        """Who is asked for an NCCO when the first choice failed."""
        return Hook.of(self.application, "fallback_answer_url")
