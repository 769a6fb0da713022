"""Loaded into Python programs by `offhook exec` (PYTHONPATH), for clients that heed no proxy variables.

Names of the served hosts lead to the proxy of `offhook exec` on loopback, aiohttp heeds the environment, and
certifi names the merged bundle. Stands alone: it runs in the program's interpreter, whatever version that is,
and loads the `sitecustomize` that it hides.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import socket
import sys

TYPE_CHECKING = False  # as type checkers take it: the module `typing` takes long to load
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
PORT = int(os.environ.get("OFFHOOK_EXEC_PORT") or 0)
SERVED = re.compile("(?:%s)" % os.environ.get("OFFHOOK_EXEC_HOSTS", "(?!)"), re.IGNORECASE)  # noqa: UP031
REFUSES = os.environ.get("OFFHOOK_EXEC_REST") == "refuse"
BUNDLE = os.environ.get("OFFHOOK_EXEC_BUNDLE", "")
WEB_PORTS = (80, 443, "80", "443", "http", "https", b"80", b"443", b"http", b"https")

_getaddrinfo = socket.getaddrinfo


def getaddrinfo(
    host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
) -> list[Any]:
    """`socket.getaddrinfo` with the proxy's address for served hosts."""
    name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
    if isinstance(name, str):
        name = name.rstrip(".").lower()
        if SERVED.fullmatch(name):
            return list(_getaddrinfo("127.0.0.1", PORT, socket.AF_INET, type, proto, 0))
        if REFUSES and port in WEB_PORTS and not _is_loopback(name):
            raise socket.gaierror(
                socket.EAI_FAIL,
                "offhook exec refuses %s: only Vonage's hosts are answered; "  # noqa: UP031
                "use --others pass to let others through" % name,
            )
    return list(_getaddrinfo(host, port, family, type, proto, flags))


def _is_loopback(name: str) -> bool:
    return name in ("", "localhost", "::1") or name.endswith(".localhost") or name.startswith("127.")


def _heed_environment(module: Any) -> None:
    """aiohttp's sessions ignore proxy variables unless they are told otherwise."""
    session = module.ClientSession
    made = session.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        kwargs["trust_env"] = True
        made(self, *args, **kwargs)

    session.__init__ = __init__


def _name_bundle(module: Any) -> None:
    """Programs that name certifi's file themselves get the merged one, of which it is a part."""

    def contents() -> str:
        with open(BUNDLE, encoding="ascii") as file:
            return file.read()

    module.where = lambda: BUNDLE
    module.contents = contents


CHANGES = {"aiohttp.client": _heed_environment, "certifi": _name_bundle, "certifi.core": _name_bundle}


class Watcher:
    """A finder that finds nothing itself and changes a few modules once they are loaded."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: ModuleType | None = None) -> Any:
        change = CHANGES.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            change(module)

        loader.exec_module = exec_module
        return spec


def _load_hidden() -> None:
    """Run the `sitecustomize` that would have been found without this one."""
    paths = [path for path in sys.path if os.path.abspath(path or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if PORT:
    socket.getaddrinfo = getaddrinfo
    sys.meta_path.insert(0, Watcher)
    for _name in CHANGES.keys() & sys.modules.keys():  # by a .pth file
        CHANGES[_name](sys.modules[_name])
_load_hidden()
