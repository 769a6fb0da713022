"""Live calls of accounts that are gone or suspended: they are hung up.

Accounts change in another process, the command line, so whoever owns the clock asks `check` now and then.
"""

import logging

from offhook.calls import lifecycle, states
from offhook.calls.exchange import Exchange
from offhook.storage import accounts

log = logging.getLogger("offhook.calls")


async def check(exchange: Exchange) -> int:
    """Hang up what may not go on; gives the number of legs. Asks the database only while calls are up."""
    concerned = {leg.party.account_id for leg in exchange.live.legs.values()}
    if not concerned:
        return 0
    good = await exchange.ports.database.read(lambda rows: accounts.standing(rows, concerned))
    bad = concerned - good  # calls of other accounts may have begun while these were read
    ended = [leg for leg in exchange.live.legs.values() if leg.party.account_id in bad]
    for leg in ended:
        log.info("call %s ended: its account is suspended or deleted", leg.leg_id)
        lifecycle.hang_up(exchange, leg, states.HUNG_UP_BY_US if leg.answered else states.GIVEN_UP)
    return len(ended)
