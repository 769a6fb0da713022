"""Documents, good and bad, and events that may or may not fit."""

import math
from typing import Any

from hypothesis import strategies as st

from offhook.ncco.effects import (
    Effect,
    EnterConversation,
    FetchNcco,
    SendWebhook,
    SetTimer,
    StartConnect,
    StartRecording,
    StartStream,
    StartTalk,
)
from offhook.ncco.events import (
    Begin,
    ConnectFinished,
    Digit,
    EntryRefused,
    Event,
    FetchFailed,
    LegGone,
    NccoFetched,
    PlaybackFinished,
    RecordingFinished,
    TimerFired,
    Transfer,
    WebhookFailed,
    WebhookReplied,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    [
        "true",
        "FALSE",
        "3",
        "0.5",
        "1e9",
        "phone",
        "sip",
        "dtmf",
        "speech",
        "conversation",
        "synchronous",
        "asynchronous",
        "https://a.example/x",
        "http://[",
        "14155550100",
        "#",
        "en-GB",
        "sip:a@b.example",
    ]
)
VALUES = JSON | WORDS | st.lists(WORDS, max_size=2) | st.integers(-2, 130) | st.just(math.inf)
OPTIONS = st.sampled_from(
    [
        "action",
        "text",
        "bargeIn",
        "loop",
        "level",
        "language",
        "style",
        "voiceName",
        "streamUrl",
        "type",
        "mode",
        "dtmf",
        "eventUrl",
        "event_url",
        "eventMethod",
        "timeOut",
        "timeout",
        "maxDigits",
        "submitOnHash",
        "endpoint",
        "from",
        "limit",
        "eventType",
        "ringbackTone",
        "format",
        "split",
        "channels",
        "endOnSilence",
        "endOnKey",
        "beepStart",
        "transcription",
        "payload",
        "advancedMachineDetection",
        "number",
        "uri",
        "user",
        "domain",
        "headers",
        "standardHeaders",
        "onAnswer",
        "url",
        "name",
        "musicOnHoldUrl",
        "startOnEnter",
        "canHear",
        "canSpeak",
        "mute",
        "record",
    ]
)
NAMES = st.sampled_from(
    ["talk", "stream", "input", "record", "connect", "notify", "wait", "conversation", "pay"]
)
WILD_ACTIONS = st.builds(
    lambda name, options, endpoint: {"endpoint": [endpoint], **options, "action": name},
    NAMES,
    st.dictionaries(OPTIONS, VALUES, max_size=6),
    st.dictionaries(OPTIONS, VALUES, max_size=5),
)
WILD = JSON | st.lists(WILD_ACTIONS | JSON, max_size=4)

URL = "https://a.example/x"
ACTIONS = st.one_of(
    st.builds(
        lambda barge, loop: {"action": "talk", "text": "a", "bargeIn": barge, "loop": loop},
        st.booleans(),
        st.integers(0, 2),
    ),
    st.builds(lambda barge: {"action": "stream", "streamUrl": [URL], "bargeIn": barge}, st.booleans()),
    st.builds(
        lambda digits, wait, submit: {
            "action": "input",
            "type": ["dtmf"],
            "dtmf": {"maxDigits": digits, "timeOut": wait, "submitOnHash": submit},
        },
        st.integers(1, 3),
        st.integers(0, 3),
        st.booleans(),
    ),
    st.just({"action": "input", "maxDigits": 1}),
    st.just({"action": "input", "type": ["dtmf"], "mode": "asynchronous"}),
    st.just({"action": "record"}),
    st.just({"action": "record", "endOnKey": "#"}),
    st.just({"action": "record", "timeOut": 3, "transcription": {}}),
    st.builds(
        lambda synchronous: {
            "action": "connect",
            "endpoint": [{"type": "phone", "number": "14155550100"}],
            "eventType": synchronous,
        },
        st.sampled_from(["synchronous", None]),
    ),
    st.just(
        {"action": "connect", "endpoint": [{"type": "sip", "uri": "sip:a@b.example", "headers": {"A": 1}}]}
    ),
    st.builds(
        lambda hear, record: {"action": "conversation", "name": "a", "canHear": hear, "record": record},
        st.sampled_from([None, [], ["a"]]),
        st.booleans(),
    ),
    st.just({"action": "notify", "payload": {"a": [1]}, "eventUrl": [URL]}),
    st.builds(lambda wait: {"action": "wait", "timeout": wait}, st.integers(0, 3)),
)
DOCUMENTS = st.one_of(
    st.lists(ACTIONS, max_size=6), st.sampled_from([None, [], {}, "x", [{"action": "tlak"}]])
)
KEYS = st.sampled_from("123#*A")
ENDS = st.sampled_from(["done", "digit", "speech", "stopped", "failed"])
RECORD_ENDS = st.sampled_from(["silence", "key", "timeout", "stopped", "hangup", "failed"])
STATUSES = st.sampled_from(["busy", "timeout", "answered", "cancelled", "completed"])


@st.composite
def next_event(draw: st.DrawFn, effects: list[Effect]) -> Event:
    """An event: an answer to one of the effects so far (late and repeated ones too), or from outside."""
    made: list[st.SearchStrategy[Any]] = [
        st.builds(Digit, KEYS),
        st.builds(Digit, KEYS),
        st.builds(Transfer, DOCUMENTS, st.none() | st.just(URL)),
        st.just(LegGone()),
        st.just(TimerFired("nobody's")),
        st.builds(Begin, DOCUMENTS),
    ]
    made += [_answer(effect) for effect in effects[-6:] if _answer(effect) is not None]
    made += [_answer(effect) for effect in effects if isinstance(effect, StartRecording)][:2]
    event: Event = draw(draw(st.sampled_from(made)))
    return event


def _answer(effect: Effect) -> Any:
    match effect:
        case StartTalk() | StartStream():
            return st.builds(PlaybackFinished, st.just(effect.playback), ENDS)
        case StartRecording():
            return st.builds(RecordingFinished, st.just(effect.recording), RECORD_ENDS)
        case StartConnect():
            return st.builds(ConnectFinished, st.just(effect.connect), st.booleans(), STATUSES, DOCUMENTS)
        case EnterConversation():
            return st.just(EntryRefused(effect.entry))
        case SendWebhook():
            replied = st.builds(WebhookReplied, st.just(effect.token), DOCUMENTS)
            return replied | st.builds(WebhookFailed, st.just(effect.token), st.just("closed"))
        case FetchNcco():
            fetched = st.builds(NccoFetched, st.just(effect.token), DOCUMENTS, st.booleans())
            return fetched | st.builds(FetchFailed, st.just(effect.token), st.just("closed"))
        case SetTimer():
            return st.just(TimerFired(effect.key))
        case _:
            return None
