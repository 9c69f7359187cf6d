"""What a file says is what the table holds: labels, positions, what was left out and why."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from evaluations.datasets.ingest import load_table
from evaluations.stats.table import NEVER_TREATED

from .conftest import panel_spec, panel_text, table_from


def test_an_empty_cell_is_never_treated_and_starts_are_positions(spec):
    table = table_from(panel_text(), spec)
    assert table.cohorts.starts.tolist() == [NEVER_TREATED, NEVER_TREATED, 1, 1]
    assert table.cohorts.codes.tolist() == [-1, -1, 0, 0] and table.cohorts.labels == (2019,)


def test_treatment_after_the_last_period_and_before_the_first_have_their_places(spec):
    rows = [
        f"{unit},{year},1,{start}" for unit, start in [("a", 2030), ("b", 1990), ("c", 2018)] for year in (2018, 2019)
    ]
    table = table_from(panel_text(rows), spec)
    assert table.cohorts.starts.tolist() == [2, 2, 0, 0, 0, 0]


def test_2014_and_2014_point_0_are_one_label(spec):
    rows = ["1,2018.0,1,2019.0", "1,2019,2,2019", "2.0,2018,1,", "2,2019,2,"]
    table = table_from(panel_text(rows), spec)
    assert table.period.labels == (2018, 2019) and table.unit.labels == (1, 2) and table.cohorts.labels == (2019,)


def test_codes_with_leading_zeros_stay_as_they_are(spec):
    table = table_from(panel_text(["007,2018,1,", "007,2019,1,", "7,2018,1,", "7,2019,1,"]), spec)
    assert table.unit.labels == ("007", "7")


def test_missing_outcomes_and_covariates_are_dropped_and_counted():
    text = "school,year,score,start,x\na,2018,,,1\na,2019,NA,,1\nb,2018,1,,\nb,2019,2,,1\nc,2018,1,,1\nc,2019,3,,1\n"
    table = table_from(text, panel_spec(covariates=["x"]))
    assert [(item.reason, item.rows, item.units) for item in table.dropped] == [
        ("outcome_missing", 2, 1), ("covariate_missing", 1, 0),
    ]  # fmt: skip
    assert table.rows_read == 6 and table.n_rows == 3 and table.unit.labels == ("b", "c")


def test_text_covariates_become_categories_against_a_stated_one():
    text = (
        "school,year,score,start,kind\na,2018,1,,primary\na,2019,1,,primary\nb,2018,1,,secondary\nb,2019,1,,secondary\n"
    )
    table = table_from(text, panel_spec(covariates=["kind"]))
    assert table.covariate_names == ("kind: secondary",)
    assert table.covariates[:, 0].tolist() == [0, 0, 1, 1]
    assert any("primary" in note for note in table.notes)


def test_row_order_changes_nothing(spec):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"school": np.repeat(np.arange(30), 4), "year": np.tile(np.arange(4), 30) + 2000})
    frame["score"], frame["start"] = rng.normal(size=120), np.where(frame.school % 3, np.nan, 2002)
    first = table_from(frame.to_csv(index=False), spec)
    for _ in range(3):
        again = table_from(frame.sample(frac=1, random_state=rng).to_csv(index=False), spec)
        assert again.outcome.tobytes() == first.outcome.tobytes()
        assert again.unit.codes.tolist() == first.unit.codes.tolist()
        assert again.cohorts.starts.tolist() == first.cohorts.starts.tolist()


def test_cross_sections_have_one_order_too():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"treated": rng.integers(0, 2, 200), "post": rng.integers(0, 2, 200), "score": rng.integers(0, 3, 200)}
    )
    spec = panel_spec("did_2x2", unit=None, period=None, first_treated=None, treated="treated", post="post")
    first = table_from(frame.to_csv(index=False), spec)
    again = table_from(frame.sample(frac=1, random_state=rng).to_csv(index=False), spec)
    for part in ("outcome", "treated", "post"):
        assert getattr(first, part).tolist() == getattr(again, part).tolist()


@pytest.mark.parametrize("kind", ["csv", "semicolons", "utf-16", "bom", "parquet", "xlsx", "dta", "sav"])
def test_every_kind_of_file_gives_the_same_table(spec, kind, tmp_path):
    frame = pd.DataFrame(
        {
            "school": [1, 1, 2, 2],
            "year": [2018, 2019] * 2,
            "score": [1.25, np.nan, 3, 4],
            "start": [np.nan, np.nan, 2019, 2019],
        }
    )
    path = tmp_path / "data"
    match kind:
        case "parquet":
            frame.to_parquet(path)
        case "xlsx":
            with path.open("wb") as file:
                frame.to_excel(file, index=False)
        case "dta":
            import pyreadstat

            pyreadstat.write_dta(frame, str(path))
        case "sav":
            import pyreadstat

            pyreadstat.write_sav(frame, str(path))
        case _:
            encoding = {"utf-16": "utf-16", "bom": "utf-8-sig"}.get(kind, "utf-8")
            path.write_text(frame.to_csv(index=False, sep=";" if kind == "semicolons" else ","), encoding=encoding)
    table = load_table(path, spec)
    assert table.unit.labels == (1, 2) and table.period.labels == (2018, 2019) and table.cohorts.labels == (2019,)
    assert table.outcome.tolist() == [1.25, 3, 4]
    assert [(item.reason, item.rows) for item in table.dropped] == [("outcome_missing", 1)]


def test_the_order_of_rows_and_unnamed_columns_leave_a_file_object_where_it_was(spec):
    file = io.BytesIO(("note," + panel_text().replace("\n", "\nx,", 4)).encode())
    assert load_table(file, spec).n_rows == 4 and not file.closed
