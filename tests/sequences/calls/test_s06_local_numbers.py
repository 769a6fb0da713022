"""S06: two numbers, one application; only the third prompt can be interrupted."""

from typing import Any

from offhook.simulator.app_server import Webhook
from offhook.testing.world import World

OTHER = "15550100002"
CITIES = {World.number: "Welcome to the Chicago office.", OTHER: "Welcome to the Boston office."}


def menu(webhook: Webhook) -> Any:
    return [
        {"action": "talk", "text": CITIES[webhook.query["to"]]},
        {"action": "talk", "text": "This call may be recorded for training."},
        {"action": "talk", "text": "Press 1 for sales, 2 for support, 3 for anything else.", "bargeIn": True},
        {
            "action": "input",
            "type": ["dtmf"],
            "dtmf": {"timeOut": 10, "maxDigits": 1},
            "eventUrl": ["http://app.test/city"],
        },
    ]


def test_s06_the_called_number_selects_the_text(world: World) -> None:
    world.own(OTHER)
    world.application({"/answer": menu})
    script = "wait-speech; wait 2; hangup"
    first = world.call("15550100777", world.number, script)
    second = world.call("15550100777", OTHER, script)
    assert world.heard(first)[0] == CITIES[world.number]
    assert world.heard(second)[0] == CITIES[OTHER]
    assert {event["to"] for event in world.scenario.events} == {world.number, OTHER}


def test_s06_keys_in_the_first_two_prompts_change_nothing(world: World) -> None:
    world.application({"/answer": menu, "/city": [{"action": "talk", "text": "Connecting."}]})
    script = "wait-speech; press 1; wait 1.2; press 2; wait-silence 1.5; press 3; wait-hangup"
    report = world.call("15550100777", world.number, script)
    assert len(world.heard(report)) == 4
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/city")] == ["3"]


def test_s06_the_third_prompt_is_interrupted(world: World) -> None:
    world.application({"/answer": menu, "/city": [{"action": "talk", "text": "Connecting."}]})
    report = world.call("15550100777", world.number, "wait-speech; wait 2.3; press 2; wait-hangup")
    prompts = world.utterances(report)
    assert [prompt.complete for prompt in prompts] == [True, True, False, True]
    assert prompts[3].text == "Connecting."
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/city")] == ["2"]
