"""The environment of the program: what each kind of client reads to find the proxy and to trust it. Pure.

| read by | variables |
|---|---|
| most clients | `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and their lower-case forms |
| OpenSSL (Python, Ruby, PHP, .NET), Go | `SSL_CERT_FILE` |
| Python's requests, curl | `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE` |
| Python that heeds no proxy | `PYTHONPATH` with `hooks/python` |
| Node | `NODE_OPTIONS` with `hooks/node.cjs`, `NODE_EXTRA_CA_CERTS` |
| Ruby that is told to use no proxy | `RUBYOPT` and `RUBYLIB` with `hooks/ruby` |
| Java | `JAVA_TOOL_OPTIONS` with the proxy and a trust store |
| PHP | `PHP_INI_SCAN_DIR` with a file that names the bundle |
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from offhook.exec.bundle import STORE_PASSWORD
from offhook.exec.hosts import SERVED, Others, covers_served

LOCAL = ("localhost", "127.0.0.1", "::1", "127.0.0.0/8")
RUBY_HOOK = "offhook_exec"
JAVA_LOCAL = "localhost|*.localhost|127.*|[::1]"


@dataclass(frozen=True, slots=True)
class Kit:
    """Files for the program, all in one directory."""

    directory: Path

    @property
    def bundle(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def java_store(self) -> Path:
        return self.directory / "trust.p12"

    @property
    def node_hook(self) -> Path:
        return self.directory / "node.cjs"

    @property
    def python_hook(self) -> Path:
        """A directory with a `sitecustomize`."""
        return self.directory / "python"

    @property
    def ruby_hook(self) -> Path:
        """A directory with a file `RUBY_HOOK.rb`."""
        return self.directory / "ruby"

    @property
    def php_settings(self) -> Path:
        """A directory with an `.ini` file."""
        return self.directory / "php"


def changes(parent: Mapping[str, str], kit: Kit, port: int, others: Others) -> dict[str, str | None]:
    """Variables to set, and with None to remove, in an environment that is otherwise `parent`."""
    proxy, bundle, outside = f"http://127.0.0.1:{port}", str(kit.bundle), no_proxy(parent)
    made: dict[str, str | None] = {}
    for name, value in (
        ("HTTPS_PROXY", proxy),
        ("HTTP_PROXY", proxy),
        ("NO_PROXY", outside),
        ("ALL_PROXY", None),
    ):
        made[name] = made[name.lower()] = value
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        made[name] = bundle
    made["PYTHONPATH"] = _joined(str(kit.python_hook), parent.get("PYTHONPATH"), os.pathsep)
    made["NODE_OPTIONS"] = _joined(f'--require "{_escaped(kit.node_hook)}"', parent.get("NODE_OPTIONS"), " ")
    # RUBYOPT is split at every space, whatever stands around it: the directory goes into another variable.
    made["RUBYLIB"] = _joined(str(kit.ruby_hook), parent.get("RUBYLIB"), os.pathsep)
    made["RUBYOPT"] = _joined(f"-r{RUBY_HOOK}", parent.get("RUBYOPT"), " ")
    made["JAVA_TOOL_OPTIONS"] = _joined(parent.get("JAVA_TOOL_OPTIONS"), java_options(kit, port), " ")
    # A leading separator stands for the directory that was compiled in.
    made["PHP_INI_SCAN_DIR"] = f"{parent.get('PHP_INI_SCAN_DIR', '')}{os.pathsep}{kit.php_settings}"
    made["OFFHOOK_EXEC_PORT"] = str(port)
    made["OFFHOOK_EXEC_HOSTS"] = SERVED
    made["OFFHOOK_EXEC_REST"] = others
    made["OFFHOOK_EXEC_BUNDLE"] = bundle
    return made


def apply(parent: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    """The whole environment."""
    kept = {name: value for name, value in parent.items() if name not in changed}
    return kept | {name: value for name, value in changed.items() if value is not None}


def no_proxy(parent: Mapping[str, str]) -> str:
    """What goes past the proxy: this machine, and what did before unless it takes served hosts along."""
    given = parent.get("no_proxy") or parent.get("NO_PROXY") or ""
    kept = [entry.strip() for entry in given.split(",") if entry.strip() and not covers_served(entry)]
    return ",".join(dict.fromkeys([*LOCAL, *kept]))


def java_options(kit: Kit, port: int) -> str:
    values = {
        "https.proxyHost": "127.0.0.1",
        "https.proxyPort": str(port),
        "http.proxyHost": "127.0.0.1",
        "http.proxyPort": str(port),
        "http.nonProxyHosts": JAVA_LOCAL,
        "javax.net.ssl.trustStore": str(kit.java_store),
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": STORE_PASSWORD,
    }
    return " ".join(_java_quoted(f"-D{name}={value}") for name, value in values.items())


def _java_quoted(word: str) -> str:
    return f'"{word}"' if any(c.isspace() for c in word) else word


def _escaped(path: Path) -> str:
    """As NODE_OPTIONS reads it between quotes."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _joined(first: str | None, second: str | None, between: str) -> str:
    return between.join(part for part in (first, second) if part)
