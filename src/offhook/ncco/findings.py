"""What is wrong or doubtful in an NCCO document, each with the place and the fix."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` is like `[2].endpoint[0].number`, empty for the document as a whole."""

    path: str
    severity: Severity
    message: str


class Findings:
    """The list that reading a document fills. Reading goes on after an error so that all are found."""

    def __init__(self, *, warnings: bool = True) -> None:
        self._found: list[Finding] = []
        self.wants_warnings = warnings

    def error(self, path: str, message: str) -> None:
        self._found.append(Finding(path, "error", message))

    def warn(self, path: str, message: str) -> None:
        if self.wants_warnings:
            self._found.append(Finding(path, "warning", message))

    @property
    def first_error(self) -> Finding | None:
        return next((finding for finding in self._found if finding.severity == "error"), None)

    def listed(self) -> list[Finding]:
        return list(self._found)
