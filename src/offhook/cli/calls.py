"""`offhook calls`: what was called and how it went. Listing needs no server; hanging up does."""

from typing import Any

import click

from offhook.cli.calls_export import export
from offhook.cli.context import Workspace, as_json, show, show_one, when, workspace
from offhook.cli.rest import request
from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Conflict, NotFound
from offhook.storage import legs
from offhook.storage.records import Leg

STATUSES = ["started", "ringing", "answered", "completed", "busy", "cancelled", "failed", "rejected"]


@click.group(name="calls", help="List, show, export and hang up calls.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("list")
@click.option("--status", type=click.Choice([*STATUSES, "timeout", "unanswered"]))
@click.option("--conversation-uuid")
@click.option("--page-size", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", show_default=True)
@as_json
def list_(
    status: str | None, conversation_uuid: str | None, page_size: int, order: str, as_json: bool
) -> None:
    """List calls, the newest first."""
    with workspace() as here:
        account = here.account()
        page = here.database.transact(
            lambda c: legs.list(
                c,
                account_id=account.account_id,
                status=status,
                conversation_id=conversation_uuid,
                page_size=page_size,
                order=order,
            )
        )
        show([row(leg) for leg in page.rows], machine=as_json, empty="No calls yet.")


@group.command("show")
@click.argument("uuid")
@as_json
def show_(uuid: str, as_json: bool) -> None:
    """Show one call."""
    with workspace() as here:
        leg = find(here, uuid)
        more = {
            "conversation_uuid": leg.conversation_id,
            "app_id": leg.application_id,
            "detail": leg.detail,
            "sip_code": leg.sip_code,
            "disconnected_by": leg.disconnected_by,
        }
        show_one(row(leg) | more, machine=as_json)


@group.command()
@click.argument("uuid")
def delete(uuid: str) -> None:
    """Hang up a live call."""
    with workspace() as here:
        leg = find(here, uuid)
        if not leg.application_id:
            raise Conflict(f"{uuid} is forwarded and has no application that could end it; its phones can")
        request(here, "PUT", f"/v1/calls/{uuid}", {"action": "hangup"}, application_id=leg.application_id)
        click.echo(f"Hung up {uuid}.")


group.add_command(delete, name="hangup")
group.add_command(export)


def find(here: Workspace, uuid: str) -> Leg:
    """The call with this uuid. Raises `NotFound`."""
    leg = here.visible(here.database.transact(lambda c: legs.get(c, uuid)))
    if leg is None:
        raise NotFound(f"there is no call {uuid}; see: offhook calls list")
    return leg


def row(leg: Leg) -> dict[str, Any]:
    talked = None
    if leg.started_at is not None and leg.ended_at is not None:
        talked = round((leg.ended_at - leg.started_at) / US_PER_SECOND, 1)
    return {
        "uuid": leg.leg_id,
        "direction": leg.direction,
        "from": _party(leg.from_),
        "to": _party(leg.to),
        "status": leg.shown_status,
        "created": when(leg.created_at),
        "seconds": talked,
    }


def _party(endpoint: dict[str, Any]) -> str:
    return str(endpoint.get("number") or endpoint.get("uri") or endpoint.get("user") or "")
