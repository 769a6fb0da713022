"""Music on hold: what a leg hears until the conversation it has entered begins.

Every waiting leg has a player of its own, from the beginning; those of one conversation that name the same
file share one download and one copy of its audio, which is dropped with the last of them.
"""

from offhook.calls import prompts
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.playbacks import Manner, Playback
from offhook.calls.room import Room


def start(exchange: Exchange, leg: Leg, room: Room) -> None:
    """Play a waiting leg its music on loop; one that cannot be had gives an `error` webhook and silence."""
    member = room.members[leg.leg_id]
    url = member.wish.music_url
    if url is None:
        return
    shelf, key = exchange.live.shelf, (leg.conversation.conversation_id, url)
    manner = Manner(f"leg:{leg.leg_id}", loop=0)
    member.music = Playback(exchange, leg, exchange.ports.ids.uuid(), manner, lambda reason: None)
    member.music.start(lambda: shelf.take(key, lambda: prompts.fetch(exchange, url)))


def stop(exchange: Exchange, leg: Leg, room: Room) -> None:
    """The leg waits no longer."""
    member = room.members[leg.leg_id]
    if member.music is not None:
        member.music.stop()
        member.music = None
