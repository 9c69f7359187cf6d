"""One analysis of one file: what the command line and the background task both call. No database."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluations.stats.registry import Tick, ignore_progress

if TYPE_CHECKING:
    from evaluations.datasets.gazetteer import Places
    from evaluations.runs.passes import Reduce
    from evaluations.stats.spec import Spec
    from evaluations.stats.table import Table

PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "pyarrow", "duckdb")
READ_BYTES = 1 << 20


def run_analysis_file(
    path: Path,
    spec_mapping: Mapping[str, Any],
    *,
    sites_path: Path | None = None,
    postcodes_path: Path | None = None,
    loaded_places: Callable[[Spec], Places] | None = None,
    data_sha256: str | None = None,
    tick: Tick = ignore_progress,
    reduce: Reduce | None = None,
    look: Callable[[Table], None] | None = None,
) -> dict[str, Any]:
    """The RESULT of the analysis contract, with its receipt.

    Raises `BadInput` with every problem of the design or the files; a question the data cannot
    answer comes back as a result whose status is `refused`. `tick` may raise to stop the work.
    `loaded_places` gives what the site knows of places, where no file of them does.
    `reduce` makes the sums of a file read in blocks; without it this process does.
    `look` is shown the checked table before it is analysed, where the file is read whole.
    `data_sha256` is that of the file as it was uploaded, where `path` is the copy kept of it.
    """
    from evaluations.datasets.gazetteer_files import read_places
    from evaluations.datasets.ingest import read_table, typed_table, wanted_columns
    from evaluations.runs.passes import alone
    from evaluations.runs.streaming import streamed_result
    from evaluations.stats.engine import ENGINE_VERSION, analyse
    from evaluations.stats.issues import NotEstimable
    from evaluations.stats.results import refused
    from evaluations.stats.spec import parse_spec

    started = time.perf_counter()
    spec = parse_spec(spec_mapping)
    tick("Reading the data", 0.0)
    result = streamed_result(path, spec, tick=tick, reduce=reduce or alone)
    if result is None:
        raw = read_table(path, wanted=wanted_columns(spec))
        sites = read_table(sites_path) if sites_path else None
        places = read_places(postcodes_path) if postcodes_path else loaded_places(spec) if loaded_places else None
        tick("Checking the columns", 0.1)
        try:
            table = typed_table(raw, spec, sites=sites, places=places)
            if look is not None:
                look(table)
            result = analyse(table, spec, tick=tick)
        except NotEstimable as reason:
            result = refused(reason)
    hashes = {"data_sha256": data_sha256 or file_sha256(path)}
    if sites_path:
        hashes["sites_sha256"] = file_sha256(sites_path)
    if postcodes_path:
        hashes["postcodes_sha256"] = file_sha256(postcodes_path)
    receipt = {
        **hashes,
        "spec_sha256": spec.sha256(),
        "engine_version": ENGINE_VERSION,
        "seed": spec.options.seed,
        "packages": package_versions(),
        "elapsed_s": round(time.perf_counter() - started, 3),
    }
    return {**result.to_json(), "receipt": receipt}


def package_versions() -> dict[str, str]:
    """The versions of what computed the numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def file_sha256(path: Path) -> str:
    """The hash of the file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
