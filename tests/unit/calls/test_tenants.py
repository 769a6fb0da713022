"""Two accounts on one platform: neither calls, is called, nor goes on by what belongs to the other."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.calls.bench import CALLEE, OWN, Bench, dial, say

from offhook.core.errors import Invalid
from offhook.sip import commands
from offhook.sip.events import Confirmed, DigestOffered
from offhook.sip.flow import Flow
from offhook.storage import accounts, applications, numbers, trunks
from offhook.storage.records import Account, Number, Trunk

THEIRS = "442079469999"
CARRIER = Flow("udp", ("127.0.0.1", 5060), ("192.0.2.10", 5060))
STRANGER = Flow("udp", ("127.0.0.1", 5060), ("198.51.100.1", 5060))


def trunk(account: str, source: str, **changed: Any) -> Trunk:
    plain = Trunk(
        trunk_id=f"t-{account}",
        account_id=account,
        name="carrier",
        simulated=False,
        host="192.0.2.10",
        port=5060,
        transport="udp",
        username=None,
        password=None,
        sources=(source,),
        prefixes=("44",),
        priority=1,
        enabled=True,
        created_at=1,
    )
    return replace(plain, **changed)


def move_in(bench: Bench, *theirs: Trunk, linked: str | None = "app-2") -> None:
    """A second account with an application of its own, a number, and these trunks."""
    ours = bench.database.transact(lambda rows: applications.get(rows, "app-1"))
    assert ours is not None

    def rows(connection: Any) -> None:
        accounts.insert(connection, Account("acc-2", "key-2", "second", b"", 2))
        applications.insert(connection, replace(ours, application_id="app-2", account_id="acc-2"))
        numbers.insert(connection, Number(THEIRS, "acc-2", linked, "GB", "landline", ("VOICE",), 1))
        for each in theirs:
            trunks.insert(connection, each)

    bench.database.transact(rows)


def suspend(bench: Bench, account_id: str, at: int | None = 5) -> None:
    bench.database.transact(lambda rows: accounts.change(rows, account_id, suspended_at=at))


def owner(bench: Bench) -> tuple[str, str]:
    leg = next(iter(bench.calls.exchange.live.legs.values()))
    return leg.party.account_id, leg.party.application_id


def test_a_trunk_brings_calls_to_numbers_of_its_account_only(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench, trunk("acc-2", "192.0.2.0/24"))
        await bench.ring_in([say("Hello")], flow=CARRIER, user=OWN)
        assert bench.last(commands.Reject).status == 404
        await bench.ring_in([say("Hello")], flow=CARRIER, user=THEIRS, session="in-2")
        assert owner(bench) == ("acc-2", "app-2")

    world(script)


def test_two_accounts_may_have_the_same_carrier(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench, trunk("acc", "192.0.2.0/24"), trunk("acc-2", "192.0.2.0/24"))
        await bench.ring_in([say("Hello")], flow=CARRIER, user=THEIRS)
        assert owner(bench) == ("acc-2", "app-2")
        await bench.ring_in([say("Hello")], flow=CARRIER, user=OWN, session="in-2")
        assert [leg.party.account_id for leg in bench.calls.exchange.live.legs.values()] == ["acc-2", "acc"]

    world(script)


def test_a_digest_user_reaches_the_numbers_of_its_account_only(world: Any) -> None:
    async def script(bench: Bench) -> None:
        ours = trunk("acc", "203.0.113.0/24", username="user", password=b"ours", sources=())
        theirs = trunk("acc-2", "203.0.113.0/24", username="user", password=b"theirs", sources=())
        move_in(bench, ours, theirs)
        offered = DigestOffered("user", "realm", False, lambda password: password == "theirs")
        await bench.ring_in([say("Hello")], flow=STRANGER, digest=offered, user=OWN)
        assert bench.last(commands.Reject).status == 404
        await bench.ring_in([say("Hello")], flow=STRANGER, digest=offered, user=THEIRS, session="in-2")
        assert owner(bench) == ("acc-2", "app-2")

    world(script)


def test_a_number_never_rings_another_accounts_application(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench, linked="app-1")
        await bench.ring_in([say("Hello")], user=THEIRS)
        assert bench.last(commands.Reject).status == 603
        assert bench.calls.live_legs == 0

    world(script)


def test_another_accounts_number_is_no_caller_id(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench)
        with pytest.raises(Invalid, match="not a number of this account"):
            await bench.calls.create(bench.request(from_number=THEIRS))

    world(script)


def test_a_trunk_carries_the_calls_of_its_account_only(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench, trunk("acc-2", "192.0.2.0/24"))
        bench.database.transact(lambda rows: trunks.delete(rows, "t-sim"))
        await bench.calls.create(bench.request())
        await bench.settle()
        assert "Dial" not in bench.sip_names
        assert any(name.startswith("failed") for name in bench.webhook_names)
        bench.database.transact(lambda rows: trunks.insert(rows, trunk("acc", "192.0.2.0/24")))
        await bench.calls.create(bench.request())
        await bench.settle()
        assert bench.last(commands.Dial).uri == f"sip:{CALLEE}@192.0.2.10:5060"

    world(script)


def test_conversations_of_the_same_name_are_two(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench)
        ncco = [{"action": "conversation", "name": "standup"}]
        await bench.call_in(ncco)
        await bench.ring_in(ncco, user=THEIRS, session="in-2")
        await bench.sip(Confirmed("in-2", b""))
        rooms = bench.calls.exchange.live.rooms
        assert sorted(rooms) == [("app-1", "standup"), ("app-2", "standup")]
        assert [len(conversation.legs) for conversation in rooms.values()] == [1, 1]

    world(script)


def test_a_suspended_account_is_not_called_and_its_calls_end(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench)
        await bench.call_in([dial()])
        await bench.ring_in([say("Hello")], user=THEIRS, session="in-2")
        assert await bench.calls.check_accounts() == 0
        assert bench.calls.live_legs == 3
        suspend(bench, "acc")
        assert await bench.calls.check_accounts() > 0
        await bench.settle()
        assert [leg.party.account_id for leg in bench.calls.exchange.live.legs.values()] == ["acc-2"]
        ended = [each for each in bench.rows() if each.account_id == "acc"]
        assert {each.status for each in ended} == {"completed"}
        await bench.ring_in([say("Hello")], user=OWN, session="in-3")
        assert bench.last(commands.Reject).status == 603
        suspend(bench, "acc", None)
        await bench.ring_in([say("Hello")], user=OWN, session="in-4")
        assert bench.calls.live_legs == 2

    world(script)


def test_a_deleted_accounts_calls_end_and_its_number_is_nobodys(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench)
        await bench.call_in([say("Hello", loop=0)], user=THEIRS)
        bench.database.transact(lambda rows: accounts.delete(rows, "acc-2"))
        assert await bench.calls.check_accounts() == 1
        assert bench.calls.live_legs == 0
        await bench.ring_in([say("Hello")], user=THEIRS, session="in-2")
        assert bench.last(commands.Reject).status == 404

    world(script)


def test_nobody_is_asked_about_while_no_call_is_up(world: Any) -> None:
    async def script(bench: Bench) -> None:
        async def read(fn: Any) -> Any:
            raise AssertionError("the database was asked")

        bench.database.read = read  # type: ignore[method-assign]
        assert await bench.calls.check_accounts() == 0

    world(script)


def test_a_call_that_begins_while_the_accounts_are_read_goes_on(world: Any) -> None:
    async def script(bench: Bench) -> None:
        move_in(bench)
        await bench.call_in([say("Hello", loop=0)])
        read = bench.database.read

        async def slowly(fn: Any) -> Any:
            found = await read(fn)
            bench.database.read = read  # type: ignore[method-assign]
            await bench.ring_in([say("Hello")], user=THEIRS, session="in-2")
            return found

        bench.database.read = slowly  # type: ignore[method-assign]
        assert await bench.calls.check_accounts() == 0
        assert bench.calls.live_legs == 2

    world(script)
