"""How tests of SIP sessions begin: a call to or from a peer, and phones that answer or ring."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.sequences.sip.wire import ANSWER, Phone, Puppet, Wire

from offhook.sip.commands import Answer, Command, Ring
from offhook.sip.events import Event, InviteReceived
from offhook.sip.message import Request


def calling(**more: Any) -> tuple[Wire, Phone, Puppet]:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    phone.call(peer, **more)
    wire.run(0.1)
    return wire, phone, peer


def incoming(
    react: Callable[[Event], Iterable[Command]] | None = None,
) -> tuple[Wire, Phone, Puppet, Request]:
    wire = Wire()
    phone, peer = wire.phone("phone"), wire.puppet()
    if react:
        phone.react = react
    invite = peer.ask(phone)
    wire.run(0.1)
    return wire, phone, peer, invite


def accept(event: Event) -> Iterable[Command]:
    return [Answer(event.session, ANSWER)] if isinstance(event, InviteReceived) else []


def ring(event: Event) -> Iterable[Command]:
    return [Ring(event.session)] if isinstance(event, InviteReceived) else []
