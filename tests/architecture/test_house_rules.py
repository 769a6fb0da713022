"""The rules of docs/architecture.md that a machine can hold."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "offhook"
MODULES = sorted(SOURCE.rglob("*.py"))
LIMIT = 450
TABLES = {"ncco/voices.py"}
"""Modules that are pure tables may be longer."""
PURE = ("sip", "sdp", "rtp", "ncco", "media/engine", "media/host.py")
FORBIDDEN_IN_PURE = {"asyncio", "socket", "time", "random", "os", "threading", "subprocess"}
CLOCK_READERS = {"core/clock.py", "media/worker.py"}
HISTORY = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b|\bfor now\b|issue #?\d+", re.IGNORECASE)


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_size(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LIMIT or relative(path) in TABLES, f"{relative(path)} has {lines} lines; split it"


@pytest.mark.parametrize("path", [p for p in MODULES if p.read_text().strip()], ids=relative)
def test_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{relative(path)} has no docstring"


@pytest.mark.parametrize("path", [p for p in MODULES if relative(p).startswith(PURE)], ids=relative)
def test_cores_do_no_io(path: Path) -> None:
    found = imports(path) & FORBIDDEN_IN_PURE
    assert not found, f"{relative(path)} imports {sorted(found)}: time, ids and bytes are arguments here"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_clock_reads_the_time(path: Path) -> None:
    if relative(path) in CLOCK_READERS:
        return
    text = path.read_text()
    for call in ("time.time(", "time.time_ns(", "time.monotonic(", "time.monotonic_ns(", "datetime.now("):
        assert call not in text, f"{relative(path)} calls {call}): use core/clock.py"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_is_left_for_later(path: Path) -> None:
    found = HISTORY.search(path.read_text())
    assert found is None, f"{relative(path)} says {found and found.group()!r}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_functions_and_classes_stay_small(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= 60, f"{relative(path)}: {node.name} has {size} lines"


def test_every_script_is_executable() -> None:
    for path in (ROOT / "scripts").iterdir():
        if path.is_file() and not path.name.startswith("_"):
            assert path.stat().st_mode & 0o100, f"chmod +x scripts/{path.name}"
