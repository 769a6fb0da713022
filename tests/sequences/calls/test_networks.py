"""Bad networks, strangers and noise: calls go on, nothing crashes."""

import difflib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.testing.wire import Conditions
from offhook.testing.world import PLATFORM, World

A = "15550100777"
TEXT = "The quick brown fox jumps over the lazy dog while five boxing wizards look on."
MENU: list[dict[str, Any]] = [
    {"action": "talk", "text": TEXT},
    {
        "action": "input",
        "type": ["dtmf"],
        "dtmf": {"maxDigits": 4, "timeOut": 5},
        "eventUrl": ["http://app.test/keys"],
    },
]
STRANGER = ("127.0.0.1", 39_999)


def test_loss_and_jitter_leave_most_of_the_words_and_all_of_the_keys(world: World) -> None:
    world.network.conditions = Conditions(delay=0.02, jitter=0.06, loss=0.05)
    world.application({"/answer": MENU})
    script = "wait-speech; wait-silence 1; press 2468; wait-hangup"
    report = world.call(A, world.number, script)
    world.network.conditions = Conditions()
    assert world.network.lost > 10
    heard = "".join(utterance.text for utterance in world.utterances(report))
    assert difflib.SequenceMatcher(None, heard, TEXT, autojunk=False).ratio() > 0.7
    assert world.app.at("/keys")[0].json["dtmf"]["digits"] == "2468"
    uuid = world.scenario.events[0]["uuid"]
    assert world.scenario.statuses(uuid) == ["started", "ringing", "answered", "completed"]


def test_packets_that_come_twice_change_nothing(world: World) -> None:
    world.network.conditions = Conditions(duplicate=0.5)
    world.application({"/answer": MENU})
    report = world.call(A, world.number, "wait-speech; wait-silence 1; press 2468; wait-hangup")
    world.network.conditions = Conditions()
    assert world.heard(report) == [TEXT]
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/keys")] == ["2468"]
    assert len(world.app.at("/answer")) == 1


MUTATION = st.tuples(st.integers(0, 7), st.integers(0, 400), st.binary(max_size=12))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(noise=st.lists(st.binary(max_size=300), max_size=30), mutations=st.lists(MUTATION, max_size=30))
def test_noise_at_every_port_does_not_disturb_a_call(
    errors: Any, noise: list[bytes], mutations: list[tuple[int, int, bytes]]
) -> None:
    with World(seed=1) as world:
        seen: list[bytes] = []

        def keep(data: bytes) -> bytes:
            if len(data) > 200 and b"SIP/2.0" in data:
                seen.append(data)
            return data

        world.network.alter = keep
        world.application({"/answer": MENU})
        call = world.dial(A, world.number, "wait-speech; wait-silence 1; press 2468; wait-hangup")
        world.wait(0.4)
        world.network.alter = None
        altered = [_altered(seen[which % len(seen)], at, piece) for which, at, piece in mutations]
        for data in [*noise, *altered]:
            world.network.send(data, STRANGER, PLATFORM)
            for port in [address for address in world.network.bound if 20_000 <= address[1] < 30_000]:
                world.network.send(data, STRANGER, port)
        report = world.run(call.done)
        world.wait(1)
        assert world.heard(report)[0] == TEXT
        assert world.app.at("/keys")[0].json["dtmf"]["digits"] == "2468"
        assert errors.lines == []


def _altered(message: bytes, at: int, piece: bytes) -> bytes:
    """A message of the call with a piece of it overwritten."""
    place = at % len(message)
    return message[:place] + piece + message[place + len(piece) :]


def test_a_stranger_cannot_end_a_call(world: World) -> None:
    """A BYE with the right Call-ID but without the dialog's tags."""
    seen: list[bytes] = []

    def keep(data: bytes) -> bytes:
        if data.startswith(b"INVITE"):
            seen.append(data)
        return data

    world.network.alter = keep
    world.application({"/answer": MENU})
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(0.4)
    bye = (
        seen[0]
        .partition(b"\r\n\r\n")[0]
        .replace(b"INVITE", b"BYE")
        .replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")
    )
    headers = [line for line in bye.split(b"\r\n") if not line.lower().startswith(b"content-")]
    world.network.send(b"\r\n".join([*headers, b"Content-Length: 0", b"", b""]), STRANGER, PLATFORM)
    report = world.run(call.done)
    assert world.heard(report) == [TEXT]
