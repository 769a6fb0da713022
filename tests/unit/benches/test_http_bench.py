"""The HTTP bench without a platform: its requests, its asker at a small server, what it makes of figures."""

import asyncio
import json
from collections import Counter

from scripts.benches.rig.http_asker import Asked, ask, request
from scripts.benches.rig.http_report import Dials, Result, as_json, as_text, faults
from scripts.benches.rig.machine import describe_machine


def asked(name: str, status: int, count: int, **others: int) -> Asked:
    statuses = Counter({status: count, **{int(key[1:]): value for key, value in others.items()}})
    times = [0.001 * (1 + number) for number in range(count)]
    return Asked(name, 2.0, 0.5, 0.0, 0.1, statuses, times)


def result(ended: dict[str, int], **refused: int) -> Result:
    return Result(
        machine=describe_machine(),
        placement="together",
        load_before=0.1,
        stored=100,
        floor=asked("floor", 201, 10),
        creates=[asked("one token", 201, 100, **refused)],
        lists=[asked("first page", 200, 10)],
        dials=Dials(25, 4000.0, ended),
        faults=[],
    )


def test_a_request_is_whole() -> None:
    whole = request("POST", "/v1/calls", 8080, "abc", b"{}").decode()
    head, body = whole.split("\r\n\r\n")
    assert head.split("\r\n") == [
        "POST /v1/calls HTTP/1.1",
        "Host: 127.0.0.1:8080",
        "Authorization: Bearer abc",
        "Content-Type: application/json",
        "Content-Length: 2",
    ]
    assert body == "{}"


def test_every_answer_is_counted_by_its_status() -> None:
    async def run() -> Asked:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while line := await reader.readline():
                    if line.startswith(b"GET"):
                        status = b"200 OK" if b"/good" in line else b"404 Not Found"
                        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 3\r\n\r\nabc")
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        waiting = [request("GET", path, port) for path in ("/good", "/good", "/bad", "/good", "/bad")]
        found = await ask("small", 0, port, lambda: waiting.pop() if waiting else None, 2, 60.0)
        server.close()
        return found

    found = asyncio.run(run())
    assert found.statuses == {200: 3, 404: 2}
    assert len(found.times) == 5
    assert found.times == sorted(found.times)


def test_figures_are_worth_something_when_all_were_created_and_dialled() -> None:
    assert faults(result({"rejected": 100})) == []
    assert faults(result({"rejected": 99, "waiting": 1}))
    assert faults(result({"rejected": 100}, _503=3)) == ["one token: {503: 3} in place of 201"]
    assert "NOT GOOD: one token" in as_text(result({"rejected": 100}, _503=3))


def test_the_cost_of_a_create_is_without_that_of_the_dials() -> None:
    shown = as_json(result({"rejected": 100}))
    create = shown["creates"][0]
    assert create["cpu_us"] == 5000.0
    assert create["cpu_us_without_dials"] == 3000.0  # 0.5 s less 50 dials of 4 ms, by 100
    shown_times = [round(create[name], 3) for name in ("p50_ms", "p99_ms", "per_second")]
    assert shown_times == [51.0, 100.0, 50.0]
    json.dumps(shown)
