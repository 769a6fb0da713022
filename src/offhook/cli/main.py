"""The list of commands, and how a failure is told."""

import importlib
import os
import sys

import click

from offhook.core.errors import Invalid, OffhookError

COMMANDS: dict[str, str] = {
    "serve": "Run the platform until it is told to stop.",
    "demo": "Start everything on loopback, make one real call and show what happened.",
    "init": "Make the account, an application and a number, or show them again.",
    "accounts": "List, show, create, update and delete accounts, and replace their secrets.",
    "apps": "List, show, create, update and delete applications.",
    "numbers": "List, show, create, update and delete phone numbers; offer and buy them.",
    "users": "List, show, create, update and delete users of applications.",
    "trunks": "List, show, create, update and delete SIP trunks.",
    "calls": "List, show, export and hang up calls.",
    "recordings": "List, show, save and delete recordings.",
    "erase": "Erase everything that is stored of a call or of a phone number.",
    "webhooks": "List and show webhooks, and send failed ones again.",
    "call": "Place a call to a number and say something.",
    "ncco": "Check NCCO documents.",
    "phone": "Be a virtual phone: call or answer, speak, press keys, record, report.",
    "kpn": "Run the KPN wrapper: its clients, their secrets and quotas.",
    "exec": "Run a program whose requests to Vonage reach this platform instead.",
    "inspect": "Draw what happened in a call as a ladder.",
    "doctor": "Check this machine and this installation, and say what to repair.",
    "drain": "Take no new calls, and end the server when the last call is over.",
    "migrate": "Bring the database to this version.",
}


class LazyGroup(click.Group):
    """Imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"offhook.cli.{cmd_name}")
        command: click.Command = module.command()
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table above, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


root = LazyGroup(
    name="offhook",
    help="Offhook: a self-hosted programmable-voice platform.",
    params=[
        click.Option(
            ["--config"],
            metavar="FILE",
            help="Read settings from FILE instead of offhook.toml.",
            callback=lambda _ctx, _param, value: _use_config(value),
            is_eager=True,
            expose_value=False,
        ),
        click.Option(
            ["--account"],
            metavar="ACCOUNT",
            help="Work on this account: its API key, id or name. Default: the one that init made.",
            callback=lambda _ctx, _param, value: _use_account(value),
            is_eager=True,
            expose_value=False,
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=lambda ctx, _param, value: _print_version(ctx) if value else None,
            help="Print the version and exit.",
        ),
    ],
)


def main() -> None:
    """Run one command; the entry point of `offhook`."""
    try:
        _check_text(sys.argv[1:])
        code = root.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else 1)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(1)
    except Invalid as error:
        print(f"offhook: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # `offhook calls list | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OffhookError, OSError) as error:
        print(f"offhook: {error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _check_text(arguments: list[str]) -> None:
    """Everything is stored and sent as UTF-8. What follows `exec` is for another program, as it is."""
    for argument in arguments:
        if argument == "exec":
            return
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            shown = repr(os.fsencode(argument)).removeprefix("b")
            raise click.UsageError(
                f"the argument {shown} is not UTF-8; write it in UTF-8, or rename the file that it names"
            ) from None


def _use_config(value: str | None) -> None:
    if value is not None:
        from offhook.config import CONFIG_VARIABLE  # takes longer than all the help there is

        os.environ[CONFIG_VARIABLE] = value


def _use_account(value: str | None) -> None:
    if value is not None:
        os.environ["OFFHOOK_ACCOUNT"] = value


def _print_version(ctx: click.Context) -> None:
    from importlib import metadata  # slow, and needed here only

    click.echo(f"offhook {metadata.version('offhook')}")
    ctx.exit(0)
