"""What a program asks of its application: NCCOs to fetch, results to tell, errors to report.

Each answer comes back with the token of its effect; the interpreter drops what is too late. An inbound leg
that has not been answered yet is answered when the first usable NCCO is here, and runs it then.
"""

from asyncio import Future
from typing import Any

from offhook.calls import answers, notices, rows
from offhook.calls.program import Program
from offhook.calls.replies import reply_later
from offhook.calls.rows import Post, record_of
from offhook.core.errors import DeliveryError, NccoError
from offhook.ncco.document import parse
from offhook.ncco.effects import FetchNcco, ReportError, SendWebhook
from offhook.ncco.events import FetchFailed, NccoFetched, WebhookFailed, WebhookReplied
from offhook.webhooks import payloads
from offhook.webhooks.attempts import BrokenDocument

Json = Any


def fetch(program: Program, effect: FetchNcco) -> None:
    """Ask the application for an NCCO, in the background."""
    program.exchange.tasks.start(_fetch(program, effect), f"answer {program.leg.leg_id}")


async def _fetch(program: Program, effect: FetchNcco) -> None:
    try:
        fetched = await answers.fetch(program.exchange, program.leg, effect)
    except Exception as error:
        foreseen = isinstance(error, DeliveryError)
        if foreseen and not program.closed and not _told(effect, error):
            notices.error(program.exchange, program.leg, f"No NCCO: {error}")
        program.fetch_failed = True
        program.feed(FetchFailed(effect.token, str(error)))
        if not foreseen:
            raise
        return
    event = NccoFetched(effect.token, fetched.document, fetched.fallback)
    if program.closed:
        program.exchange.trace.leg(program.leg, "too late", event)
    elif _usable(fetched.document):
        program.hold(event)
    else:
        program.fetch_failed = True
        program.feed(event)


def _told(effect: FetchNcco, error: BaseException) -> bool:
    """Whether the application has heard of this failure already: of a document that cannot run it has."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, BrokenDocument):
        cause = cause.__cause__ or cause.__context__
    nothing_asked = effect.fallback and error.__cause__ is None
    return cause is not None or nothing_asked


def _usable(document: Json) -> bool:
    try:
        parse(document)
    except NccoError:
        return False
    return True


def send(program: Program, effect: SendWebhook) -> None:
    """Tell the application a result; wait for its reply when that may be an NCCO."""
    exchange, leg = program.exchange, program.leg
    hook = leg.hooks.event(effect.url, effect.method)
    if hook is None:
        if effect.expects_ncco:
            program.feed(WebhookFailed(effect.token, "there is no event URL to tell it to"))
        return
    if effect.kind == "notify":
        body = payloads.notify(effect.data["payload"], leg.conversation.conversation_id, exchange.wall())
    else:
        body = payloads.input_result(record_of(leg), effect.data, exchange.wall())
    submitted = rows.submit(exchange, leg, [Post(effect.kind, hook, body, effect.expects_ncco)])
    if effect.expects_ncco:
        reply = reply_later(exchange, leg, submitted)
        reply.add_done_callback(lambda done: _replied(program, effect.token, done))


def _replied(program: Program, token: str, reply: "Future[Json | None]") -> None:
    if reply.cancelled():
        return
    error = reply.exception()
    if error is not None:
        program.feed(WebhookFailed(token, str(error)))
    else:
        program.feed(WebhookReplied(token, reply.result()))


def report(program: Program, effect: ReportError) -> None:
    """The `error` webhook."""
    notices.error(program.exchange, program.leg, effect.reason, effect.details)
