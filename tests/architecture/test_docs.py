"""What the documents name exists: files, folders, commands, links."""

import re
from pathlib import Path

import pytest

from offhook.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "offhook"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
IN_TICKS = re.compile(r"`([^`\n]+)`")
MODULE = re.compile(r"^[a-z0-9_]+(/[a-z0-9_]+)*\.py$")
PATH = re.compile(r"^(src|docs|tests|scripts|examples)/[\w./-]+$")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"\boffhook ([a-z]+)\b")
TRACKER = re.compile(r"\b(issue|ticket) #?\d+\b", re.IGNORECASE)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def ticks(page: Path) -> list[str]:
    return IN_TICKS.findall(page.read_text())


def found(module: str, page: Path) -> bool:
    """A module by its path below the package, below the page's own folder, or by its bare name anywhere."""
    if (SOURCE / module).is_file() or (ROOT / module).is_file() or (page.parent / module).is_file():
        return True
    return any(
        path.as_posix().endswith("/" + module) for path in [*SOURCE.rglob("*.py"), *ROOT.glob("src/*.py")]
    )


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_modules_and_paths_exist(page: Path) -> None:
    missing = [text for text in ticks(page) if MODULE.match(text) and not found(text, page)]
    missing += [text for text in ticks(page) if PATH.match(text) and not (ROOT / text.rstrip("/")).exists()]
    assert not missing, f"{name(page)} names {missing}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing, f"{name(page)} links to {missing}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page: Path) -> None:
    code = "\n".join([*ticks(page), *re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)])
    unknown = {verb for verb in COMMAND.findall(code) if verb not in COMMANDS}
    assert not unknown, f"{name(page)} uses {sorted(unknown)}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_refers_to_a_tracker(page: Path) -> None:
    assert TRACKER.search(page.read_text()) is None
