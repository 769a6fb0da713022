"""`offhook recordings`: list, show, save and delete recordings, without a server."""

import shutil
from pathlib import Path
from typing import Any

import click

from offhook.cli.context import Workspace, as_json, show, show_one, when, workspace
from offhook.core.errors import Conflict, NotFound
from offhook.storage import recording_files, recordings
from offhook.storage.records import Recording


@click.group(name="recordings", help="List, show, save and delete recordings.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("list")
@click.option("--conversation-uuid")
@click.option("--page-size", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(conversation_uuid: str | None, page_size: int, as_json: bool) -> None:
    """List recordings, the newest first."""
    with workspace() as here:
        account = here.account()
        page = here.database.transact(
            lambda c: recordings.list(
                c,
                account_id=account.account_id,
                conversation_id=conversation_uuid,
                page_size=page_size,
                order="desc",
            )
        )
        show([row(each) for each in page.rows], machine=as_json, empty="No recordings yet.")


@group.command("show")
@click.argument("id")
@as_json
def show_(id: str, as_json: bool) -> None:
    """Show one recording, by its recording or file id."""
    with workspace() as here:
        found = find(here, id)
        path = str(here.settings.data_dir / found.path) if found.path else None
        more = {"leg_uuid": found.leg_id, "conversation_uuid": found.conversation_id, "path": path}
        show_one(row(found) | more, machine=as_json)


@group.command()
@click.argument("id")
@click.argument("file", type=click.Path(dir_okay=False))
def save(id: str, file: str) -> None:
    """Copy a recording's audio to FILE."""
    with workspace() as here:
        found = find(here, id)
        if not found.path or found.status != "ready":
            raise Conflict(f"recording {id} is {found.status}; its audio is not there")
        shutil.copyfile(here.settings.data_dir / found.path, file)
        click.echo(f"Saved {Path(file).stat().st_size} bytes to {file}.")


@group.command()
@click.argument("id")
def delete(id: str) -> None:
    """Delete a recording and its audio."""
    with workspace() as here:
        found = find(here, id)
        if found.status not in recordings.OVER:
            raise Conflict(f"recording {id} is still {found.status}; end the call first")
        recording_files.remove(here.settings.data_dir, found)
        here.database.transact(lambda c: recordings.delete(c, found.recording_id))
        click.echo(f"Deleted {found.recording_id}.")


def find(here: Workspace, id: str) -> Recording:
    found = here.visible(here.database.transact(lambda c: recordings.get(c, id) or recordings.by_file(c, id)))
    if found is None:
        raise NotFound(f"there is no recording {id}; see: offhook recordings list")
    return found


def row(recording: Recording) -> dict[str, Any]:
    return {
        "recording_uuid": recording.recording_id,
        "file_id": recording.file_id,
        "status": recording.status,
        "format": recording.format,
        "channels": recording.channels,
        "started": when(recording.started_at),
        "duration_ms": recording.duration_ms,
        "size": recording.size,
    }
