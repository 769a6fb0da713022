"""Recordings: the row, the recorder on the media worker, the file, the `record` webhook.

A recording outlives the program that asked for it and even its leg: whatever ends it, its file is finished
and the application is told. The webhook is stored before the program hears of the end.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from offhook.calls import notices, rows
from offhook.calls.conversation import Conversation
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.rows import Post
from offhook.core.errors import MediaError
from offhook.ipc import media
from offhook.ipc.audio import SpoolRefused
from offhook.ncco.effects import StartRecording
from offhook.storage import recordings as repository
from offhook.storage import records
from offhook.webhooks import payloads
from offhook.webhooks.hook import Hook

log = logging.getLogger("offhook.calls")
FOLDER = "recordings"
PATIENCE = 5.0
"""Seconds in which a media worker reports the end of a recording that was stopped."""
REASONS = {"closed": "hangup"}
"""What the media worker says, in the words of the NCCO events."""

OnFinished = Callable[[str], None]


@dataclass(slots=True)
class LiveRecording:
    """A recording that runs or is being finished."""

    row: records.Recording
    leg: Leg
    conversation: Conversation
    """Where it runs now: where its leg is, or the named conversation that it belongs to."""
    hook: Hook | None
    on_finished: OnFinished
    stopping: bool = False
    shared: bool = False
    """Of a named conversation: it neither ends nor goes with its leg."""


def start(
    exchange: Exchange, leg: Leg, wish: StartRecording, on_finished: OnFinished, *, shared: bool = False
) -> str:
    """Begin to record the leg's conversation; gives the recording's id."""
    ids = exchange.ports.ids
    row = records.Recording(
        recording_id=ids.uuid(),
        file_id=ids.uuid(),
        account_id=leg.party.account_id,
        application_id=leg.party.application_id,
        conversation_id=leg.conversation.conversation_id,
        leg_id=leg.leg_id,
        status="recording",
        format=wish.format,
        channels=wish.channels,
        started_at=exchange.wall(),
        event_url=wish.event_url,
        event_method=wish.event_method,
    )
    hook = leg.hooks.event(wish.event_url, wish.event_method)
    live = LiveRecording(row, leg, leg.conversation, hook, on_finished, shared=shared)
    exchange.live.recordings[row.recording_id] = live
    leg.conversation.recordings.add(row.recording_id)
    rows.submit(exchange, leg, [], lambda connection: repository.insert(connection, row))
    exchange.media(leg, _command(leg, wish, row.recording_id))
    return row.recording_id


def _command(leg: Leg, wish: StartRecording, recording_id: str) -> media.StartRecord:
    return media.StartRecord(
        recording=recording_id,
        target=leg.conversation.target,
        layout=layout_of(wish),
        channels=max(1, wish.channels),
        owner=leg.leg_id,
        beep=wish.beep,
        end_on_silence_ms=wish.end_on_silence_ms,
        end_on_key=wish.end_on_key,
        timeout_ms=wish.timeout_ms,
    )


def layout_of(wish: StartRecording) -> str:
    """Two channels are the caller and what the caller hears; more are one leg each."""
    if not wish.split:
        return "mixed"
    return "split" if wish.channels <= 2 else "channels"


def of_leg(exchange: Exchange, leg: Leg) -> list[LiveRecording]:
    """The recordings that go where the leg goes."""
    known = (exchange.live.recordings.get(each) for each in sorted(leg.conversation.recordings))
    return [live for live in known if live is not None and _goes_with(live, leg)]


def _goes_with(live: LiveRecording, leg: Leg) -> bool:
    return live.leg is leg and not live.shared and not live.stopping


def take_along(exchange: Exchange, leg: Leg) -> list[LiveRecording]:
    """The leg is about to leave its conversation: these do not end with that; `follow` comes next."""
    taken = of_leg(exchange, leg)
    for live in taken:
        live.conversation.recordings.discard(live.row.recording_id)
    return taken


def follow(exchange: Exchange, leg: Leg, taken: list[LiveRecording]) -> None:
    """The leg is in another conversation, or is joined there now: its recordings go on with that.

    Until the leg is joined they have what it says and hears.
    """
    target = leg.conversation.target if leg.media.joined else f"leg:{leg.leg_id}"
    for live in taken:
        live.conversation = leg.conversation
        live.conversation.recordings.add(live.row.recording_id)
        exchange.media(leg, media.MoveRecord(live.row.recording_id, target))


def stop(exchange: Exchange, recording_id: str) -> None:
    """End a recording now; `RecordFinished` follows from the worker, or is taken for granted."""
    live = exchange.live.recordings.get(recording_id)
    if live is not None and not live.stopping and live.row.status == "recording":
        live.stopping = True
        exchange.media(live.leg, media.StopRecord(recording_id))
        exchange.timers.after(PATIENCE, lambda: _take_for_granted(exchange, live))


def stop_all(exchange: Exchange, conversation: Conversation) -> None:
    """The conversation is over, and with it what records it."""
    for recording_id in sorted(conversation.recordings):
        stop(exchange, recording_id)
    conversation.recordings.clear()


def finished(exchange: Exchange, event: media.RecordFinished) -> None:
    """Every block is with the audio worker: make the file in the background."""
    live = exchange.live.recordings.get(event.recording)
    if live is None or live.row.status != "recording":
        return
    exchange.trace.leg(live.leg, "media.event", event)
    live.conversation.recordings.discard(event.recording)
    live.row = replace(live.row, status="finalising", ended_at=exchange.wall(), duration_ms=event.duration_ms)
    rows.submit(exchange, live.leg, [], _update(live.row))
    exchange.tasks.start(_finalise(exchange, live, event.reason), f"recording {event.recording}")


def refused(exchange: Exchange, event: SpoolRefused) -> None:
    """The disk does not take it: the recording ends now, and finishing it says why it failed."""
    live = exchange.live.recordings.get(event.recording)
    if live is not None:
        exchange.trace.leg(
            live.leg, "recording refused", {"recording": event.recording, "reason": event.reason}
        )
        stop(exchange, event.recording)


def lost(exchange: Exchange, leg: Leg) -> None:
    """The media worker of the leg died: what was spooled so far is the recording."""
    for live in list(exchange.live.recordings.values()):
        if live.leg is leg and not live.shared:
            _take_for_granted(exchange, live)


def _take_for_granted(exchange: Exchange, live: LiveRecording) -> None:
    """The media worker says nothing any more: the spool has everything there is."""
    if live.row.status == "recording":
        length = (exchange.wall() - live.row.started_at) // 1000
        finished(exchange, media.RecordFinished(live.row.recording_id, "closed", length))


async def _finalise(exchange: Exchange, live: LiveRecording, reason: str) -> None:
    row = live.row
    relative = f"{FOLDER}/{row.file_id}.{row.format}"
    try:
        made: Any = await exchange.ports.audio.finalise(
            row.recording_id, row.format, str(exchange.settings.data_dir / relative)
        )
    except Exception as error:
        foreseen = isinstance(error, MediaError)
        log.error("recording %s has no file: %s", row.recording_id, error, exc_info=not foreseen)
        live.row = replace(row, status="failed")
        rows.submit(exchange, live.leg, [], _update(live.row))
        notices.error(exchange, live.leg, f"The recording could not be saved: {error}")
        reason = "failed"
    else:
        live.row = replace(row, status="ready", size=made.size, duration_ms=made.duration_ms, path=relative)
        body = payloads.record(live.row, exchange.settings.recording_url(row.file_id), exchange.wall())
        rows.submit(exchange, live.leg, [Post("record", live.hook, body)], _update(live.row))
    exchange.live.recordings.pop(row.recording_id, None)
    live.on_finished(REASONS.get(reason, reason))


def _update(row: records.Recording) -> Callable[[Connection], None]:
    return lambda connection: repository.update(connection, row)
