"""Named conversations at work: legs enter and leave, wait with music, are recorded, are hung up together.

The rules are in docs/specs/calls.md, "Named conversations"; the book-keeping is `room.py`. `leave` only tells
who has to be hung up: ending a leg is `lifecycle.py`'s, which calls it.
"""

from offhook.calls import legmedia, music, notices, recordings, rows
from offhook.calls.conversation import Conversation
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.room import Room
from offhook.calls.rows import Rows
from offhook.ipc import media
from offhook.ncco.effects import EnterConversation


def enter(exchange: Exchange, leg: Leg, wish: EnterConversation) -> str | None:
    """Move a leg into the conversation of that name. Gives the reason when there is no room for it."""
    key = (leg.party.application_id, wish.name)
    conversation = exchange.live.rooms.get(key)
    most = exchange.settings.conversation_size
    if conversation is not None and len(_room(conversation).members) >= most:
        return (
            f"The conversation {wish.name!r} is full: it has {most} legs. "
            "Use another name, or raise OFFHOOK_CALLS__CONVERSATION_SIZE."
        )
    writes: list[Rows] = []
    if conversation is None:
        conversation = exchange.new_conversation(*_owner(leg))
        conversation.room = Room(wish.name)
        exchange.live.rooms[key] = conversation
        writes.append(rows.insert_conversation(conversation, exchange.wall()))
    room = _room(conversation)
    began = room.started
    _hearing(exchange, room, room.enter(leg.leg_id, wish))
    if wish.mute:
        legmedia.set_audio(exchange, leg, muted=True)
    move(exchange, leg, conversation, *writes, joined=room.started)
    _note(exchange, leg, "entered", room)
    if not room.started:
        music.start(exchange, leg, room)
    elif not began:
        _begin(exchange, room)
    _record(exchange, room)
    return None


def move(
    exchange: Exchange, leg: Leg, conversation: Conversation, *writes: Rows, joined: bool = True
) -> list[Leg]:
    """Into another conversation, with the `transfer` webhook; gives those the leg takes along by leaving.

    `joined` False: a member that neither hears the others nor is heard yet.
    """
    old = leg.conversation
    taken = recordings.take_along(exchange, leg)
    others, ending = leave(exchange, leg)
    if joined:
        legmedia.move(exchange, leg, conversation)
    else:
        legmedia.part(exchange, leg)
        conversation.add(leg.leg_id)
        leg.conversation = conversation
    recordings.follow(exchange, leg, taken)
    notices.transfer(exchange, leg, old.conversation_id, *writes, *ending, rows.update_leg(leg))
    return others


def leave(exchange: Exchange, leg: Leg) -> tuple[list[Leg], list[Rows]]:
    """Out of its conversation. Gives the legs to be hung up because of that, and the rows to be written.

    A conversation that nobody is in any more is over, and with it what records it.
    """
    conversation = leg.conversation
    others = [] if conversation.room is None else _leave_room(exchange, leg, conversation.room)
    if not legmedia.leave(exchange, leg):
        return others, []
    if conversation.room is not None:
        _forget(exchange, conversation)
    recordings.stop_all(exchange, conversation)
    return others, [rows.end_conversation(conversation, exchange.wall())]


def _leave_room(exchange: Exchange, leg: Leg, room: Room) -> list[Leg]:
    member = room.members.get(leg.leg_id)
    if member is None:
        return []
    music.stop(exchange, leg, room)
    _hearing(exchange, room, room.leave(leg.leg_id))
    if member.wish.mute and not leg.over:
        legmedia.set_audio(exchange, leg, muted=False)
    _note(exchange, leg, "left", room)
    if not member.wish.end_on_exit:
        return []
    _forget(exchange, leg.conversation)
    return [exchange.live.legs[other] for other in leg.conversation.legs if other != leg.leg_id]


def _forget(exchange: Exchange, conversation: Conversation) -> None:
    """Nobody finds it by its name any more: the next one to use the name makes a new one."""
    key = (conversation.application_id, _room(conversation).name)
    if exchange.live.rooms.get(key) is conversation:
        del exchange.live.rooms[key]


def _begin(exchange: Exchange, room: Room) -> None:
    """The first leg with startOnEnter is in: those who wait are joined."""
    for leg_id in room.members:
        leg = exchange.live.legs[leg_id]
        music.stop(exchange, leg, room)
        if not leg.media.joined:
            legmedia.join(exchange, leg)
            recordings.follow(exchange, leg, recordings.of_leg(exchange, leg))


def _record(exchange: Exchange, room: Room) -> None:
    """One recording for all who asked, from when the conversation has begun."""
    leg_id = room.recorder
    if room.recorded or not room.started or leg_id is None:
        return
    wish = room.members[leg_id].wish.recording
    if wish is not None:
        room.recorded = True
        recordings.start(exchange, exchange.live.legs[leg_id], wish, lambda reason: None, shared=True)


def _hearing(exchange: Exchange, room: Room, changed: list[str]) -> None:
    """Tell the media workers who does not hear whom; before anybody is joined, so that nothing slips out."""
    for leg_id in changed:
        leg = exchange.live.legs.get(leg_id)
        if leg is not None:
            exchange.media(leg, media.SetHearing(leg_id, sorted(room.unheard(leg_id))))


def _note(exchange: Exchange, leg: Leg, what: str, room: Room) -> None:
    """A line of the leg's journal."""
    state = "begun" if room.started else "waiting"
    exchange.trace.leg(
        leg, "conversation", {"type": what, "name": room.name, "legs": len(room.members), "state": state}
    )


def _owner(leg: Leg) -> tuple[str, str]:
    return leg.party.account_id, leg.party.application_id


def _room(conversation: Conversation) -> Room:
    assert conversation.room is not None
    return conversation.room
