"""Every action by name: how it is read, how it is loaded, and the sentence for those that are refused."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from offhook.ncco.actions import connect, conversation, input, notify, record, stream, talk, wait
from offhook.ncco.activities.barge_in import BargeIn
from offhook.ncco.activities.recording import Recording
from offhook.ncco.activities.spent_key import SpentKey
from offhook.ncco.contract import Action, Activity
from offhook.ncco.fields import Fields, shown

READERS: dict[str, Callable[[Fields], Action]] = {
    "connect": connect.read,
    "conversation": conversation.read,
    "input": input.read,
    "notify": notify.read,
    "record": record.read,
    "stream": stream.read,
    "talk": talk.read,
    "wait": wait.read,
}

REFUSED = {
    "transfer": "the action transfer is not supported by this version of the server",
    "pay": "the action pay is retired and is not supported; take it out",
}

_ACTIONS: dict[str, type[Action]] = {
    kind.kind: kind
    for kind in (
        connect.Connect,
        conversation.Conversation,
        input.Input,
        notify.Notify,
        record.Record,
        stream.Stream,
        talk.Talk,
        wait.Wait,
    )
}
_ACTIVITIES: dict[str, type[Activity]] = {kind.kind: kind for kind in (BargeIn, Recording, SpentKey)}


def read_action(fields: Fields) -> Action | None:
    """One object of the array as an action; None, with the reason noted, when it names no usable one."""
    path, name = fields.find("action")
    if isinstance(name, str) and name in READERS:
        action = READERS[name](fields)
        fields.note_unknown()
        return action
    fields.findings.error(path, _refusal(name))
    return None


def _refusal(name: object) -> str:
    if name is None:
        return f"is missing; give one of {', '.join(READERS)}"
    if not isinstance(name, str):
        return f"must be the name of an action in quotes, not {shown(name)}"
    if name in REFUSED:
        return REFUSED[name]
    close = get_close_matches(name[:40].lower(), [*READERS, *REFUSED], 1)
    hint = f"did you mean {close[0]}?" if close else f"use one of {', '.join(READERS)}"
    return f"there is no action {shown(name)}; {hint}"


def load_action(data: dict[str, Any]) -> Action:
    return _ACTIONS[data["kind"]].load({key: data[key] for key in data if key != "kind"})


def load_activity(data: dict[str, Any]) -> Activity:
    return _ACTIVITIES[data["kind"]].load({key: data[key] for key in data if key != "kind"})
