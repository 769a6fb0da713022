"""`offhook exec -- COMMAND …`: run an unmodified program against this platform.

This process becomes the program, with the environment of `exec/environment.py`; the proxy runs beside it and
ends with it. Nothing else on the machine is changed.
"""

import asyncio
import contextlib
import os
import resource
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import click

from offhook import config
from offhook.cli.waiting import wait_for_server
from offhook.config import Settings
from offhook.core.clock import SystemClock
from offhook.core.errors import NotFound
from offhook.exec import environment, kit
from offhook.exec.beside import Program, run_beside, until_ended
from offhook.exec.environment import Kit
from offhook.exec.head import Destination
from offhook.exec.hosts import Others
from offhook.exec.leaves import Leaves
from offhook.exec.outbound import Outbound
from offhook.exec.proxy import LOOPBACK, Proxy
from offhook.security.certificate_store import authority_file, issue_for

NOT_FOUND, NOT_RUNNABLE = 127, 126
"""Exit statuses for a command that cannot be run, as shells give them."""


@click.command(
    help="Run a program whose requests to Vonage reach this platform instead.\n\n"
    "Write -- before the command: offhook exec -- python app.py",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--others",
    type=click.Choice(["pass", "refuse"]),
    help="Requests to hosts other than Vonage's.  [default: OFFHOOK_EXEC__OTHERS, else pass]",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command_(others: Others | None, command: tuple[str, ...]) -> None:
    settings = config.load()
    if not wait_for_server(settings):
        raise NotFound(
            f"no server of {settings.data_dir} is ready at {settings.local_url}; start one: offhook serve "
            "(a server elsewhere: give OFFHOOK_DATA_DIR and OFFHOOK_HTTP__PORT as it has them)"
        )
    chosen = others or settings.exec.others
    with _port() as sock, _files(settings) as files:
        port = sock.getsockname()[1]
        changed = environment.changes(os.environ, files, port, chosen)
        run_beside(lambda program: _serve(settings, sock, files, chosen, program))
        _become(command, environment.apply(os.environ, changed))


def command() -> click.Command:
    return command_


@contextlib.contextmanager
def _port() -> Iterator[socket.socket]:
    """A listening socket of loopback: who connects before the proxy runs waits for it."""
    with socket.create_server((LOOPBACK, 0), backlog=256) as sock:
        sock.setblocking(False)
        yield sock


@contextlib.contextmanager
def _files(settings: Settings) -> Iterator[Kit]:
    """The program's files. After the program has begun, removing them is up to the process beside it."""
    files = kit.make(os.environ, authority_file(settings.data_dir, SystemClock().wall()))
    try:
        yield files
    except BaseException:
        kit.remove(files)
        raise


def _become(command: tuple[str, ...], variables: dict[str, str]) -> None:
    """Replace this process by the program; comes back only with an exit."""
    try:
        os.execvpe(command[0], command, variables)
    except FileNotFoundError:
        print(f"offhook exec: there is no command {command[0]}; see PATH", file=sys.stderr)
        raise click.exceptions.Exit(NOT_FOUND) from None
    except OSError as error:
        print(f"offhook exec: {command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        raise click.exceptions.Exit(NOT_RUNNABLE) from None


def _serve(settings: Settings, sock: socket.socket, files: Kit, others: Others, program: Program) -> None:
    """The process beside the program: the proxy, until the program has ended."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        asyncio.run(_proxied(settings, sock, others, program))
    finally:
        kit.remove(files)


async def _proxied(settings: Settings, sock: socket.socket, others: Others, program: Program) -> None:
    def issue(name: str, wall: int) -> bytes:
        return issue_for(Path(settings.data_dir), [name], wall)

    proxy = Proxy(
        platform(settings),
        Leaves(issue, SystemClock().wall, say),
        Outbound(getproxies_environment()),
        others,
        say,
    )
    try:
        await until_ended(program, lambda: proxy.start(sock))
    finally:
        await proxy.close()


def platform(settings: Settings) -> Destination:
    """Where the server of these settings speaks HTTP."""
    parts = urlsplit(settings.local_url)
    return Destination(parts.hostname or LOOPBACK, parts.port or 80)


def say(sentence: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(
            f"offhook exec: {sentence}" if not sentence.startswith("offhook exec") else sentence,
            file=sys.stderr,
        )
