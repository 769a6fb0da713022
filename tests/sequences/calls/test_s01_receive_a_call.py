"""S01: an inbound call is answered, spoken to and hung up."""

from offhook.testing.world import World

TEXT = "Hello, this is a sentence of some length so that the call lasts for more than a second."


def test_s01_the_caller_hears_the_text_once_and_the_platform_hangs_up(world: World) -> None:
    world.application({"/answer": [{"action": "talk", "text": TEXT}]})
    report = world.call("15550100777", world.number, "wait-hangup")
    assert world.heard(report) == [TEXT]
    assert report.gaps == []
    assert report.lost == 0
    assert report.ending is not None
    assert (report.ending.by, report.ending.status) == ("far end", 0)
    (utterance,) = world.utterances(report)
    assert utterance.start_ms < 250
    # The call ends with the prompt: its tail of 100 ms and the time a packet needs.
    assert 0 <= report.pcm.size / 8 - utterance.start_ms - utterance.duration_ms < 200


def test_s01_the_answer_webhook_is_a_get_with_four_parameters(world: World) -> None:
    world.application({"/answer": [{"action": "talk", "text": TEXT}]})
    world.call("15550100777", world.number, "wait-hangup")
    (answer,) = world.app.at("/answer")
    assert answer.method == "GET"
    assert answer.body == b""
    assert [*answer.query] == ["to", "from", "conversation_uuid", "uuid"]
    assert answer.query["to"] == world.number
    assert answer.query["from"] == "15550100777"


def test_s01_the_events_of_the_leg(world: World) -> None:
    world.application({"/answer": [{"action": "talk", "text": TEXT}]})
    world.call("15550100777", world.number, "wait-hangup")
    events = world.scenario.events
    assert [event["status"] for event in events] == ["started", "ringing", "answered", "completed"]
    (answer,) = world.app.at("/answer")
    for event in events:
        assert event["uuid"] == answer.query["uuid"]
        assert event["conversation_uuid"] == answer.query["conversation_uuid"]
        assert (event["from"], event["to"]) == ("15550100777", world.number)
        assert event["direction"] == "inbound"
        assert event["headers"] == {}
    completed = events[-1]
    assert int(completed["duration"]) >= 1
    assert completed["disconnected_by"] == "platform"
    assert completed["sip_code"] == 200
    assert (completed["rate"], completed["price"]) == ("0.00000000", "0.00000000")
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


def test_s01_the_caller_hangs_up_first(world: World) -> None:
    world.application({"/answer": [{"action": "talk", "text": TEXT, "loop": 0}]})
    report = world.call("15550100777", world.number, "wait-speech; wait 2; hangup")
    assert report.ending is not None
    assert report.ending.by == "phone"
    assert world.scenario.events[-1]["disconnected_by"] == "user"


def test_s01_an_application_with_post_answers(world: World) -> None:
    world.webhooks(answer_method="POST")
    world.application({"/answer": [{"action": "talk", "text": "Posted"}]})
    report = world.call("15550100777", world.number, "wait-hangup")
    assert world.heard(report) == ["Posted"]
    (answer,) = world.app.at("/answer")
    assert answer.method == "POST"
    assert [*answer.json] == ["to", "from", "conversation_uuid", "uuid"]


def test_s01_a_number_that_is_not_ours_is_refused_without_webhooks(world: World) -> None:
    report = world.call("15550100777", "15550199999")
    assert report.ending is not None
    assert report.ending.status == 404
    assert world.app.webhooks == []


def test_s01_an_empty_document_never_answers(world: World) -> None:
    world.application({"/answer": []})
    report = world.call("15550100777", world.number, "wait-hangup")
    assert world.heard(report) == []
    assert world.scenario.events[-1]["status"] == "completed"
