"""`make validate`: measure, then write docs/validation.md and docs/validation/*.json."""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from benchmarks.validation import coverage, page, placebo, standing_check  # noqa: E402  (one numeric thread a worker)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "validation"
PARTS = ("references", "simulations", "standing", "placebo")


def main() -> int:
    """Measure the parts asked for, keep the others as they are, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.validation")
    parser.add_argument("--draws", type=int, default=coverage.DRAWS, help="simulated panels a cell")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for part in asked.only or PARTS:
        if part == "simulations":
            _simulate(asked.draws)
        elif part == "placebo":
            _check_placebos(asked.draws)
        else:
            _write(part, _measured(part, asked.draws))
    _write("not_compared", _not_compared())
    found = [_read(part) for part in ("references", "not_compared", "simulations", "standing", "placebo")]
    (ROOT / "docs" / "validation.md").write_text(page.markdown(*found))
    return 0


def _measured(part: str, draws: int) -> list[dict[str, Any]]:
    if part == "standing":
        return standing_check.as_json(standing_check.check(min(draws, standing_check.DRAWS)))
    return _references()


def _simulate(draws: int) -> None:
    """Write after every cell, so that what was stopped goes on where it was; cells that would not change are kept."""
    for rows in coverage.simulate(draws, known=_read("simulations")):
        _write("simulations", rows)
        print(f"{len(rows)} cells", flush=True)


def _check_placebos(draws: int) -> None:
    """Write after every design."""
    for rows in placebo.measured(min(draws, placebo.DRAWS), known=_read("placebo")):
        _write("placebo", rows)
        print("one more design", flush=True)


def _references() -> list[dict[str, Any]]:
    """Run the golden tests with the recorder; without the reference data there is nothing to compare."""
    target = FOLDER / "references.json"
    command = [sys.executable, "-m", "pytest", "-q", "tests/golden", "-p", "benchmarks.validation.recorder"]
    ran = subprocess.run([*command, "--record", str(target)], cwd=ROOT, check=False)
    if ran.returncode:
        raise SystemExit("The golden tests did not pass, so there is no page to write.")
    found = _read("references")
    if not found:
        raise SystemExit("No reference number was compared: the reference data are not here.")
    return found


def _not_compared() -> list[dict[str, Any]]:
    """The reference numbers that no golden test compares, with the reasons."""
    with (ROOT / "tests" / "golden" / "not_compared.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _read(part: str) -> list[dict[str, Any]]:
    path = FOLDER / f"{part}.json"
    return json.loads(path.read_text()) if path.exists() else []


def _write(part: str, found: list[dict[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(item, allow_nan=False, separators=(",", ":")) for item in found)
    (FOLDER / f"{part}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    sys.exit(main())
