"""The same digits under eight hash seeds, other orders of rows and other numbers of threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PROGRAM = """
import hashlib, json
from tests.engine_inputs import PANEL, panel_frame, spec_of, table_of
from evaluations.stats.engine import analyse

frame = panel_frame([3, 3, 3, 4, 4, 5, 5, 5, 5, *[float("nan")] * 9], n_periods=7, effect=1.0, noise=1.0)
frame["area"], frame["x"] = frame["unit"].map(lambda u: f"area {u % 12}"), (frame["unit"] * frame["period"]) % 7.0
frame = frame.drop(index=[5, 40, 77]).sample(frac=1, random_state=SEED)
written = []
for estimator, columns, options in (
    ("twfe", {"cluster": "area", "covariates": ["x"]}, {"inference": "wild", "draws": 99}),
    ("twfe", {}, {"inference": "randomisation", "draws": 99}),
    ("event_study", {"fixed_effects": ["area"]}, {"std_errors": "cr2"}),
    ("sun_abraham", {"covariates": ["x"]}, {}),
    ("imputation", {}, {}),
    ("synthetic_did", {}, {"draws": 30}),
    ("synthetic_did", {}, {"inference": "placebo", "draws": 30}),
):
    spec = spec_of(estimator, {**PANEL, **columns}, sensitivity=[], **options)
    written.append(json.dumps(analyse(table_of(frame, spec), spec).to_json(), sort_keys=True))
print(hashlib.sha256("".join(written).encode()).hexdigest())
"""


def digest(*, hash_seed: int, threads: int, row_seed: int) -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(hash_seed),
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "DJANGO_SETTINGS_MODULE": "config.test_settings",
    }
    program = PROGRAM.replace("SEED", str(row_seed))
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.strip()


@pytest.fixture(scope="module")
def first() -> str:
    return digest(hash_seed=0, threads=1, row_seed=0)


@pytest.mark.parametrize("hash_seed", range(1, 8))
def test_hash_seeds_row_orders_and_threads_change_no_digit(first, hash_seed):
    assert digest(hash_seed=hash_seed, threads=1 + hash_seed % 2, row_seed=hash_seed) == first
