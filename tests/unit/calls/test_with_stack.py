"""The domain over the real SIP stack: one phone, one platform, messages over a network in memory."""

from typing import Any

from tests.unit.calls.bench import CALLEE, CALLER, OFFER, OWN, Bench, say

from offhook.ipc import media
from offhook.sdp import negotiator
from offhook.sip import commands, events
from offhook.sip.flow import Address, Flow
from offhook.sip.stack import SipStack, StackConfig
from offhook.testing.wire import Network
from offhook.transport.driver import SipDriver

PLATFORM, PHONE = ("127.0.0.1", 5060), ("127.0.0.1", 5070)


class Element:
    """A SIP stack at an address."""

    def __init__(
        self, bench: Bench, network: Network, address: Address, on_event: Any, keep: Any = lambda marks: None
    ) -> None:
        config = StackConfig(address[0], address[1], "test", b"secret")
        self.seen: list[Any] = []
        self.stack = SipStack(config, bench.ids)

        def note(event: events.Event) -> None:
            self.seen.append(event)
            if on_event is not None:
                on_event(event)

        self.driver = SipDriver(
            self.stack,
            bench.loop.clock,
            lambda data, flow: network.send(data, address, flow.remote),
            note,
            bench.loop,
            keep=lambda: keep(self.stack.marks()),
        )
        network.unbind(address)
        network.bind(address, lambda data, source: self.driver.feed(data, Flow("udp", address, source)))

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.seen]


class Line:
    """A platform and a phone that hear each other; `sip` of the bench goes to a real stack."""

    def __init__(self, bench: Bench) -> None:
        self.network = Network(bench.loop, 1)
        self.bench = bench
        self.phone = Element(bench, self.network, PHONE, None)
        self.platform = self.restart(bench)

    def restart(self, bench: Bench) -> Element:
        platform = Element(
            bench,
            self.network,
            PLATFORM,
            lambda event: bench.calls.on_sip(event),
            lambda marks: bench.calls.on_marks(marks),
        )
        bench.sip_port.marks = lambda marks: None  # the real stack has its own
        bench.sip_port.react = platform.driver.command
        bench.sip_port.unanswered = lambda: platform.stack.unanswered  # type: ignore[method-assign]
        bench.sip_port.dump = platform.stack.dump  # type: ignore[method-assign]
        bench.sip_port.load = platform.stack.load  # type: ignore[method-assign]
        return platform

    def call(self) -> None:
        to = f"sip:{OWN}@127.0.0.1:5060"
        flow = Flow("udp", PHONE, PLATFORM)
        self.phone.driver.command(commands.Dial("out", to, f"sip:{CALLER}@127.0.0.1", OFFER, flow))

    def close(self) -> None:
        self.phone.driver.close()
        self.platform.driver.close()


def test_inbound_call_and_bye_from_the_platform(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        bench.webhooks.documents["http://app.example/answer"] = [say("Hello")]
        line.call()
        await bench.settle(0.1)
        assert line.phone.names() == ["Ringing", "Answered"]
        assert bench.last(media.Play).prompt == "/say Hello"
        await bench.play_out()
        await bench.settle(0.1)
        assert line.phone.names() == ["Ringing", "Answered", "Ended"]
        assert bench.webhook_names == [
            f"{what}>{OWN}" for what in ("started", "ringing", "answered", "completed")
        ]
        assert line.platform.stack.unanswered == 0
        line.close()

    world(script)


def test_caller_cancels(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        bench.webhooks.documents["http://app.example/answer"] = bench.loop.create_future()
        line.call()
        await bench.settle(0.1)
        line.phone.driver.command(commands.HangUp("out"))
        await bench.settle(0.1)
        assert line.phone.names() == ["Ringing", "Failed"]
        assert bench.webhook_names[-2:] == [f"cancelled>{OWN}", f"completed>{OWN}"]
        line.close()

    world(script)


def test_unknown_number_is_refused_on_the_wire(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        to = "sip:15550009999@127.0.0.1:5060"
        flow = Flow("udp", PHONE, PLATFORM)
        line.phone.driver.command(commands.Dial("out", to, f"sip:{CALLER}@127.0.0.1", OFFER, flow))
        await bench.settle(0.1)
        assert line.phone.seen[-1].status == 404
        line.close()

    world(script)


def test_outbound_call_that_the_phone_answers_and_ends(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        await bench.calls.create(bench.request())
        await bench.settle(0.1)
        invite = line.phone.seen[-1]
        assert isinstance(invite, events.InviteReceived)
        line.phone.driver.command(commands.Ring(invite.session))
        answer = negotiator.answer(invite.offer, "127.0.0.1", 5000).body
        line.phone.driver.command(commands.Answer(invite.session, answer))
        await bench.settle(0.1)
        line.phone.driver.command(commands.HangUp(invite.session))
        await bench.settle(0.1)
        assert bench.webhook_names == [
            f"{what}>{CALLEE}" for what in ("started", "ringing", "answered", "completed")
        ]
        assert bench.body(f"completed>{CALLEE}")["disconnected_by"] == "user"
        line.close()

    world(script)


def test_outbound_call_given_up_before_any_answer(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        leg = await bench.calls.create(bench.request())
        await bench.settle(0.1)
        line.phone.driver.command(commands.Ring(line.phone.seen[-1].session))
        await bench.settle(0.1)
        await bench.calls.hang_up(leg.leg_id)
        await bench.settle(0.1)
        assert line.phone.names() == ["InviteReceived", "Ended"]
        assert bench.webhook_names[-2:] == [f"cancelled>{CALLEE}", f"completed>{CALLEE}"]
        assert line.platform.stack.unanswered == 0
        line.close()

    world(script)


def test_new_process_says_bye_in_the_stored_dialog(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        bench.webhooks.documents["http://app.example/answer"] = [say("Hello", loop=0)]
        line.call()
        await bench.settle(0.1)
        assert line.phone.names() == ["Ringing", "Answered"]
        line.platform.driver.close()
        bench.calls = bench.fresh()
        line.platform = line.restart(bench)
        assert await bench.calls.recover() == 1
        await bench.settle(0.1)
        assert line.phone.names() == ["Ringing", "Answered", "Ended"]
        assert line.phone.seen[-1].by == "remote"
        assert bench.webhook_names[-1] == f"completed>{OWN}"
        assert line.platform.stack.unanswered == 0
        line.close()

    world(script)


def test_closing_waits_for_the_answer_to_its_bye(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        bench.webhooks.documents["http://app.example/answer"] = [say("Hello", loop=0)]
        line.call()
        await bench.settle(0.1)
        await bench.calls.close(0)
        await bench.settle(0.1)
        assert line.phone.names()[-1] == "Ended"
        line.close()

    world(script)


def test_bye_that_is_lost_is_said_again_before_the_end_of_the_process(world: Any) -> None:
    async def script(bench: Bench) -> None:
        line = Line(bench)
        bench.webhooks.documents["http://app.example/answer"] = [say("Hello")]
        line.call()
        await bench.settle(0.1)
        said: list[bytes] = []
        hear = line.network.send

        def lossy(data: bytes, source: Address, destination: Address) -> None:
            if data.startswith(b"BYE "):
                said.append(data)
            if len(said) != 1:
                hear(data, source, destination)

        line.network.send = lossy  # type: ignore[method-assign]
        began = bench.loop.time()
        await bench.calls.close(0.0)
        line.close()
        assert len(said) == 2
        assert line.phone.names()[-1] == "Ended"
        assert bench.loop.time() - began < 1.0

    world(script)
