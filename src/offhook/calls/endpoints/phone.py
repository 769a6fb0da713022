"""The `phone` endpoint: a number, dialled over a trunk.

The From user is the number shown, at the platform's SIP domain; `shaken` goes out unchanged as the Identity
header (RFC 8224).
"""

import logging
from functools import partial

from offhook.calls.endpoints.plan import DialPlan, Elsewhere, Unroutable
from offhook.calls.exchange import Exchange
from offhook.calls.trunk_choice import NoTrunk, choose
from offhook.ncco.effects import PhoneEndpoint
from offhook.sip.commands import Credentials
from offhook.sip.flow import Flow
from offhook.storage import trunks
from offhook.storage.records import Trunk

log = logging.getLogger("offhook.calls")


async def plan(
    exchange: Exchange, endpoint: PhoneEndpoint, account_id: str, shown: str
) -> DialPlan | Unroutable:
    """Choose the trunks and make the INVITE's addresses. `shown` is the user part of From."""
    known = await exchange.ports.database.read(lambda rows: trunks.list(rows, enabled=True))
    ours = [trunk for trunk in known if trunk.simulated or trunk.account_id == account_id]
    settings = exchange.settings
    chosen = choose(
        ours,
        endpoint.number,
        simulator_active=settings.simulator_active,
        destinations=settings.destinations,
    )
    if isinstance(chosen, NoTrunk):
        return Unroutable(chosen.reason, chosen.rule)
    return await _over(exchange, endpoint, shown, tuple(chosen))


async def _over(
    exchange: Exchange, endpoint: PhoneEndpoint, shown: str, trunks: tuple[Trunk, ...]
) -> DialPlan | Unroutable:
    """A plan for the first of these trunks whose name has an address; the others are `elsewhere`."""
    problem = ""
    for n, trunk in enumerate(trunks):
        try:
            flow = await exchange.ports.sip.locate(trunk.host, trunk.port, trunk.transport)
        except OSError as error:
            problem = f"the trunk {trunk.name} at {trunk.host} has no address: {error}"
            log.warning("%s", problem)
            continue
        others = trunks[n + 1 :]
        elsewhere = partial(_over, exchange, endpoint, shown, others) if others else None
        return _by(exchange, endpoint, shown, trunk, flow, elsewhere)
    return Unroutable(problem)


def _by(
    exchange: Exchange,
    endpoint: PhoneEndpoint,
    shown: str,
    trunk: Trunk,
    flow: Flow,
    elsewhere: Elsewhere | None,
) -> DialPlan:
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    port = f":{trunk.port}" if trunk.port else ""  # 0: the trunk takes a free port at each start
    transport = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    return DialPlan(
        uri=f"sip:{endpoint.number}@{host}{port}{transport}",
        from_uri=f"sip:{shown}@{exchange.settings.sip_domain}",
        destination=flow,
        headers=(("Identity", endpoint.shaken),) if endpoint.shaken else (),
        credentials=credentials_of(exchange, trunk),
        trunk_id=trunk.trunk_id,
        elsewhere=elsewhere,
    )


def readable_credentials_of(exchange: Exchange, trunk: Trunk) -> Credentials | None:
    """The same for a call that goes on without them, where the password cannot be read."""
    try:
        return credentials_of(exchange, trunk)
    except Exception as error:  # another key than the one it was sealed with: a BYE may do without
        log.error("the password of trunk %s cannot be read: %s", trunk.trunk_id, error)
        return None


def credentials_of(exchange: Exchange, trunk: Trunk) -> Credentials | None:
    """What answers the challenges of a trunk; None for one without a user name."""
    if not trunk.username or trunk.password is None:
        return None
    return Credentials(trunk.username, exchange.ports.unseal(trunk.password).decode())
