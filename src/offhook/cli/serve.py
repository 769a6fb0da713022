"""`offhook serve`: run the platform until it is told to stop."""

import asyncio
import logging

import click

from offhook import config
from offhook.security.tls import Chosen
from offhook.supervisor.run import Supervisor


@click.command(help="Run the platform until it is told to stop.")
def serve() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = config.load()
    if settings.http.tls_port and settings.http.tls_cert:
        Chosen.of(settings.http.tls_cert, settings.http.tls_key).check()
    asyncio.run(Supervisor(settings).run())


def command() -> click.Command:
    return serve
