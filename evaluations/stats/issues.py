"""The two ways the engine says no: the input is wrong, or the question cannot be answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem with a file or a design: what, where, why, and what to do about it.

    `row` is the line of the user's file, the header being line 1; null where no row is to blame.
    """

    code: str
    message: str
    hint: str = ""
    row: int | None = None
    column: str | None = None

    def to_json(self) -> dict:
        """The issue as JSON, without the parts that do not apply."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "")}


class BadInput(ValueError):
    """The user's file or design is wrong. Carries every problem found, at least one."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(issue.message for issue in self.issues))


class NotEstimable(Exception):
    """The question cannot be answered with these data. The run ends as "refused", with this reason."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(message)
