"""Where an inbound call belongs: trunk by source or digest user, number, application, all of one account.

Every refusal carries the SIP status we owe and a sentence for the log: an unknown peer 403, a number that is
not ours 404, a number without a voice application 603 (`docs/specs/calls.md` §4).
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from offhook.calls.forward_targets import Target, targets
from offhook.calls.ports import CallsSettings
from offhook.core import e164
from offhook.core.errors import Invalid
from offhook.sip.events import InviteReceived
from offhook.storage import accounts, applications, numbers, trunks
from offhook.storage.records import Application, Number, Trunk
from offhook.webhooks.hook import Hook

NO_APPLICATION = ""
"""The application id of calls that have none: forwarded ones."""


@dataclass(frozen=True, slots=True)
class Route:
    """The call may go on."""

    trunk: Trunk
    number: Number
    application: Application


@dataclass(frozen=True, slots=True)
class Forward:
    """The call is connected elsewhere, without an application."""

    trunk: Trunk
    number: Number
    application: Application
    """A stand-in: its rows belong to the account alone."""
    places: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The call may not; `status` is what the peer gets."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class NeedsDigest:
    """The peer has to say who it is."""

    reason: str


Unseal = Callable[[bytes], bytes]


def route(
    connection: Connection, invite: InviteReceived, settings: CallsSettings, unseal: Unseal
) -> Route | Forward | Refused | NeedsDigest:
    """Look an INVITE up. Runs inside a read transaction."""
    known = trunks.list(connection, enabled=True)
    found = admit(known, invite, settings, unseal)
    if not isinstance(found, Trunk):
        return found
    number = _number(connection, invite.user)
    if number is None:
        return Refused(404, f"{invite.user or 'an empty user'} is not a number of this installation")
    if not _serves(found, number):
        found = admit((trunk for trunk in known if _serves(trunk, number)), invite, settings, unseal)
        if not isinstance(found, Trunk):
            return Refused(404, f"{number.msisdn} belongs to another account than the trunk of this call")
    if not accounts.standing(connection, (number.account_id,)):
        return Refused(603, f"the account of {number.msisdn} is suspended")
    if number.forward_type is not None:
        return _forward(found, number)
    if number.application_id is None:
        return Refused(603, f"{number.msisdn} is not linked to an application")
    application = applications.get(connection, number.application_id, account_id=number.account_id)
    if application is None or Hook.of(application, "answer_url") is None:
        return Refused(603, f"the application of {number.msisdn} has no voice capability with an answer_url")
    return Route(found, number, application)


def no_application(account_id: str) -> Application:
    """Stands for the application of calls that have none."""
    return Application(NO_APPLICATION, account_id, "", "", {}, {}, 0, 0)


def _forward(trunk: Trunk, number: Number) -> Forward | Refused:
    try:
        places = targets(number.forward_type or "", number.forward_to or "")
    except Invalid as error:
        return Refused(603, f"{number.msisdn} cannot be forwarded: {error}")
    return Forward(trunk, number, no_application(number.account_id), places)


def admit(
    known: Iterable[Trunk], invite: InviteReceived, settings: CallsSettings, unseal: Unseal
) -> Trunk | Refused | NeedsDigest:
    """The trunk that an INVITE came over."""
    usable = [
        trunk for trunk in known if trunk.enabled and (not trunk.simulated or settings.simulator_active)
    ]
    source = invite.flow.remote[0]
    for trunk in usable:
        if _from_source(trunk, source):
            return trunk
    guarded = [trunk for trunk in usable if trunk.username and trunk.password is not None]
    if not guarded:
        return Refused(403, f"{source} is in no trunk's sources and no trunk has a user name")
    offered = invite.digest
    if offered is None or offered.stale:
        return NeedsDigest("no credentials yet" if offered is None else "the nonce is stale")
    for trunk in guarded:
        password = unseal(trunk.password or b"").decode()
        if trunk.username == offered.username and offered.matches(password):
            return trunk
    return Refused(403, f"{source} gave a wrong user name or password for {offered.username!r}")


def _serves(trunk: Trunk, number: Number) -> bool:
    """Whether calls to a number may come over a trunk: both are of one account. The built-in carrier's is
    everybody's. Two accounts may have the same carrier, so one source may be several trunks.
    """
    return trunk.simulated or trunk.account_id == number.account_id


def _from_source(trunk: Trunk, source: str) -> bool:
    address = ipaddress.ip_address(source)
    if trunk.simulated:
        return address.is_loopback
    return any(_within(address, network) for network in trunk.sources)


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _number(connection: Connection, user: str) -> Number | None:
    try:
        msisdn = e164.normalise(user)
    except Invalid:
        return None
    return numbers.get(connection, msisdn)
