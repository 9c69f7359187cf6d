"""How the catalogue says no: every problem at once, each with its cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem with what was asked of the catalogue, and where: a file, its row (the header is line 1), a column."""

    code: str
    message: str
    hint: str = ""
    file: str = ""
    row: int | None = None
    column: str | None = None

    def to_json(self) -> dict:
        """The issue as JSON, without the parts that do not apply."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}

    @property
    def where(self) -> str:
        """The place in words: file, row, column, as far as known."""
        parts = [self.file, f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else ""]
        return ", ".join(part for part in parts if part)


class CatalogueRefused(ValueError):
    """The catalogue cannot take this. Carries every problem found, at least one."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(issue.message for issue in self.issues))
