"""`offhook migrate`: bring the database to this version."""

import click

from offhook.cli.context import workspace
from offhook.storage.migrate import revision


@click.command(help="Bring the database to this version.")
def migrate() -> None:
    with workspace() as here:
        click.echo(f"{here.settings.database} is at revision {here.database.transact(revision)}")


def command() -> click.Command:
    return migrate
