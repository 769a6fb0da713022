"""What `/number/update` does to a number.

The link to an application is replaced by every update, as clients that unlink leave `app_id` out; of
everything else, what is not given stays and what is empty is cleared.
"""

from dataclasses import replace

from sqlalchemy import Connection

from offhook.calls.forward_targets import check
from offhook.core.errors import Invalid, NotFound
from offhook.http.context import as_stored
from offhook.http.numbers.schemas import UpdateForm
from offhook.storage import applications, numbers
from offhook.storage.records import Number


def apply(connection: Connection, account_id: str, form: UpdateForm) -> Number:
    """The number as it is afterwards. Raises NotFound, and Invalid with the name of a wrong parameter."""
    before = numbers.get(connection, form.msisdn, account_id=account_id)
    if before is None or before.country != form.country:
        raise NotFound(f"{form.msisdn} is not a number of this account in {form.country}")
    after = _forwarded(before, form)
    by_callback = _application_by_callback(form)
    if form.app_id and by_callback and form.app_id != by_callback:
        raise Invalid("voiceCallbackValue", "names another application than app_id; give one of them")
    linked = form.app_id or by_callback
    if linked:
        _must_exist(connection, account_id, linked, "app_id" if form.app_id else "voiceCallbackValue")
    if form.messages_value:
        _must_exist(connection, account_id, form.messages_value, "messagesCallbackValue")
    after = replace(after, application_id=linked or None, messaging=_messaging(before, form))
    numbers.update(connection, after)
    return after


def _forwarded(before: Number, form: UpdateForm) -> Number:
    kind, value = form.voice_type, form.voice_value
    after = before
    if form.voice_status is not None:
        after = replace(after, status_url=form.voice_status or None)
    if kind is None and value is None:
        return after
    if kind == "app" or not (kind or value):
        return replace(after, forward_type=None, forward_to=None)
    if not kind:
        raise Invalid("voiceCallbackType", "must stand next to voiceCallbackValue: sip, tel or app")
    if not value:
        raise Invalid("voiceCallbackValue", "must stand next to voiceCallbackType")
    check(before.msisdn, kind, value)
    return replace(after, forward_type=kind, forward_to=value)


def _application_by_callback(form: UpdateForm) -> str | None:
    """The deprecated way to link an application."""
    if form.voice_type != "app":
        return None
    if not form.voice_value:
        raise Invalid("voiceCallbackValue", "must be the id of an application next to voiceCallbackType app")
    return as_stored(form.voice_value)


def _must_exist(connection: Connection, account_id: str, application_id: str, name: str) -> None:
    found = applications.get(connection, application_id, account_id=account_id)
    if found is None:
        raise Invalid(name, f"{application_id[:60]!r} is not an application of this account")


def _messaging(before: Number, form: UpdateForm) -> dict[str, str] | None:
    given = {
        "mo_http_url": form.mo_http_url,
        "mo_smpp_sys_type": form.mo_smpp_sys_type,
        "messages_callback_type": form.messages_type,
        "messages_callback_value": form.messages_value,
    }
    said = {name: value for name, value in given.items() if value is not None}
    kept = {name: value for name, value in {**(before.messaging or {}), **said}.items() if value}
    return kept or None
