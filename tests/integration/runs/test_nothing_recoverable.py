"""From all that is published of random evaluations with small groups, no hidden count can be worked out."""

import json

from evaluations.disclosure import results, tables
from evaluations.disclosure.policy import PRESET
from evaluations.disclosure.results import protect_people
from evaluations.runs.presenters import waterfall
from evaluations.runs.runner import run_analysis_file
from evidence.drawing.tables import csv_text
from evidence.estimates.charts import figures
from tests.outsider import THRESHOLD, Seen, random_case, ranges, read_result, read_tables, untreated

WHOLE, REDUCED = 500, 12


def published(case, tmp_path) -> tuple[str, dict[str, str]]:
    """What leaves: the result as a file, and its tables as downloads."""
    path = tmp_path / "rows.parquet"
    case.frame.to_parquet(path, index=False)
    result = protect_people(run_analysis_file(path, case.spec), PRESET).result
    if result["status"] == "refused":
        return json.dumps(result), {}
    drawn = figures(result, outcome="attendance", unit="points")
    downloads = {part: csv_text(figure.table) for part, figure in drawn.items()}
    return json.dumps(result), downloads | {"sample": csv_text(waterfall(result))}


def worked_out(case, tmp_path) -> tuple[list[str], int]:
    """Which small counts the outsider places too narrowly or finds printed, and how many were hidden."""
    text, downloads = published(case, tmp_path)
    result = json.loads(text)
    if result["status"] == "refused":
        return [], 0
    seen = read_tables(downloads, read_result(result, Seen()))
    printed = [f"{name} is printed as {n}" for name, n in seen.printed.items() if n < THRESHOLD]
    found = ranges(case.truth, seen)
    truth = {**case.truth, **untreated(case.truth)}
    per = -(-truth["used"] // truth["units"])
    narrow = []
    for name, (low, high) in found.items():
        width = THRESHOLD * (per if name in ("read", "used", "lost") else 1)
        assert low - 1e-6 <= truth[name] <= high + 1e-6, f"the outsider's sums are wrong about {name}"
        if 0 < truth[name] < width and high - low < width - 1e-6:
            narrow.append(f"{name}: between {low:g} and {high:g}")
    return [*printed, *narrow], sum(0 < truth[name] < THRESHOLD for name in found)


def test_no_hidden_count_of_random_evaluations_can_be_worked_out(full, tmp_path):
    n_evaluations, n_small = WHOLE if full else REDUCED, 0
    for seed in range(n_evaluations):
        found, n_hidden = worked_out(random_case(seed), tmp_path)
        n_small += n_hidden
        assert found == [], f"evaluation {seed}"
    assert n_small > n_evaluations // 2  # or there was little to work out


def test_without_secondary_suppression_the_outsider_does_work_some_out(monkeypatch, tmp_path):
    def primary_only(found, policy, also=()):
        small = [count for count in found.counts if count.is_small(policy) and count.is_shown]
        return tuple(tables.Hidden(count.key, tables.PRIMARY) for count in small)

    monkeypatch.setattr(results, "hidden_counts", primary_only)
    assert any(worked_out(random_case(seed), tmp_path)[0] for seed in range(REDUCED))
