"""S15, S17: everybody in a named conversation hears everybody but himself, until the last one leaves."""

from collections.abc import Callable

from tests.sequences.calls.conference import Conference

from offhook.testing.world import World

WELCOME = {"action": "talk", "text": "Welcome."}
ROOM = {"action": "conversation", "name": "room"}


def test_s15_all_hear_all_and_one_recording_is_made(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0, record=True)
    conference.enter("Bob", turn=1)
    conference.enter("Cleo", turn=2, record="true")
    conference.until_turn(4)
    conference.end()
    assert conference.heard("Ann") == ["Bob", "Cleo"]
    assert conference.heard("Bob") == ["Ann", "Cleo"]
    assert conference.heard("Cleo") == ["Ann", "Bob"]
    (record,) = conference.events("recording_url")
    transfers = conference.events("transfer")
    assert [event["uuid"] for event in transfers] == [conference.uuid(n) for n in ("Ann", "Bob", "Cleo")]
    assert {event["conversation_uuid_to"] for event in transfers} == {record["conversation_uuid"]}
    assert len({event["conversation_uuid_from"] for event in transfers}) == 3
    for name in ("Ann", "Bob", "Cleo"):
        leg = conference.uuid(name)
        assert world.scenario.statuses(leg) == ["started", "ringing", "answered", "completed"]
        over = next(e for e in world.scenario.events if e.get("status") == "completed" and e["uuid"] == leg)
        assert over["conversation_uuid"] == record["conversation_uuid"]
    assert world.scenario.events.index(record) == len(world.scenario.events) - 1


def test_a_greeting_is_heard_by_its_caller_alone(world: World) -> None:
    conference = Conference(world)
    conference.call("Ann", [WELCOME, ROOM])
    world.wait(1)
    conference.call("Bob", [WELCOME, ROOM])
    world.wait(3)
    conference.end()
    assert conference.heard("Ann") == conference.heard("Bob") == ["Welcome."]


def test_the_name_belongs_to_the_room_as_long_as_somebody_is_in(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Bob")
    conference.act("Ann", "hangup")
    conference.enter("Cleo")
    first = {event["conversation_uuid_to"] for event in conference.events("transfer")}
    assert len(first) == 1
    conference.act("Bob", "hangup")
    conference.act("Cleo", "hangup")
    world.wait(1)
    conference.enter("Dora")
    assert conference.events("transfer")[-1]["conversation_uuid_to"] not in first
    conference.end()


def test_another_name_is_another_room(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0)
    conference.call("Bob", [{"action": "conversation", "name": "Room"}])
    conference.until_turn(1)
    conference.end()
    assert conference.heard("Bob") == []
    assert len({event["conversation_uuid_to"] for event in conference.events("transfer")}) == 2


def test_s17_mute_and_earmuff_by_rest(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0)
    conference.enter("Bob", turn=1)
    conference.enter("Cleo", turn=2)
    conference.act("Ann", "mute")
    conference.until_turn(1)
    conference.act("Ann", "unmute")
    conference.act("Ann", "earmuff")
    conference.until_turn(2)
    conference.act("Ann", "unearmuff")
    conference.until_turn(4)
    conference.end()
    assert conference.heard("Ann") == ["Cleo"]
    assert conference.heard("Bob") == ["Cleo"]
    assert conference.heard("Cleo") == ["Bob"]


def test_a_leg_that_entered_muted_is_neither_heard_nor_recorded_until_it_is_unmuted(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0, mute=True, record=True)
    conference.enter("Bob", turn=1)
    conference.until_turn(1)
    conference.act("Ann", "unmute")
    conference.until_turn(2)
    conference.act("Ann", "mute")
    conference.act("Ann", "transfer", destination={"type": "ncco", "ncco": [{**ROOM, "name": "other"}]})
    conference.end()
    assert conference.heard("Bob") == []
    assert conference.heard("Ann") == ["Bob"]


def test_rest_audio_in_a_conversation_is_heard_by_its_leg_alone(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Bob", turn=1)
    world.wait(0.5)
    leg = conference.uuid("Ann")
    assert world.request("PUT", f"/v1/calls/{leg}/talk", {"text": "For Ann."})[0] == 200
    conference.until_turn(2)
    assert world.request("PUT", f"/v1/calls/{leg}/dtmf", {"digits": "12"})[0] == 200
    world.wait(1)
    conference.end()
    assert conference.heard("Ann") == ["For Ann.", "Bob"]
    assert conference.heard("Bob") == []
    assert (conference.reports["Ann"].digits, conference.reports["Bob"].digits) == ("12", "")


def test_s19_the_one_who_stays_can_be_sent_to_a_survey(world: World) -> None:
    conference = Conference(world)
    conference.enter("Customer")
    conference.enter("Agent")
    conference.act("Agent", "hangup")
    world.wait(0.5)
    world.app.serve("/survey", [{"action": "talk", "text": "Thanks."}])
    listen = {
        "action": "input",
        "type": ["dtmf"],
        "dtmf": {"timeOut": 1},
        "eventUrl": ["http://app.test/survey"],
    }
    survey = [{"action": "talk", "text": "How was it?"}, listen]
    conference.act("Customer", "transfer", destination={"type": "ncco", "ncco": survey})
    world.run(conference.calls["Customer"].done)
    conference.end()
    assert conference.heard("Customer") == ["How was it?", "Thanks."]
    moves = [e for e in conference.events("transfer") if e["uuid"] == conference.uuid("Customer")]
    assert moves[1]["conversation_uuid_from"] == moves[0]["conversation_uuid_to"]


def test_s38_a_full_conversation_refuses_and_the_leg_goes_on(make_world: Callable[..., World]) -> None:
    world = make_world(settings={"calls": {"conversation_size": 2}})
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Bob")
    conference.call("Cleo", [ROOM, {"action": "talk", "text": "No room."}])
    world.run(conference.calls["Cleo"].done)
    (error,) = conference.events("reason")
    assert error["reason"] == (
        "The conversation 'room' is full: it has 2 legs. "
        "Use another name, or raise OFFHOOK_CALLS__CONVERSATION_SIZE."
    )
    conference.act("Ann", "hangup")
    conference.enter("Dora")
    assert len(conference.events("transfer")) == 3
    conference.end()
    assert conference.heard("Cleo") == ["No room."]


def test_a_leg_on_hold_keeps_its_place_while_the_others_go_on(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0)
    conference.enter("Bob", turn=1)
    conference.enter("Cleo", turn=2)
    held = conference.calls["Cleo"]

    async def hold(active: bool) -> None:
        held.hold() if active else held.resume()

    world.run(hold(True))
    conference.until_turn(1)
    world.run(hold(False))
    conference.until_turn(4)
    conference.end()
    assert conference.heard("Cleo") == ["Bob"]
    assert conference.heard("Bob") == ["Ann", "Cleo"]
    assert conference.heard("Ann") == ["Bob", "Cleo"]


def test_connect_and_then_a_conversation(world: World) -> None:
    """Who was not reached leads on to the room; who was takes the call to its end."""
    connect = {
        "action": "connect",
        "from": world.number,
        "endpoint": [{"type": "phone", "number": "15550100790"}],
    }
    conference = Conference(world)
    conference.call("Ann", [connect, ROOM])
    conference.enter("Bob", turn=1)
    conference.until_turn(2)
    conference.end()
    assert conference.heard("Ann") == ["Bob"]


def test_a_callee_may_be_led_into_a_conversation_before_it_is_joined(world: World) -> None:
    """`onAnswer` with a conversation: the callee is there, and the caller's connect was for nothing."""
    endpoint = {"type": "phone", "number": "15550100742", "onAnswer": {"url": "http://app.test/whisper"}}
    connect = {"action": "connect", "from": world.number, "endpoint": [endpoint]}
    phone = world.phone("15550100742", 'wait 3; say "Callee"; wait-hangup')
    conference = Conference(world)
    world.app.serve("/whisper", [ROOM])
    conference.enter("Bob")
    conference.call("Ann", [connect, {"action": "talk", "text": "Alone."}])
    world.run(conference.calls["Ann"].done)
    world.wait(4)
    callee = next(e["uuid"] for e in world.scenario.events if e.get("to") == "15550100742")
    assert world.request("PUT", f"/v1/calls/{callee}", {"action": "hangup"})[0] == 204
    conference.end()
    assert conference.heard("Ann") == ["Alone."]
    assert conference.heard("Bob") == ["Callee"]
    assert world.heard(phone.calls[0].report) == []
