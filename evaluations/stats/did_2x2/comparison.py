"""The four means of a 2x2 comparison: which rows are in which, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluations.stats.issues import BadInput, Issue, NotEstimable
from evaluations.stats.results import Dropped, Label
from evaluations.stats.spec import Spec
from evaluations.stats.subgroups import units_split_by
from evaluations.stats.table import Coded, Table

CELLS = ("comparison rows before", "comparison rows after", "treated rows before", "treated rows after")


@dataclass(frozen=True)
class TwoByTwo:
    """The rows of a comparison, those of weight 0 left out.

    `group`, where there is a third difference, is 1 for the second of its two labels. `cluster` is
    null where rows are independent. `is_matched`: units are seen both before and after.
    """

    table: Table
    treated: np.ndarray
    post: np.ndarray
    group: np.ndarray | None
    group_labels: tuple[Label, ...]
    cluster: Coded | None
    is_matched: bool
    dropped: tuple[Dropped, ...]

    @property
    def cell(self) -> np.ndarray:
        """Which mean a row goes into: 2 x treated + post, plus 4 in the second group."""
        cell = 2 * self.treated.astype(np.int64) + self.post
        return cell if self.group is None else cell + 4 * self.group

    def sides(self) -> tuple[int | None, int | None]:
        """Treated and comparison clusters; null where rows are independent."""
        if self.cluster is None:
            return None, None
        codes = self.cluster.codes
        return len(np.unique(codes[self.treated])), len(np.unique(codes[~self.treated]))

    @property
    def n_clusters(self) -> int | None:
        """How many clusters there are; null where rows are independent."""
        return None if self.cluster is None else len(np.unique(self.cluster.codes))

    def part(self, rows: np.ndarray) -> TwoByTwo:
        """The comparison on some of its rows (a mask)."""
        return replace(
            self,
            table=self.table.select(rows),
            treated=self.treated[rows],
            post=self.post[rows],
            group=None if self.group is None else self.group[rows],
            cluster=None if self.cluster is None else self.cluster.select(rows),
        )


def comparison_of(table: Table, spec: Spec) -> TwoByTwo:
    """The comparison that the design asks of the table.

    Raises `NotEstimable` where one of its means has no rows, the outcome never varies or all rows
    are in one cluster.
    """
    if table.treated is None or table.post is None:
        raise BadInput([Issue("role_missing", "did_2x2 needs treated and post.", "Set columns.treated and post.")])
    if table.n_rows == 0:
        raise NotEstimable("no_rows", "There are no rows to analyse.", "Check the file and why rows were dropped.")
    treated, post = _zero_one(table.treated, "treated"), _zero_one(table.post, "post")
    used = _has_weight(table)
    dropped = () if used.all() else (Dropped("weight_zero", int((~used).sum())),)
    table, treated, post = table.select(used), treated[used], post[used]
    table = units_split_by(table, table.third_difference)
    group, labels = _third(table)
    by = table.cluster if table.cluster is not None else table.unit
    made = TwoByTwo(
        table=table,
        treated=treated,
        post=post,
        group=group,
        group_labels=labels,
        cluster=None if spec.options.std_errors in ("classical", "hc1") else by,
        is_matched=spec.options.panel and table.unit is not None and table.n is None,
        dropped=dropped,
    )
    _check_cells(made)
    _check_variation(made)
    return made


def _has_weight(table: Table) -> np.ndarray:
    used = np.ones(table.n_rows, dtype=bool)
    for weight in (table.weight, table.n):
        if weight is not None:
            used &= weight > 0
    return used


def _zero_one(values: np.ndarray, role: str) -> np.ndarray:
    if not np.isin(values, (0, 1)).all():
        raise BadInput([Issue("not_zero_or_one", f"{role} must be 0 or 1.", "Write 1 for yes and 0 for no.")])
    return values.astype(bool)


def _third(table: Table) -> tuple[np.ndarray | None, tuple[Label, ...]]:
    third = table.third_difference
    if third is None:
        return None, ()
    used = np.unique(third.codes)
    if len(used) != 2:
        raise NotEstimable(
            "third_difference_not_two_groups",
            f"The third difference needs two groups, and its column has {len(used)}.",
            "Use a column with two values, or one estimate for each subgroup.",
        )
    return third.codes == used[1], tuple(third.labels[code] for code in used)


def _check_cells(made: TwoByTwo) -> None:
    has = np.bincount(made.cell, minlength=4 if made.group is None else 8) > 0
    has = has.reshape(-1, 4)
    for treated_before, code, what, hint in (
        ((2, 3), "no_treated_units", "No row is treated.", "Check the treated column."),
        ((0, 1), "no_untreated_units", "Every row is treated, so there is nothing to compare with.",
         "Add rows that were not treated."),
        ((0, 2), "no_pre_period", "No row is from before treatment.", "Add rows with post = 0."),
        ((1, 3), "no_post_period", "No row is from after treatment began.", "Add rows with post = 1."),
    ):  # fmt: skip
        if not has[:, treated_before].any():
            raise NotEstimable(code, what, hint)
    if not has.all():
        group, cell = np.argwhere(~has)[0]
        within = f" among {made.group_labels[group]}" if made.group is not None else ""
        raise NotEstimable(
            "empty_cell",
            f"There are no {CELLS[cell]}{within}, so one of the means to compare does not exist.",
            "Add such rows, or change who counts as treated.",
        )


def _check_variation(made: TwoByTwo) -> None:
    if made.n_clusters == 1:
        raise NotEstimable(
            "one_cluster",
            "All rows belong to one cluster, so nothing shows how far the estimate might be off.",
            "Cluster on something with many values, or leave the cluster out.",
        )
    within = made.table.sd
    if np.ptp(made.table.outcome) == 0 and (within is None or not within.any()):
        raise NotEstimable(
            "outcome_constant",
            "The outcome has the same value in every row, so no effect can be measured.",
            "Check that the right column was chosen as the outcome.",
        )
