"""The command line as a stranger uses it: another process, no database, no folder it may write to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.engine_inputs import PANEL, panel_frame

ROOT = Path(__file__).resolve().parents[3]
STARTS = [3.0] * 12 + [4.0] * 12 + [float("nan")] * 16


def analyse(*arguments: object, home: Path, **environment: str) -> subprocess.CompletedProcess:
    """`python manage.py analyse` with a bare environment and a data folder that cannot be made."""
    environment = {"PATH": os.environ["PATH"], "UPLIFT_HOME": str(home / "absent" / "deeper"), **environment}
    (home / "absent").touch()
    command = [sys.executable, str(ROOT / "manage.py"), "analyse", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=home, timeout=120)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "panel.csv"
    panel_frame(STARTS, n_periods=5, effect=2.0, noise=0.5).to_csv(path, index=False)
    return path


def spec_file(folder: Path, **changes: object) -> Path:
    path = folder / "spec.json"
    path.write_text(json.dumps({"columns": PANEL, "options": {"sensitivity": []}, **changes}))
    return path


def test_a_result_goes_to_standard_output_and_a_second_run_repeats_it(tmp_path, data):
    first, second = (analyse(data, "--spec", spec_file(tmp_path), home=tmp_path) for _ in range(2))
    assert first.returncode == 0, first.stderr
    results = [json.loads(run.stdout) for run in (first, second)]
    assert results[0]["status"] == "done"
    assert results[0]["estimates"][0]["value"] == pytest.approx(2.0, abs=0.4)
    for result in results:
        del result["receipt"]["elapsed_s"]
    assert results[0] == results[1]


def test_a_result_goes_to_a_file_when_one_is_named(tmp_path, data):
    out = tmp_path / "result.json"
    run = analyse(data, "--spec", spec_file(tmp_path), "--out", out, home=tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert json.loads(out.read_text())["version"] == 1


def test_a_refusal_exits_3_and_is_still_a_result(tmp_path):
    path = tmp_path / "all_treated.csv"
    panel_frame([3.0] * 20, n_periods=5).to_csv(path, index=False)
    run = analyse(path, "--spec", spec_file(tmp_path), home=tmp_path)
    result = json.loads(run.stdout)
    assert run.returncode == 3
    assert (result["status"], result["refusal"]["code"]) == ("refused", "no_untreated_units")
    assert result["receipt"]["data_sha256"]


def test_bad_input_exits_2_with_every_problem_in_one_shape(tmp_path, data):
    frame = pd.read_csv(data).astype({"outcome": object})
    frame.loc[3, "outcome"] = "n/k"
    frame = pd.concat([frame, frame.iloc[[7]]])
    frame.to_csv(data, index=False)
    run = analyse(data, "--spec", spec_file(tmp_path), home=tmp_path)
    report = json.loads(run.stderr)
    assert (run.returncode, run.stdout) == (2, "")
    assert set(report) == {"message", "issues"}
    assert {issue["code"] for issue in report["issues"]} == {"not_a_number", "unit_period_repeated"}
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "spec_not_json"),
        ('{"option": {}}', "spec_unknown_key"),
        ("[1]", "spec_not_object"),
        ("NaN", "spec_not_json"),
    ],
)
def test_a_design_that_is_none_exits_2(tmp_path, data, text, code):
    spec = tmp_path / "wrong.json"
    spec.write_text(text)
    run = analyse(data, "--spec", spec, home=tmp_path)
    assert run.returncode == 2
    assert code in {issue["code"] for issue in json.loads(run.stderr)["issues"]}


@pytest.mark.parametrize("arguments", [(), ("nothing.csv",), ("nothing.csv", "--spec", "nothing.json")])
def test_missing_arguments_and_files_exit_2_in_the_same_shape(tmp_path, arguments):
    run = analyse(*arguments, home=tmp_path)
    assert run.returncode == 2
    assert json.loads(run.stderr)["issues"]


def test_hash_seeds_threads_and_row_order_do_not_change_a_digit(tmp_path):
    """Enough units for several blocks, covariates, clusters: what could be added in another order."""
    frame = panel_frame(STARTS * 500, n_periods=4, effect=2.0, noise=0.5)
    frame["x"] = (frame["unit"] * 7919 % 1009) / 1009
    frame["area"] = frame["unit"] % 97
    paths = [tmp_path / "first.parquet", tmp_path / "second.parquet"]
    frame.to_parquet(paths[0])
    frame.sample(frac=1, random_state=5).to_parquet(paths[1])
    columns = {**PANEL, "covariates": ["x"], "cluster": "area"}
    spec = spec_file(tmp_path, columns=columns)
    settings = [
        {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "8", "OPENBLAS_NUM_THREADS": "4"},
    ]
    runs = [analyse(path, "--spec", spec, home=tmp_path, **how) for path, how in zip(paths, settings, strict=True)]
    results = [json.loads(run.stdout) for run in runs]
    for result in results:
        del result["receipt"]["elapsed_s"], result["receipt"]["data_sha256"]
    assert results[0] == results[1]
