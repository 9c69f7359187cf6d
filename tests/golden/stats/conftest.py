"""The reference results, and a way to run the engine on a reference file as a user's file would be."""

import json

import pandas as pd
import pytest

from evaluations.datasets.ingest import load_table
from evaluations.stats.registry import estimator
from evaluations.stats.spec import parse_spec


@pytest.fixture(scope="session")
def cases(shared_data):
    """Case id to the case: what reference software answered, its source and its tolerance."""
    found = json.loads((shared_data / "oracle" / "cases.json").read_text())
    return {case["id"]: case for case in found}


@pytest.fixture(scope="session")
def reference_frame(shared_data):
    """A reference file as a frame, codes of the never treated recoded to empty as the contract asks."""

    def read(name: str) -> pd.DataFrame:
        frame = pd.read_csv(shared_data / name)
        for column, is_never in (("first.treat", 0), ("first_treat", 0), ("year_treated", 10000)):
            if column in frame:
                frame[column] = frame[column].where(frame[column] != is_never)
        return frame

    return read


@pytest.fixture
def analysed(tmp_path):
    """Run one design on a frame, by way of a file: `analysed(frame, estimator, columns, **options)`."""

    def run(frame: pd.DataFrame, name: str, columns: dict, **options):
        path = tmp_path / "data.csv"
        frame.to_csv(path, index=False)
        spec = parse_spec({"estimator": name, "columns": columns, "options": options})
        table = load_table(path, spec)
        return estimator(spec)(table, spec)

    return run
