"""What a person chooses when two files are joined, and the match report as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluations.datasets.join_report import count_words, p_words
from evaluations.datasets.joined import Join, earlier_join, files_to_join, likely_id, names_in, stated_choices
from evaluations.datasets.joining import KINDS
from evaluations.datasets.models import Dataset
from evidence.drawing.tables import Column, Table, build_table

TOTALS = ("Rows", "Ids", "Found", "Not found", "Share found", "Rows without id")
HIDDEN = "Counts under 10 are hidden and others rounded to 5, because rows are about people."


@dataclass(frozen=True)
class Asked:
    """What was chosen so far; a file that was not chosen is null."""

    participation: Dataset | None
    outcomes: Dataset | None
    participation_id: str
    outcomes_id: str
    kind: str
    ignore_case: bool
    digits: str

    @property
    def is_whole(self) -> bool:
        """Whether there is enough to join."""
        return self.participation is not None and self.outcomes is not None

    def join(self) -> Join:
        """The join that was asked for. Raises `BadInput` for choices that cannot be."""
        if self.participation is None or self.outcomes is None:
            raise ValueError("two files are needed")
        digits = int(self.digits) if self.digits.isdigit() else -1 if self.digits else 0
        choices = stated_choices(self.kind, ignore_case=self.ignore_case, digits=digits)
        return Join(self.participation, self.outcomes, self.participation_id, self.outcomes_id, choices)


def asked_of(data: Mapping[str, Any], evaluation_pk: int) -> Asked:
    """What was posted or asked for; `again` names a joined data set whose choices are to be used again."""
    files = {str(each.pk): each for each in files_to_join(evaluation_pk)}
    again = files.get(str(data.get("again", "")))
    earlier = dict(earlier_join(again) or {}) if again is not None else {}
    stated = {name: data[name] for name in ("participation", "outcomes") if name in data}
    participation = files.get(str(stated.get("participation", earlier.get("participation", ""))))
    outcomes = files.get(str(stated.get("outcomes", earlier.get("outcomes", ""))))
    shown = "shown" in data
    return Asked(
        participation,
        outcomes,
        _column(data, earlier, "participation_id", participation, outcomes),
        _column(data, earlier, "outcomes_id", outcomes, participation),
        str(data.get("kind") or earlier.get("kind") or "outcomes"),
        bool(data.get("ignore_case")) if shown else bool(earlier.get("ignore_case")),
        str(data.get("digits", earlier.get("digits") or "")),
    )


def _column(
    data: Mapping[str, Any], earlier: Mapping[str, Any], name: str, file: Dataset | None, other: Dataset | None
) -> str:
    if file is None:
        return ""
    chosen = str(data.get(name) or earlier.get(name) or "")
    return chosen if chosen in names_in(file) else likely_id(file, other)


def choices_context(asked: Asked, evaluation_pk: int) -> dict[str, Any]:
    """What the page offers."""
    return {
        "asked": asked,
        "files": files_to_join(evaluation_pk),
        "participation_names": names_in(asked.participation) if asked.participation else [],
        "outcomes_names": names_in(asked.outcomes) if asked.outcomes else [],
        "kinds": KINDS.items(),
    }


def match_tables(report: Mapping[str, Any]) -> list[Table]:
    """The match report as tables: each file's totals, then match rates by every column's values, then means."""
    tables = [_totals(report)]
    for side in report["sides"]:
        tables += [_category_table(side, each) for each in side["categories"]]
        if side["numbers"]:
            tables.append(_means_table(side))
    return tables


def _totals(report: Mapping[str, Any]) -> Table:
    heads: list[Column | str] = [
        "File",
        *(
            Column(name, numeric=True)
            for name in ("Rows", "Ids", "Found", "Not found", "Share found", "Rows without id")
        ),
    ]
    rows = [
        (
            side["what"],
            *(count_words(side["counts"][name]) for name in ("rows", "ids", "matched", "unmatched")),
            _percent(side["rate"]),
            count_words(side["counts"]["without_id"]),
        )
        for side in report["sides"]
    ]
    note = (
        "Counts under 10 are hidden and others rounded to 5, because rows are about people." if report["people"] else ""
    )
    return build_table("Who was matched", heads, rows, note=note)


def _category_table(side: Mapping[str, Any], check: Mapping[str, Any]) -> Table:
    of = "ids" if check["of"] == "ids" else "rows"
    heads: list[Column | str] = [
        check["column"],
        Column(of.capitalize(), numeric=True),
        Column("Found", numeric=True),
        Column("Share found", numeric=True),
    ]
    rows = [
        (
            group["label"],
            *(("hidden", "hidden", "hidden") if group["n"] is None else _counts(group)),
        )
        for group in check["groups"]
    ]
    gap = "" if check["gap"] is None else f"The shares are up to {100 * check['gap']:.0f} points apart; "
    tested = "chi-squared test: " + p_words(check["p_value"]) if check["p_value"] is not None else "not tested"
    note = f"{gap}{tested}." if gap else f"{tested[:1].upper()}{tested[1:]}."
    return build_table(f"{side['what']}, by {check['column']} ({of})", heads, rows, note=note)


def _counts(group: Mapping[str, Any]) -> tuple[str, str, str]:
    return count_words(group["n"]), count_words(group["matched"]), _percent(group["rate"])


def _means_table(side: Mapping[str, Any]) -> Table:
    heads: list[Column | str] = [
        "Column",
        Column("Mean of those found", numeric=True),
        Column("Mean of those not found", numeric=True),
        Column("Apart, in standard deviations", numeric=True),
        Column("Test of no difference", numeric=True),
    ]
    rows = [
        (
            check["column"],
            _mean(check["mean_matched"]),
            _mean(check["mean_unmatched"]),
            "" if check["distance"] is None else f"{check['distance']:+.2f}",
            p_words(check["p_value"]),
        )
        for check in side["numbers"]
    ]
    return build_table(f"{side['what']}: means of those found and not found", heads, rows)


def _mean(value: float | None) -> str:
    return "hidden" if value is None else f"{value:.4g}"


def _percent(share: float | None) -> str:
    return "hidden" if share is None else f"{100 * share:.0f} %"
