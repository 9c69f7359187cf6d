"""The validation page as Markdown, from what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.validation import coverage

HEAD = """# Validation

Made by `make validate`; do not edit. What is compared is what the golden tests assert, number by number, and what the
simulations did on the day they were run. The same figures, with every single comparison, are on the site at
`/validation/` and as JSON in `docs/validation/`.
"""


Rows = Sequence[dict[str, Any]]


def markdown(references: Rows, not_compared: Rows, simulations: Rows, standing: Rows, placebos: Rows = ()) -> str:
    """The whole page."""
    parts = [HEAD, *_references(references), *_not_compared(not_compared)]
    parts += [*_simulations(simulations), *_standing(standing), *_placebos(placebos)]
    return "\n".join(parts).rstrip() + "\n"


def summary(group: dict[str, Any]) -> dict[str, Any]:
    """How many numbers of a group were compared, and the largest difference as a share of its tolerance."""
    rows = [row for test in group["tests"] for row in test["comparisons"]]
    shares = [abs(ours - expected) / tolerance for expected, ours, tolerance in rows if tolerance > 0]
    return {"n": len(rows), "largest_share": max(shares, default=0.0)}


def _references(groups: Rows) -> Iterable[str]:
    total = sum(summary(group)["n"] for group in groups)
    yield f"\n## Reference numbers\n\n{total:,} numbers compared, every one within its tolerance.\n"
    yield "| Compared with | Tests | Numbers | Largest difference, as a share of its tolerance |"
    yield "|---|---:|---:|---:|"
    for group in groups:
        found = summary(group)
        about = " ".join(group["about"].split())
        yield f"| {about} | {len(group['tests'])} | {found['n']:,} | {found['largest_share']:.2g} |"


def _not_compared(rows: Rows) -> Iterable[str]:
    if not rows:
        return
    yield "\nA test fails when a number of the reference files is neither compared nor listed here (`*` stands for"
    yield "anything, `case` for a result of reference software, `row` for a printed one):\n"
    yield "| Not compared | Why |"
    yield "|---|---|"
    for row in rows:
        yield f"| `{row['pattern'].replace('|', chr(92) + '|')}` | {row['reason']} |"


def _simulations(cells: Rows) -> Iterable[str]:
    if not cells:
        return
    yield "\n## Intervals where the truth is known\n\nSimulated panels from fixed seeds, as many a row as it says."
    yield f"A row stands here once it has been measured: {len(cells)} of {sum(1 for _ in coverage.cells())} have been."
    yield "A 95 % interval should hold the truth in 95 % of them; a test at 5 % should reject a true null in 5 %. A set"
    yield "(HonestDiD) should hold it in at least 95 % where trends fail by exactly what it allows for. A row is"
    yield "measured again when anything that its estimator rests on, its world or its design has changed, else kept.\n"
    yield from _averages(cells)
    yield "| World | Method | Clusters | Panels | Held the truth | Rejected a null | Bias | Mean error | Spread seen |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for cell in cells:
        mark = f" ({cell['remark']})" if cell.get("remark") else ""
        share = [_percent(cell["coverage"]), _percent(cell["rejects_truth"])]
        numbers = [_number(cell[name]) for name in ("bias", "mean_std_error", "sd_of_estimates")]
        row = [cell["words"], cell["label"] + mark, str(cell["n_clusters"]), f"{cell['draws']:,}", *share, *numbers]
        yield f"| {' | '.join(row)} |"


def _averages(cells: Rows) -> Iterable[str]:
    """Coverage over the cells with enough clusters that are meant to hold."""
    many = [
        cell["coverage"]
        for cell in cells
        if cell["n_clusters"] >= 40
        and not cell.get("remark")
        and cell["coverage"] is not None
        and cell.get("judges", "interval") == "interval"
    ]
    if many:
        average, low, high = sum(many) / len(many), min(many), max(many)
        yield f"Over the {len(many)} rows with at least 40 clusters, intervals held the truth in {_percent(average)} on"
        yield f"average, from {_percent(low)} to {_percent(high)}.\n"


def _standing(rows: Rows) -> Iterable[str]:
    if not rows:
        return
    yield f"\n## The rule of standing, version {rows[0]['rule_version']}\n"
    yield "Treated units drift away from the others by so much a period, in standard deviations. Without drift a result"
    yield "is sound and should not be stopped; with drift it is biased and should not be let through.\n"
    yield "| Estimator | Units | Drift a period | Bias | Supports | With caution | Does not support |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for row in rows:
        levels = [_percent(row[name]) for name in ("supports", "caution", "does_not_support")]
        said = [row["estimator"], row["units"], f"{row['drift']:g}", _number(row["bias"]), *levels]
        yield f"| {' | '.join(said)} |"


def _placebos(rows: Rows) -> Iterable[str]:
    if not rows:
        return
    n_series = max(row["n_series"] for row in rows)
    yield "\n## Where nothing happened\n\nAuthorities and dates drawn at random from published series"
    yield f"({n_series} of them), no programme, each with the comparison areas that the workspace proposes for it."
    yield "A test at 5 % should call an effect in 5 % of draws; in 200 draws, chance alone gives 2 to 8 %.\n"
    yield "| Design | Treated areas | Draws | Without an answer | Called an effect |"
    yield "|---|---:|---:|---:|---:|"
    for row in rows:
        said = [row["label"], str(row["n_treated"]), str(row["draws"]), str(row["refused"]), _percent(row["rejects"])]
        yield f"| {' | '.join(said)} |"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
