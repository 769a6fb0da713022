"""Writes docs/licences.md, and with --check fails when it is stale or a GPL package enters the import graph.

The import graph is what `import offhook…` can reach: the packages our modules import and everything those
require. `offhook_espeak.py` is a program of its own and not part of it.
"""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"
GPL = re.compile(r"(?<!L)(?<!Lesser )\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
KNOWN = {"lameenc": "LGPL-3.0-or-later"}
"""Packages whose metadata says nothing; read from their own licence files."""


def main() -> int:
    rows = sorted((name, licence(name)) for name in reachable(imported()))
    bad = [f"{name}: {text}" for name, text in rows if GPL.search(text)]
    if bad:
        print("GPL in the import graph of offhook:", *bad, sep="\n  ", file=sys.stderr)
        return 1
    page = render(rows)
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text() != page:
            print("docs/licences.md is stale; run: .venv/bin/python scripts/_licences.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(page)
    return 0


def imported() -> set[str]:
    """The top-level packages that modules under src/offhook import."""
    names: set[str] = set()
    for path in (ROOT / "src" / "offhook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return names - {"offhook"} - set(sys.stdlib_module_names)


def reachable(packages: set[str]) -> set[str]:
    """The distributions behind these packages and all that they require on this platform."""
    by_package = metadata.packages_distributions()
    todo = [name for package in packages for name in by_package.get(package, [])]
    seen: set[str] = set()
    while todo:
        name = normal(todo.pop())
        if name in seen:
            continue
        seen.add(name)
        for requirement in metadata.requires(name) or []:
            if "extra ==" in requirement:
                continue
            needed = normal(re.match(r"[A-Za-z0-9._-]+", requirement)[0])  # type: ignore[index]
            if needed not in seen and installed(needed):
                todo.append(needed)
    return seen


def licence(name: str) -> str:
    """What a distribution says of its licence, in one line."""
    info = metadata.metadata(name)
    classifiers = [
        c.split(" :: ")[-1] for c in info.get_all("Classifier") or [] if c.startswith("License ::")
    ]
    text = (
        info.get("License-Expression") or ", ".join(classifiers) or info.get("License") or KNOWN.get(name, "")
    )
    return (text.strip().splitlines() or ["not stated"])[0][:80]


def render(rows: list[tuple[str, str]]) -> str:
    lines = [
        "# Licences",
        "",
        "Offhook is Apache-2.0. These packages are in its import graph (made by `scripts/_licences.py`,",
        "checked by `scripts/check`). None is GPL. espeak-ng is GPL-3.0-or-later: it is driven by",
        "`offhook-espeak`, a program of its own under the same licence that shares no code with Offhook.",
        "",
        "| package | licence |",
        "|---|---|",
        *(f"| {name} | {text} |" for name, text in rows),
    ]
    return "\n".join(lines) + "\n"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
