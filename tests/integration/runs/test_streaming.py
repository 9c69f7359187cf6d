"""Large panels answered in one pass over the file: the digits of the whole file in memory, or the whole file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluations.datasets import ingest_stream
from evaluations.runs import runner
from evaluations.runs.passes import alone, parts_of, sums_of
from evaluations.runs.streaming import panel_and_method, streamed_result
from evaluations.stats import blocks
from evaluations.stats.issues import BadInput
from evaluations.stats.registry import ignore_progress
from tests.engine_inputs import PANEL, panel_frame, spec_of

NEVER = float("nan")
STARTS = ([1.0] * 3 + [3.0] * 20 + [5.0] * 25 + [NEVER] * 40) * 4


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Blocks of 16 units, two to a run, from any size of file on."""
    from evaluations.stats.callaway_santanna import unit_blocks

    monkeypatch.setattr(ingest_stream, "STREAM_FROM_ROWS", 1)
    monkeypatch.setattr(ingest_stream, "BLOCK_UNITS", 16)
    monkeypatch.setattr(blocks, "BLOCKS_IN_A_RUN", 2)
    monkeypatch.setattr(unit_blocks.UnitBlocks.of.__func__, "__kwdefaults__", {"size": 16})


def frame_of(**changes) -> pd.DataFrame:
    frame = panel_frame(STARTS, n_periods=6, effect=1.0, noise=1.0, seed=2)
    return frame.assign(**changes)


def written(frame: pd.DataFrame, folder: Path, *, row_group_size: int = 100) -> Path:
    path = folder / "panel.parquet"
    frame.to_parquet(path, row_group_size=row_group_size, index=False)
    return path


def parts(result: dict) -> dict:
    return {key: result[key] for key in ("estimates", "att_gt", "event_study", "by_cohort", "by_period", "sample")}


@pytest.mark.parametrize("options", [{}, {"control_group": "not_yet_treated"}, {"base_period": "universal"}])
@pytest.mark.parametrize("row_group_size", [37, 100, 5000])
def test_a_pass_over_the_file_gives_the_digits_of_the_file_in_memory(tmp_path, monkeypatch, options, row_group_size):
    path = written(frame_of(), tmp_path, row_group_size=row_group_size)
    spec = spec_of("callaway_santanna", PANEL, sensitivity=[], **options)
    assert streamed_result(path, spec, tick=ignore_progress) is not None
    streamed = runner.run_analysis_file(path, spec.to_json())
    monkeypatch.setattr(ingest_stream, "STREAM_FROM_ROWS", 10**9)
    whole = runner.run_analysis_file(path, spec.to_json())
    assert parts(streamed) == parts(whole)
    test = [next(d for d in r["diagnostics"] if d["code"] == "pretrend_joint") for r in (streamed, whole)]
    assert test[0] == test[1]


def test_runs_of_blocks_summed_apart_give_the_same_digits(tmp_path):
    """What several workers would do: each takes runs of blocks, and the runs are added in order."""
    path = written(frame_of(), tmp_path)
    panel, method = panel_and_method(path, spec_of("callaway_santanna", PANEL))
    whole = alone(panel, method, None, 1, tick=ignore_progress)
    runs = [
        sums_of(panel, lambda units: method.reduce_block(units, None), *part, tick=lambda share: None)
        for part in parts_of(panel)
    ]
    assert len(runs) == 11
    together = runs[0]
    for run in runs[1:]:
        together = together + run
    for name in ("count", "mean", "second"):
        assert (getattr(whole.moments, name) == getattr(together.moments, name)).all()


IRREGULAR = {
    "a hole": lambda f: f.drop(index=100),
    "rows out of order": lambda f: f.sample(frac=1, random_state=1),
    "units out of order": lambda f: f.assign(unit=-f["unit"]),
    "an empty outcome": lambda f: f.assign(outcome=f["outcome"].where(f.index != 77)),
    "names for units": lambda f: f.assign(unit=f["unit"].astype(str)),
}


@pytest.mark.parametrize("what", IRREGULAR)
def test_any_other_layout_is_read_whole(tmp_path, what):
    path = written(IRREGULAR[what](frame_of()), tmp_path)
    spec = spec_of("callaway_santanna", PANEL, sensitivity=[])
    assert streamed_result(path, spec, tick=ignore_progress) is None
    assert runner.run_analysis_file(path, spec.to_json())["status"] == "done"


@pytest.mark.parametrize("extra", [{"cluster": "period"}, {"weight": "outcome"}, {"covariates": ["unit"]}])
def test_designs_that_need_more_than_means_are_read_whole(tmp_path, extra):
    path = written(frame_of(), tmp_path)
    assert ingest_stream.panel_file(path, spec_of("callaway_santanna", {**PANEL, **extra})) is None


@pytest.mark.parametrize("code", [0, 9999])
def test_a_suspected_code_for_never_treated_is_bad_input_here_too(tmp_path, code):
    path = written(frame_of().fillna({"first_treated": code}), tmp_path)
    with pytest.raises(BadInput):
        streamed_result(path, spec_of("callaway_santanna", PANEL), tick=ignore_progress)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"outcome": 1.5}, "outcome_constant"), ({"first_treated": 3.0}, "no_untreated_units"),
     ({"first_treated": 1.0}, "no_pre_period"), ({"first_treated": NEVER}, "no_treated_units")],
)  # fmt: skip
def test_refusals_are_the_same(tmp_path, changes, code):
    path = written(frame_of(**changes), tmp_path)
    result = streamed_result(path, spec_of("callaway_santanna", PANEL), tick=ignore_progress)
    assert result.refusal.code == code


def test_whole_numbers_with_empty_cells_read_the_same(tmp_path):
    frame = frame_of()
    spec = spec_of("callaway_santanna", PANEL, sensitivity=[])
    plain = streamed_result(written(frame, tmp_path), spec, tick=ignore_progress)
    whole = frame.assign(first_treated=frame["first_treated"].astype("Int64"))
    found = streamed_result(written(whole, tmp_path), spec, tick=ignore_progress)
    assert np.array_equal([c.value for c in plain.att_gt], [c.value for c in found.att_gt])
