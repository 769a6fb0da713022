"""A number is erased beside a running server, which goes on with its calls and notices nothing."""

import asyncio
import json

from click.testing import CliRunner
from tests.real import Stage

from offhook.cli import erase
from offhook.cli.context import workspace
from offhook.cli.demonstration.caller import Line
from offhook.core import journal_reader
from offhook.storage import legs

FORGOTTEN, KEPT = "15550177001", "15550177002"
RECORDED = [{"action": "record", "format": "wav"}, {"action": "wait", "timeout": 60}]


def hang_up(stage: Stage, line: Line, uuid: str) -> None:
    async def end() -> None:
        line.call.hang_up()
        await asyncio.wait_for(asyncio.shield(line.call.done), 45)

    stage.run(end())
    stage.run(stage.told(uuid))
    stage.run(stage.app.wait_for(lambda hook: hook.path == "/events" and "recording_url" in hook.fields))


def traces(stage: Stage, number: str) -> list[str]:
    """The files of the data directory that hold a number; the server's own log is not part of it."""
    found = [path for path in stage.place.data_dir.rglob("*") if path.is_file() and path.name != "serve.log"]
    return [path.name for path in found if number.encode() in path.read_bytes()]


def journal_of(stage: Stage, uuid: str) -> int:
    return len(journal_reader.read(stage.place.data_dir / "journal", uuid))


def test_a_number_goes_while_the_server_runs(stage: Stage) -> None:
    stage.app.serve("/answer", RECORDED)
    line = stage.run(stage.call_in(FORGOTTEN))
    gone = stage.run(stage.uuid_of(FORGOTTEN))
    stage.run(line.listen(600))
    refused = CliRunner().invoke(erase.command(), ["--number", FORGOTTEN, "--yes"])
    assert gone in str(refused.exception)
    hang_up(stage, line, gone)
    other = stage.run(stage.call_in(KEPT))
    kept = stage.run(stage.uuid_of(KEPT))
    lines = journal_of(stage, gone)
    stage.run(stage.app.wait_for(lambda hook: hook.fields.get("uuid") == kept))
    assert lines > 10
    done = CliRunner().invoke(erase.command(), ["--number", FORGOTTEN, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["calls"], report["recordings"], report["journal_lines"]) == (1, 1, lines)
    assert report["recorded_bytes"] > 1000
    assert journal_of(stage, gone) == 0
    stage.run(other.listen(600))
    hang_up(stage, other, kept)
    again = CliRunner().invoke(erase.command(), ["--number", FORGOTTEN, "--yes", "--json"])
    assert json.loads(again.stdout)["calls"] == 0
    assert traces(stage, FORGOTTEN) == []
    assert traces(stage, KEPT)
    assert journal_of(stage, kept) > 10
    assert stage.statuses(kept)[-1] == "completed"
    with workspace() as here:
        assert here.database.look(lambda c: legs.get(c, gone)) is None
        assert here.database.look(lambda c: legs.get(c, kept)) is not None
