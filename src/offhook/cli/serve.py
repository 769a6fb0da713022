"""`offhook serve`: run the platform until it is told to stop."""

import asyncio
import logging

import click

from offhook import config
from offhook.supervisor.run import Supervisor


@click.command(help="Run the platform until it is told to stop.")
def serve() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(Supervisor(config.load()).run())


def command() -> click.Command:
    return serve
