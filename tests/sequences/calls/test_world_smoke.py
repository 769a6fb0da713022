"""One call through a whole platform in virtual time."""

from offhook.testing.world import World


def test_a_world_makes_a_call() -> None:
    with World(seed=1) as world:
        world.application({"/answer": [{"action": "talk", "text": "Hello"}]})
        report = world.call("15550100777", world.number, "wait-hangup")
        assert world.heard(report) == ["Hello"]
        uuid = world.scenario.events[0]["uuid"]
        assert world.scenario.statuses(uuid) == ["started", "ringing", "answered", "completed"]
