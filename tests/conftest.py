"""Shared by all tests: what happens when an outside peer is missing."""

import shutil

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program, …): outside programs that the test starts")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for program in marker.args:
            if shutil.which(program) is None:
                pytest.skip(f"NOT RUN: {program} is not installed (scripts/test --interop --install)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once and plainly what was left out; CI fails on these lines."""
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"NOT RUN: {report.nodeid}: {reason.removeprefix('Skipped: ')}")
