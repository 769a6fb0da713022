"""The command line: one file per command.

Errors go to standard error with what to do next. Exit status 0, 1 (failed) or 2 (usage). Every listing has
`--json`. Commands are imported when they are used, so that `offhook --help` is quick.
"""

from offhook.cli.main import main

__all__ = ["main"]
