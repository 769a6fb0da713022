"""The recording application, called as ASGI, and scenarios."""

import asyncio
import json
from typing import Any

import pytest

from offhook.simulator.app_server import AppServer
from offhook.simulator.behaviour import Answers
from offhook.simulator.scenario import Scenario
from offhook.simulator.script import parse
from offhook.speech.tonecode import spoken


async def request(app: AppServer, path: str, query: str = "", body: Any = None) -> tuple[int, Any]:
    sent: list[Any] = []
    data = b"" if body is None else json.dumps(body).encode()
    parts: list[dict[str, Any]] = [{"body": data[:3], "more_body": True}, {"body": data[3:]}]

    async def receive() -> Any:
        return {"type": "http.request", **parts.pop(0)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST" if data else "GET", "path": path,
        "query_string": query.encode(), "headers": [(b"X-One", b"1")],
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"] or b"null")


def test_answers_come_in_turn_and_requests_are_kept(town: Any) -> None:
    app = AppServer(town.loop.clock)
    app.serve("/answer", [{"action": "talk"}], lambda webhook: [{"to": webhook.query["to"]}])

    async def body() -> None:
        assert await request(app, "/answer") == (200, [{"action": "talk"}])
        assert await request(app, "/answer", "to=44%2B&empty=") == (200, [{"to": "44+"}])
        assert await request(app, "/event", body={"status": "ringing"}) == (204, None)

    town.run(body)
    assert [webhook.path for webhook in app.webhooks] == ["/answer", "/answer", "/event"]
    assert app.at("/event")[0].json == {"status": "ringing"}
    assert app.webhooks[1].fields == {"to": "44+", "empty": ""}
    assert app.webhooks[0].headers == {"x-one": "1"}


def test_it_can_be_slow_and_fail(town: Any) -> None:
    app = AppServer(town.loop.clock)
    app.serve("/answer", [], delay=2.0, fail_times=1, fail_status=500)

    async def body() -> None:
        start = town.loop.clock.now()
        assert (await request(app, "/answer"))[0] == 500
        assert town.loop.clock.now() - start == pytest.approx(2e9)
        assert (await request(app, "/answer"))[0] == 200

    town.run(body)


def test_waiting_finds_past_and_future_requests(town: Any) -> None:
    app = AppServer(town.loop.clock)
    scenario = Scenario(town.carrier(), app, ("10.0.0.9", 5060))

    async def body() -> None:
        later = asyncio.create_task(scenario.wait_for_status("answered", "u1"))
        await asyncio.sleep(1)
        await request(app, "/event", body={"status": "answered", "uuid": "u2"})
        await request(app, "/event", body={"status": "answered", "uuid": "u1"})
        assert (await later).fields["uuid"] == "u1"
        assert (await scenario.wait_for_status("answered")).fields["uuid"] == "u2"
        with pytest.raises(TimeoutError):
            await scenario.wait_for_status("completed", seconds=5)

    town.run(body)
    assert scenario.statuses("u1") == ["answered"]
    assert len(scenario.events) == 2


def test_lifespan_is_answered(town: Any) -> None:
    app = AppServer(town.loop.clock)
    steps = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Any:
        return steps.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def body() -> None:
        await app({"type": "lifespan"}, receive, send)

    town.run(body)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_scenario_places_calls(town: Any) -> None:
    platform = town.phone("platform", Answers(0.1, parse("say welcome; hangup")))
    scenario = Scenario(town.carrier(), AppServer(town.loop.clock), platform.address)

    async def body() -> None:
        report = await scenario.call("15550123", "442079460000", "wait-hangup")
        assert spoken(report.pcm) == ["welcome"]
        assert len(await scenario.all_over(platform)) == 1

    town.run(body)
