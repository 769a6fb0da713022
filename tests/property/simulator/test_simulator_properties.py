"""Whatever comes in from people or from the network, a phone goes on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.core.errors import Invalid
from offhook.core.ids import SeededIds
from offhook.rtp.packet import RtpPacket
from offhook.simulator.receiver import Receiver
from offhook.simulator.script import parse
from offhook.simulator.sender import Sender

words = st.sampled_from(["wait", "press", "say", "tone", ";", "1", "'x'", '"', "hangup", "\\", "#"])


@given(st.text(max_size=60) | st.lists(words).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_a_script_is_steps_or_a_named_mistake(text: str) -> None:
    try:
        mistake = "" if isinstance(parse(text), tuple) else "not steps"
    except Invalid as error:
        mistake = error.field
    assert mistake in ("", "script")


@given(st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=200) | st.none()), max_size=60))
@settings(max_examples=80, deadline=None)
def test_any_datagrams_in_any_order_leave_a_steady_clock(arrivals: list[tuple[int, bytes | None]]) -> None:
    sender, receiver = Sender(SeededIds(1)), Receiver(event_type=101)
    packets = [sender.packet() for _ in range(41)]
    for number, (place, junk) in enumerate(arrivals):
        receiver.receive(number * 20_000_000, packets[place] if junk is None else junk, number * 20)
        frame = receiver.frame()
        assert frame is None or frame.size == 160
    assert receiver.lost >= 0


@given(st.text("0123456789*#ABCD", max_size=8), st.integers(20, 300))
@settings(max_examples=50, deadline=None)
def test_every_key_that_is_pressed_is_read(keys: str, tone_ms: int) -> None:
    sender, receiver = Sender(SeededIds(2)), Receiver(event_type=101)
    sender.event_type = 101
    for key in keys:
        sender.press(key, tone_ms, lambda: None)
    for number in range(20 * len(keys) + 1):
        data = sender.packet()
        assert RtpPacket.parse(data).ssrc
        receiver.receive(number * 20_000_000, data, number * 20)
    assert "".join(key.key for key in receiver.keys) == keys
