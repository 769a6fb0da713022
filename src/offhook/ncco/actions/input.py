"""input: collect keys of the leg that owns the program. Speech is refused by `read`.

Three forms: with `type` (newer result shape), without (older shape, options at the top level), and
asynchronous, which asks for a webhook with every key and goes on at once. The timing table is in
docs/specs/ncco.md.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from offhook.core.clock import seconds
from offhook.ncco.addresses import hook
from offhook.ncco.contract import Action, Context
from offhook.ncco.effects import Barge, CancelTimer, Effect, ListenKeys, SendWebhook, SetTimer
from offhook.ncco.events import Digit, Event, TimerFired, WebhookFailed, WebhookReplied
from offhook.ncco.fields import Fields, shown
from offhook.ncco.input_result import KEYS, dtmf_result

DEFAULT_TIMEOUT_S = 3.0
LONGEST_TIMEOUT_S = 10
DEFAULT_DIGITS = 4
MOST_DIGITS = 20
TYPES = ("dtmf", "speech")
OPTIONS = ("timeOut", "maxDigits", "submitOnHash")


@dataclass(frozen=True, slots=True)
class KeySettings:
    """When enough keys have been pressed."""

    timeout_s: float = DEFAULT_TIMEOUT_S
    """Since the last key, or since the input began."""
    max_digits: int = DEFAULT_DIGITS
    submit_on_hash: bool = False


@dataclass(slots=True, kw_only=True)
class Input(Action):
    """Listens until `due`, then waits for the reply to its webhook. Keys pressed by then are dropped."""

    kind: ClassVar[str] = "input"
    legacy: bool
    keys: KeySettings
    url: str | None = None
    method: str | None = None
    waits: bool = True
    """False for the asynchronous form."""
    token: str = ""
    digits: str = ""
    due: int | None = None
    """The instant of the timeout, None when no key is awaited."""

    @property
    def barge(self) -> Barge:
        """What may interrupt the prompts before this input: what it listens for itself."""
        return Barge(digits=True)

    def start(self, now: int, ctx: Context) -> list[Effect]:
        if not self.waits:
            self.done = True
            return [ListenKeys(self.url, self.method, self.legacy)]
        self.token = ctx.ids.token()
        return self._await_key(now)

    def on(self, now: int, event: Event) -> list[Effect]:
        match event:
            case Digit() if self.due is not None and event.digit in KEYS:
                return self._pressed(now, event.digit)
            case TimerFired() if self.due is not None and event.key == self._timer:
                if now < self.due:
                    return [SetTimer(self._timer, self.due)]
                return self._submit(timed_out=True)
            case WebhookReplied() | WebhookFailed() if event.token == self.token and self.due is None:
                self.done = True
                self.reply = event.document if isinstance(event, WebhookReplied) else None
        return []

    def stop(self, now: int, reason: str) -> list[Effect]:
        self.done = True
        return [] if self.due is None else [CancelTimer(self._timer)]

    @property
    def _timer(self) -> str:
        return f"input:{self.token}"

    def _await_key(self, now: int) -> list[Effect]:
        self.due = now + seconds(self.keys.timeout_s)
        return [SetTimer(self._timer, self.due)]

    def _pressed(self, now: int, digit: str) -> list[Effect]:
        if digit == "#" and self.keys.submit_on_hash:
            return [CancelTimer(self._timer), *self._submit(timed_out=False)]
        self.digits += digit
        if len(self.digits) < self.keys.max_digits:
            return self._await_key(now)
        return [CancelTimer(self._timer), *self._submit(timed_out=False)]

    def _submit(self, *, timed_out: bool) -> list[Effect]:
        self.due = None
        data = dtmf_result(self.digits, timed_out=timed_out, legacy=self.legacy)
        return [SendWebhook(self.token, "input", data, self.url, self.method, expects_ncco=True)]

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "keys": KeySettings(**data["keys"])})


def read(fields: Fields) -> Input:
    legacy = not fields.has("type")
    if not legacy:
        _check_types(fields)
    # The misspelling is what one of the client libraries sends.
    mode = fields.choice("mode", options=("synchronous", "asynchronous"), also=("asyncronous",))
    keys = fields if legacy and not fields.has("dtmf") else fields.child("dtmf")
    url, method = hook(fields)
    if mode not in (None, "synchronous"):
        _check_no_settings(keys)
        return Input(legacy=legacy, keys=KeySettings(), url=url, method=method, waits=False)
    settings = _key_settings(keys)
    if keys is not fields:
        _note_misplaced(fields)
    if keys is not None and keys is not fields:
        keys.note_unknown()
    return Input(legacy=legacy, keys=settings, url=url, method=method)


def _check_types(fields: Fields) -> None:
    path, value = fields.find("type")
    if isinstance(value, str):
        fields.findings.warn(path, "should be an array; the bare string is accepted")
        value = [value]
    if not isinstance(value, list) or not value:
        fields.findings.error(path, 'must be an array such as ["dtmf"]')
        return
    for n, item in enumerate(value):
        if item not in TYPES:
            fields.findings.error(f"{path}[{n}]", f'must be "dtmf", not {shown(item)}')
    if "speech" in value:
        fields.findings.error(path, "input of type speech is not supported by this version of the server")


def _key_settings(fields: Fields | None) -> KeySettings:
    if fields is None:
        return KeySettings()
    timeout = fields.number("timeOut", low=0, high=LONGEST_TIMEOUT_S)
    return KeySettings(
        timeout_s=DEFAULT_TIMEOUT_S if timeout is None else float(timeout),
        max_digits=fields.integer("maxDigits", low=1, high=MOST_DIGITS) or DEFAULT_DIGITS,
        submit_on_hash=fields.flag("submitOnHash"),
    )


def _check_no_settings(keys: Fields | None) -> None:
    for option in OPTIONS:
        if keys is not None and keys.has(option):
            keys.error(option, "must be left out in asynchronous mode, where every key is sent at once")


def _note_misplaced(fields: Fields) -> None:
    for option in OPTIONS:
        if fields.has(option):
            fields.warn(option, 'is ignored here; move it into "dtmf"')
    if fields.has("speech"):
        fields.warn("speech", "is ignored: the input listens to keys only")
