"""Two phones on real sockets call each other directly; and the carrier's door for other processes."""

import asyncio
from pathlib import Path

import pytest

from offhook.core.clock import SystemClock
from offhook.core.errors import Conflict, NotFound
from offhook.core.ids import RandomIds
from offhook.simulator.behaviour import Answers
from offhook.simulator.carrier import Carrier
from offhook.simulator.control import CarrierControl, register
from offhook.simulator.phone import Phone
from offhook.simulator.script import parse
from offhook.simulator.wire import UdpWire

pytestmark = pytest.mark.interop
HOST = "127.0.0.1"


def test_a_tone_one_way_and_keys_the_other() -> None:
    async def scene() -> None:
        wire, clock, ids = UdpWire(), SystemClock(), RandomIds()
        answers = Answers(0.3, parse("wait 0.3; tone 1234 1; wait-hangup"))
        caller = Phone.on(wire, clock, ids, HOST, "100")
        callee = Phone.on(wire, clock, ids, HOST, "200", answers)
        script = parse("wait-speech 5; wait-silence 0.4; press 12#; hangup")
        report = await asyncio.wait_for(caller.call("200", callee.address, script).done, 45)
        other = await asyncio.wait_for(callee.calls[0].done, 45)
        await caller.agent.close()
        await callee.agent.close()
        wire.close()
        (tone, *_) = report.tones
        assert tone.hertz == pytest.approx(1_234, abs=3)
        assert other.digits == "12#"
        assert [status.status for status in report.statuses] == [180, 200]
        assert (report.problems, other.problems, report.lost, other.lost) == ([], [], 0, 0)

    asyncio.run(scene())


def test_a_phone_in_another_process_has_a_number_while_it_is_connected(tmp_path: Path) -> None:
    path = str(tmp_path / "carrier.sock")

    async def scene() -> None:
        wire, clock, ids = UdpWire(), SystemClock(), RandomIds()
        carrier = Carrier(wire, clock, ids, HOST)
        control = CarrierControl(carrier, path, (HOST, 5060))
        with pytest.raises(NotFound, match="start it first"):
            await register(path, "15550190", (HOST, 1))
        await control.start()
        with pytest.raises(Conflict, match="number"):
            await register(path, "", (HOST, 1))
        phone = Phone.on(wire, clock, ids, HOST, "15550190", Answers(0.1, parse("tone 600 0.5; hangup")))
        platform = Phone.on(wire, clock, ids, HOST, "platform")
        registration = await register(path, "15550190", phone.address)
        assert registration.platform == (HOST, 5060)
        report = await asyncio.wait_for(platform.call("15550190", carrier.address).done, 45)
        assert report.answered_ms is not None
        await registration.close()
        await asyncio.sleep(0.05)
        report = await asyncio.wait_for(platform.call("15550190", carrier.address).done, 45)
        assert report.ending is not None
        assert report.ending.status == 486
        await control.close()
        for agent in (carrier.agent, phone.agent, platform.agent):
            await agent.close()
        wire.close()

    asyncio.run(scene())
