"""`offhook webhooks`: what was told to applications and what could not be; failed ones are sent again.

It works on the database, server or no server. A running server notices within a second what is to be sent
again, any other at its next start.
"""

from typing import Any

import click

from offhook.cli.context import Workspace, as_json, show, show_one, when, workspace
from offhook.core.errors import NotFound
from offhook.storage import deliveries
from offhook.storage.records import Delivery

MOST = 1000
"""Failed webhooks sent again at once by `resend --all`."""
pages = click.option("--page-size", type=click.IntRange(1, 1000), default=50, show_default=True)


@click.group(name="webhooks", help="List and show webhooks, and send failed ones again.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("list")
@click.option("--state", type=click.Choice([deliveries.PENDING, deliveries.DELIVERED, deliveries.FAILED]))
@click.option("--uuid", help="Only those of this call.")
@click.option("--conversation-uuid", help="Only those of this conversation.")
@pages
@as_json
def list_(
    state: str | None, uuid: str | None, conversation_uuid: str | None, page_size: int, as_json: bool
) -> None:
    """List webhooks, the newest first."""
    key = f"leg:{uuid}" if uuid else f"conversation:{conversation_uuid}" if conversation_uuid else None
    with workspace() as here:
        found = _page(here, page_size, state=state, order_key=key)
        show([row(each) for each in found], machine=as_json, empty="No webhooks yet.")


@group.command()
@pages
@as_json
def failed(page_size: int, as_json: bool) -> None:
    """List the webhooks that nobody answered, with the reason."""
    with workspace() as here:
        found = _page(here, page_size, state=deliveries.FAILED)
        rows = [row(each) | {"error": each.last_error} for each in found]
        show(rows, machine=as_json, empty="No webhook has failed.")


@group.command("show")
@click.argument("id")
@as_json
def show_(id: str, as_json: bool) -> None:
    """Show one webhook with its body, by the id in its Offhook-Delivery header."""
    with workspace() as here:
        found = find(here, id)
        more = {
            "method": found.method,
            "error": found.last_error,
            "finished": when(found.finished_at),
            "asked_again": when(found.requeued_at),
            "body": found.body,
        }
        show_one(row(found) | more, machine=as_json)


@group.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help=f"All that failed and can be sent again, at most {MOST}.")
def resend(ids: tuple[str, ...], every: bool) -> None:
    """Send failed webhooks again, with the ids they have."""
    if bool(ids) == every:
        raise click.UsageError("name webhooks (offhook webhooks failed shows them) or give --all")
    with workspace() as here:
        wanted = [find(here, id).delivery_id for id in ids]
        if every:
            found = _page(here, MOST, state=deliveries.FAILED)
            wanted = [each.delivery_id for each in reversed(found) if not each.expects_ncco]
        wall = here.clock.wall()
        for id in wanted:
            here.database.transact(lambda c, id=id: deliveries.requeue(c, id, wall))  # type: ignore[misc]
            click.echo(f"{id} is sent again: within a second, or at the next start of the server.")
        if not wanted:
            click.echo("No webhook has failed.")


def find(here: Workspace, id: str) -> Delivery:
    found = here.visible(here.database.transact(lambda c: deliveries.get(c, id)))
    if found is None:
        raise NotFound(f"there is no webhook {id}; see: offhook webhooks list")
    return found


def _page(here: Workspace, size: int, **filters: str | None) -> list[Delivery]:
    account = here.account().account_id
    page = here.database.transact(
        lambda c: deliveries.list(c, account_id=account, page_size=size, **filters)  # type: ignore[arg-type]
    )
    return list(page.rows)


def row(delivery: Delivery) -> dict[str, Any]:
    """The columns of a listing."""
    return {
        "id": delivery.delivery_id,
        "kind": delivery.body.get("status") or delivery.kind,
        "of": delivery.order_key,
        "url": delivery.url,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "http_status": delivery.last_status,
        "created": when(delivery.created_at),
    }
