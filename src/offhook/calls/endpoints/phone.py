"""The `phone` endpoint: a number, dialled over a trunk.

The From user is the number shown, at the platform's SIP domain; `shaken` goes out unchanged as the Identity
header (RFC 8224).
"""

from offhook.calls.endpoints.plan import DialPlan, Unroutable
from offhook.calls.exchange import Exchange
from offhook.calls.trunk_choice import NoTrunk, choose
from offhook.ncco.effects import PhoneEndpoint
from offhook.sip.commands import Credentials
from offhook.storage import trunks
from offhook.storage.records import Trunk


async def plan(
    exchange: Exchange, endpoint: PhoneEndpoint, account_id: str, shown: str
) -> DialPlan | Unroutable:
    """Choose the trunk and make the INVITE's addresses. `shown` is the user part of From."""
    known = await exchange.ports.database.read(lambda rows: trunks.list(rows, enabled=True))
    ours = [trunk for trunk in known if trunk.simulated or trunk.account_id == account_id]
    trunk = choose(ours, endpoint.number, simulator_active=exchange.settings.simulator_active)
    if isinstance(trunk, NoTrunk):
        return Unroutable(trunk.reason, trunk.rule)
    try:
        flow = await exchange.ports.sip.locate(trunk.host, trunk.port, trunk.transport)
    except OSError as error:
        return Unroutable(f"the trunk {trunk.name} at {trunk.host} has no address: {error}")
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    port = f":{trunk.port}" if trunk.port else ""  # 0: the trunk takes a free port at each start
    transport = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    return DialPlan(
        uri=f"sip:{endpoint.number}@{host}{port}{transport}",
        from_uri=f"sip:{shown}@{exchange.settings.sip_domain}",
        destination=flow,
        headers=(("Identity", endpoint.shaken),) if endpoint.shaken else (),
        credentials=_credentials(exchange, trunk),
    )


def _credentials(exchange: Exchange, trunk: Trunk) -> Credentials | None:
    if not trunk.username or trunk.password is None:
        return None
    return Credentials(trunk.username, exchange.ports.unseal(trunk.password).decode())
