"""`offhook init`: an account, an application and a number, made once and shown again afterwards."""

import json
from typing import Any

import click
from sqlalchemy import Connection

from offhook.cli.accounts import make
from offhook.cli.apps import VOICE
from offhook.cli.context import ACCOUNT_FILE, Workspace, as_json, show_one, workspace, write_private
from offhook.core.errors import Conflict
from offhook.security.certificate_store import authority_file
from offhook.security.keys import KeyPair, make_pair
from offhook.storage import accounts, applications, numbers, trunks
from offhook.storage.records import Account, Application, Number, Trunk

NUMBER = "15550100001"
ANSWER_URL = "http://127.0.0.1:5000/answer"
EVENT_URL = "http://127.0.0.1:5000/events"
SHOWN = (
    "api_url",
    "rest_url",
    "api_key",
    "api_secret",
    "signature_secret",
    "application_id",
    "private_key",
    "number",
    "sip_domain",
    "ca_certificate",
    "https_url",
)


@click.command(help="Make the account, an application and a number, or show them again.")
@as_json
def init(as_json: bool) -> None:
    with workspace() as here:
        show_one(ensure(here), machine=as_json)


def command() -> click.Command:
    return init


def ensure(here: Workspace) -> dict[str, Any]:
    """What `init` shows; made where it is not there. Raises `Conflict` when only half of it is."""
    path = here.settings.data_dir / ACCOUNT_FILE
    if not path.exists():
        if here.database.transact(accounts.list):
            raise Conflict(f"the database has an account but {path} is gone; restore it from a backup")
        write_private(path, json.dumps(create(here), indent=2) + "\n")
    known = addresses(here) | here.remembered()
    return {name: known[name] for name in SHOWN}


def addresses(here: Workspace) -> dict[str, Any]:
    """Where the platform is reached; from the settings, so that they follow a change."""
    return {
        "api_url": here.settings.public_url,
        "rest_url": here.settings.public_url,
        "sip_domain": here.settings.sip.domain,
        "ca_certificate": ca_certificate(here),
        "https_url": here.settings.https_url,
    }


def ca_certificate(here: Workspace) -> str | None:
    """The file that programs have to trust; None where a certificate of another authority is given."""
    settings = here.settings
    if settings.http.tls_cert:
        return None
    return str(authority_file(settings.data_dir, here.clock.wall()))


def create(here: Workspace) -> dict[str, Any]:
    """Make everything in one transaction; gives what is remembered."""
    pair = make_pair()
    account, secret, shown = make(here, "default")
    application = _application(here, account, pair)
    number = Number(
        NUMBER,
        account.account_id,
        application.application_id,
        "US",
        "landline",
        ("VOICE",),
        here.clock.wall(),
    )

    def rows(connection: Connection) -> None:
        accounts.insert(connection, account)
        accounts.add_secret(connection, secret)
        applications.insert(connection, application)
        numbers.insert(connection, number)
        trunks.insert(connection, simulated_carrier(here, account))

    here.database.transact(rows)
    private = here.settings.data_dir / "private.key"
    write_private(private, pair.private_key)
    return {
        "api_key": account.api_key,
        **shown,
        "application_id": application.application_id,
        "private_key": str(private),
        "number": NUMBER,
    }


def simulated_carrier(here: Workspace, account: Account) -> Trunk:
    """The trunk of the built-in carrier: loopback only, any destination, tried last."""
    return Trunk(
        trunk_id=here.ids.uuid(),
        account_id=account.account_id,
        name="simulated-carrier",
        simulated=True,
        host="carrier.offhook.localhost",
        port=0,
        transport="udp",
        username=None,
        password=None,
        sources=("127.0.0.0/8", "::1/128"),
        prefixes=("",),
        priority=1_000_000,
        enabled=True,
        created_at=here.clock.wall(),
    )


def _application(here: Workspace, account: Account, pair: KeyPair) -> Application:
    now = here.clock.wall()
    webhooks = {
        "answer_url": {"address": ANSWER_URL, "http_method": "GET"},
        "event_url": {"address": EVENT_URL, "http_method": "POST"},
    }
    return Application(
        application_id=here.ids.uuid(),
        account_id=account.account_id,
        name="first application",
        public_key=pair.public_key,
        capabilities={"voice": {**VOICE, "webhooks": webhooks}},
        privacy={"improve_ai": False},
        created_at=now,
        updated_at=now,
    )
