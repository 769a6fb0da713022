"""S30, S31, S35, S36, S39, S40: notify, single keys, SIP headers, keys on answer, loops, levels and waits."""

from typing import Any

import pytest

from offhook.audio import tones
from offhook.testing.world import World

A, B = "15550100777", "15550100742"


def talk(text: str, **options: Any) -> dict[str, Any]:
    return {"action": "talk", "text": text, **options}


def connect(**endpoint: Any) -> dict[str, Any]:
    return {
        "action": "connect",
        "from": World.number,
        "endpoint": [{"type": "phone", "number": B, **endpoint}],
    }


NOTIFY = {"action": "notify", "payload": {"step": 1, "names": ["a"]}, "eventUrl": ["http://app.test/step"]}


def test_s31_notify_comes_between_the_two_prompts(world: World) -> None:
    world.application({"/answer": [talk("One."), NOTIFY, talk("Two.")]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["One.", "Two."]
    (hook,) = world.app.at("/step")
    assert [*hook.json] == ["payload", "conversation_uuid", "timestamp"]
    assert hook.json["payload"] == {"step": 1, "names": ["a"]}
    assert report.media is not None
    assert report.media.started_at is not None
    starts = [report.media.started_at + heard.start_ms * 1_000_000 for heard in world.utterances(report)]
    assert starts[0] < hook.at < starts[1]


def test_s31_an_ncco_in_the_reply_replaces_the_rest(world: World) -> None:
    world.application({"/answer": [talk("One."), NOTIFY, talk("Two.")], "/step": [talk("Three.")]})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["One.", "Three."]


def test_s30_every_key_is_one_webhook(world: World) -> None:
    listen = {
        "action": "input",
        "mode": "asynchronous",
        "type": ["dtmf"],
        "eventUrl": ["http://app.test/keys"],
    }
    world.phone(B, "wait 0.5; tone 700 2; wait-hangup")
    world.application({"/answer": [listen, connect()]})
    report = world.call(A, world.number, "wait 2; press 4; wait 0.5; press 2#; wait 2; hangup")
    hooks = world.app.at("/keys")
    assert [hook.method for hook in hooks] == ["POST"] * 3
    assert [hook.json["dtmf"] for hook in hooks] == [
        {"digits": key, "timed_out": False} for key in ("4", "2", "#")
    ]
    assert sum(tone.duration_ms for tone in report.tones) >= 1900


LISTEN = {"action": "input", "mode": "asynchronous", "type": ["dtmf"], "eventUrl": ["http://app.test/keys"]}
PAUSE = {"action": "wait", "timeout": 30}


def test_s30_the_method_and_the_older_form_of_the_action_hold(world: World) -> None:
    old = {"action": "input", "mode": "asynchronous", "eventUrl": LISTEN["eventUrl"], "eventMethod": "GET"}
    world.application({"/answer": [old, PAUSE]})
    world.call(A, world.number, "wait 1; press 4; wait 1; hangup")
    (hook,) = world.app.at("/keys")
    assert (hook.method, hook.body) == ("GET", b"")
    assert [*hook.query] == ["dtmf", "timed_out", "from", "to", "uuid", "conversation_uuid", "timestamp"]
    assert (hook.query["dtmf"], hook.query["timed_out"], hook.query["from"]) == ("4", "false", A)


def test_s30_rest_takes_the_place_of_the_action_and_ends_it(world: World) -> None:
    world.application({"/answer": [LISTEN, PAUSE]})
    call = world.dial(A, world.number, "wait 1; press 1; wait 2; press 2; wait 2; press 3; wait-hangup")
    world.wait(2)
    path = f"/v1/calls/{world.scenario.events[0]['uuid']}"
    assert world.request("PUT", path + "/input/dtmf", {"event_url": ["http://app.test/other"]})[0] == 200
    world.wait(2)
    assert world.request("DELETE", path + "/input/dtmf") == (200, None)
    world.wait(3)
    assert world.request("PUT", path, {"action": "hangup"})[0] == 204
    world.run(call.done)
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/keys")] == ["1"]
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/other")] == ["2"]


def test_s30_a_prompt_is_interrupted_by_a_key_that_is_told(world: World) -> None:
    long = "This is a long text that nobody wants to hear."
    world.application({"/answer": [talk(long, bargeIn=True), LISTEN, talk("Next."), PAUSE]})
    report = world.call(A, world.number, "wait 1; press 7; wait 4; hangup")
    assert world.heard(report) == ["Next."]
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/keys")] == ["7"]


def test_s31_the_method_of_the_action_holds(world: World) -> None:
    world.application({"/answer": [{**NOTIFY, "eventMethod": "get"}, talk("Two.")]})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["Two."]
    (hook,) = world.app.at("/step")
    assert hook.method == "GET"
    assert [*hook.query] == ["payload", "conversation_uuid", "timestamp"]
    assert hook.query["payload"] == '{"step":1,"names":["a"]}'
    assert hook.query["conversation_uuid"] == world.scenario.events[0]["conversation_uuid"]


def test_s31_nothing_is_heard_while_the_reply_is_awaited(world: World) -> None:
    world.app.serve("/step", delay=2.0)
    world.application({"/answer": [talk("One."), NOTIFY, talk("Two.")]})
    first, second = world.utterances(world.call(A, world.number, "wait-hangup"))
    between = second.start_ms - first.start_ms - first.duration_ms - 160
    assert 1950 <= between <= 2150


def test_s35_sip_headers_reach_the_answer_webhook(world: World) -> None:
    world.application({"/answer": [talk("Hello.")]})
    headers = (
        ("X-UserId", "1938ND9"),
        ("X-NexmoFoo", "no"),
        ("X-Vonage-Bar", "no"),
        ("User-to-User", "ab;encoding=hex"),
    )

    async def call() -> Any:
        phone = world.scenario.phone(A)
        return await phone.call(world.number, ("127.0.0.1", 5060), headers=headers).done

    world.run(call())
    (answer,) = world.app.at("/answer")
    told = {name: value for name, value in answer.query.items() if name.startswith("SipHeader_")}
    assert told == {"SipHeader_X-UserId": "1938ND9", "SipHeader_User-to-User": "ab;encoding=hex"}
    assert [*answer.query][:4] == ["to", "from", "conversation_uuid", "uuid"]


def test_s36_keys_are_sent_to_the_party_that_answers(world: World) -> None:
    phone = world.phone(B, "wait 4; hangup")
    world.application({"/answer": [connect(dtmfAnswer="2p02p")]})
    world.call(A, world.number, "wait-hangup")
    callee = phone.calls[0].report
    assert callee.digits == "202"
    first, second, third = (key.at_ms for key in callee.keys)
    assert second - first >= 500
    assert third - second < 500


def test_s39_a_stream_is_played_twice_and_then_the_next_action(world: World) -> None:
    url = world.audio_file("/tone.wav", tones.sine(800.0, 500, 8_000.0))
    world.application({"/answer": [{"action": "stream", "streamUrl": [url], "loop": 2}, talk("After.")]})
    report = world.call(A, world.number, "wait-hangup")
    assert abs(sum(tone.duration_ms for tone in report.tones if round(tone.hertz, -1) == 800) - 1000) <= 40
    (after,) = world.utterances(report)
    assert after.text == "After."
    assert after.start_ms > 1000


def test_s39_a_talk_is_spoken_as_often_as_its_loop_says(world: World) -> None:
    world.application({"/answer": [talk("Three.", loop="3"), talk("After.")]})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["Three."] * 3 + ["After."]


def test_s39_loop_zero_goes_on_until_the_caller_hangs_up(world: World) -> None:
    world.application({"/answer": [talk("Again and again.", loop=0), talk("Never.")]})
    report = world.call(A, world.number, "wait 4; hangup")
    heard = world.heard(report)
    assert len(heard) >= 5
    assert set(heard) == {"Again and again."}


def test_s39_levels(world: World) -> None:
    url = world.audio_file("/tone.wav", tones.sine(800.0, 1000, 4_000.0))
    stream = {"action": "stream", "streamUrl": [url]}
    pause = {"action": "wait", "timeout": 0.5}
    document = [{**stream, "level": "-1"}, pause, {**stream, "level": 0}, pause, {**stream, "level": 1}]
    world.application({"/answer": document})
    report = world.call(A, world.number, "wait-hangup")
    quiet, plain, loud = (segment.level for segment in report.segments)
    assert abs(plain + 21.3) < 0.3
    assert quiet < plain - 3
    assert loud > plain + 3


def test_s39_an_unreachable_file_is_told_and_passed_over(world: World) -> None:
    document = [{"action": "stream", "streamUrl": ["http://files.test/none.wav"]}, talk("After.")]
    world.application({"/answer": document})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["After."]
    assert len([event for event in world.scenario.events if "reason" in event]) == 1


@pytest.mark.parametrize(
    ("timeout", "gap"),
    [({"timeout": 0.5}, 500), ({}, 10_000), ({"timeout": 0.01}, 100), ({"timeout": "2"}, 2000)],
)
def test_s40_a_wait_between_two_prompts(world: World, timeout: dict[str, Any], gap: int) -> None:
    world.application({"/answer": [talk("One."), {"action": "wait", **timeout}, talk("Two.")]})
    first, second = world.utterances(world.call(A, world.number, "wait-hangup"))
    # Each prompt of the tone code begins and ends with silence of its own, 160 ms in all.
    between = second.start_ms - first.start_ms - first.duration_ms - 160
    assert abs(between - gap) <= 100
