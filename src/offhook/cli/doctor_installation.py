"""`offhook doctor`, the installation: its directory, database and key, the running server, its peers.

Nothing is changed: a database that is behind is reported, not migrated; a key that is missing is not made.
"""

import shutil
import socket
from collections.abc import Iterator

from sqlalchemy import inspect

from offhook.calls.destinations import Destinations, explain
from offhook.cli import doctor_ping as ping
from offhook.cli.demonstration.instance import get_json
from offhook.cli.demonstration.places import held
from offhook.cli.doctor_machine import FAIL, OK, WARN, Finding
from offhook.config import Settings
from offhook.core.errors import OffhookError
from offhook.security import secrets
from offhook.storage import accounts, applications, trunks
from offhook.storage.database import Database
from offhook.storage.migrate import revision

DISK_WARN, DISK_FAIL = 2_000, 100
"""Megabytes: recordings and the journal need room."""


def findings(settings: Settings) -> Iterator[Finding]:
    """One after the other; those that need the database only when it can be read."""
    running = held(settings.data_dir)
    yield directory(settings)
    yield disk(settings)
    yield secret(settings)
    yield from ports(settings, running=running)
    if running:
        yield server(settings)
    yield from stored(settings)


def directory(settings: Settings) -> Finding:
    path = settings.data_dir
    if not path.exists():
        return Finding("data directory", WARN, f"{path} does not exist yet", "run: offhook init")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        advice = f"run: chmod 700 {path}"
        return Finding("data directory", WARN, f"{path} is open to other users (mode {mode:o})", advice)
    return Finding("data directory", OK, str(path))


def disk(settings: Settings) -> Finding:
    path = next(each for each in (settings.data_dir, *settings.data_dir.parents) if each.exists())
    megabytes = shutil.disk_usage(path).free // 1_000_000
    text = f"{megabytes} MB free for {settings.data_dir}"
    if megabytes < DISK_FAIL:
        return Finding("disk", FAIL, text, "free some space or move the data with OFFHOOK_DATA_DIR")
    if megabytes < DISK_WARN:
        return Finding("disk", WARN, text, "free some space; an hour of recording takes 60 MB as WAV")
    return Finding("disk", OK, text)


def secret(settings: Settings) -> Finding:
    path = settings.data_dir / secrets.FILE
    if not settings.secret_key and not path.exists():
        return Finding("secret key", WARN, f"{path} does not exist yet", "run: offhook init")
    try:
        secrets.load_key(settings.data_dir, settings.secret_key or None)
    except OffhookError as error:
        return Finding("secret key", FAIL, str(error), "give OFFHOOK_SECRET_KEY or repair the file")
    return Finding("secret key", OK, "OFFHOOK_SECRET_KEY" if settings.secret_key else str(path))


def ports(settings: Settings, *, running: bool) -> Iterator[Finding]:
    """Ours when the server runs, else free."""
    wanted = [
        (host, settings.sip.port, kind, "SIP")
        for host in settings.sip.hosts
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    ]
    wanted.append((settings.http.host, settings.http.port, socket.SOCK_STREAM, "HTTP"))
    for host, port, kind, name in wanted:
        free = ping.bindable(host, port, kind)
        word = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
        text = f"{host}:{port} ({word}) is {'free' if free else 'in use'}"
        if free == running:
            advice = "stop the other program or choose another port with "
            advice = "restart the server" if running else f"{advice}OFFHOOK_{name}__PORT"
            yield Finding(f"{name} port", FAIL, text, advice)
        else:
            yield Finding(f"{name} port", OK, f"{text}{' by the running server' if running else ''}")


def server(settings: Settings) -> Finding:
    """What the running server says of itself."""
    host = "127.0.0.1" if settings.http.host in ("0.0.0.0", "::") else settings.http.host
    status, body = get_json(f"http://{host}:{settings.http.port}/ready")
    if status == 200:
        return Finding("server", OK, "ready")
    missing = body.get("missing") if isinstance(body, dict) else body
    text = "; ".join(missing) if isinstance(missing, list) else str(missing)
    return Finding("server", FAIL, f"not ready: {text}", "see what `offhook serve` prints")


def stored(settings: Settings) -> Iterator[Finding]:
    """The database, and every peer that stands in it."""
    file = settings.data_dir / "offhook.db"
    if not settings.database_url and not file.exists():
        yield Finding("database", WARN, f"{file} does not exist yet", "run: offhook init")
        return
    database = Database(settings.database, durability=settings.storage.durability)
    try:
        yield _revision(database)
        yield from _trunks(database, settings)
        yield from _webhooks(database)
    except Exception as error:
        text = str(error).splitlines()[0]
        yield Finding("database", FAIL, f"cannot be read: {text}", "run: offhook migrate")
    finally:
        database.close_now()


def _revision(database: Database) -> Finding:
    if not database.transact(lambda c: inspect(c).has_table("accounts")):
        return Finding("database", FAIL, "has no tables", "run: offhook migrate")
    return Finding("database", OK, f"at revision {database.transact(revision)}")


def _trunks(database: Database, settings: Settings) -> Iterator[Finding]:
    rules = Destinations.read(settings.destinations.allow, settings.destinations.deny)
    for account in database.transact(accounts.list):
        for trunk in database.transact(lambda c, a=account: trunks.list(c, account_id=a.account_id)):  # type: ignore[misc]
            name = f"trunk {trunk.name}"
            if trunk.simulated or not trunk.enabled:
                yield Finding(name, OK, "simulated" if trunk.simulated else "disabled")
                continue
            reason = ping.options(trunk.host, trunk.port or 5060, trunk.transport)
            where = f"{trunk.host}:{trunk.port}"
            if reason is None:
                yield Finding(name, OK, f"{where} answers OPTIONS; it dials {explain(trunk, rules)}")
            else:
                yield Finding(name, WARN, f"{where}: {reason}", "check its address, and the firewall (UDP)")


def _webhooks(database: Database) -> Iterator[Finding]:
    for account in database.transact(accounts.list):
        page = database.transact(
            lambda c, a=account: applications.list(c, account_id=a.account_id, page_size=1000)  # type: ignore[misc]
        )
        for application in page.rows:
            hooks = (application.capabilities.get("voice") or {}).get("webhooks") or {}
            for kind, hook in hooks.items():
                name, url = f"{kind} of {application.name}", str(hook.get("address") or "")
                reason = ping.webhook(url) if url else None
                if reason is not None:
                    advice = f"start the application, or: offhook apps update {application.application_id}"
                    yield Finding(name, WARN, f"{url}: {reason}", advice)
                elif url:
                    yield Finding(name, OK, f"{url} takes connections")
