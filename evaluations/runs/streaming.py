"""Large panels answered in one pass over the file, without holding it: the same digits in little memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluations.datasets.ingest import typed_table
from evaluations.datasets.ingest_stream import Irregular, PanelFile, panel_file
from evaluations.runs.passes import Method, Reduce, alone, last_state
from evaluations.stats.callaway_santanna.streamed import CohortMoments, PanelMoments
from evaluations.stats.engine import analyse_moments
from evaluations.stats.registry import Tick
from evaluations.stats.results import Result
from evaluations.stats.spec import Spec


def streamed_result(path: Path, spec: Spec, *, tick: Tick, reduce: Reduce = alone) -> Result | None:
    """The result of a design on a file read block by block; null where it has to be read whole.

    `reduce` makes the sums of each pass. Raises `BadInput` where the treatment column holds what no date can be.
    """
    opened = panel_and_method(path, spec)
    if opened is None:
        return None
    panel, method = opened
    try:
        found: PanelMoments = last_state(panel, method, reduce, tick=tick)
    except Irregular:
        return None
    if not (np.isfinite(found.lowest).all() and np.isfinite(found.highest).all()):
        return None
    labels = typed_table(panel.labels_table(found.values), spec)
    return analyse_moments(found, labels, spec, rows_read=panel.n_units * panel.n_periods)


def panel_and_method(path: Path, spec: Spec) -> tuple[PanelFile, Method] | None:
    """The file as a panel in blocks, and what to make of each; null where the file or the design needs it whole."""
    panel = panel_file(path, spec)
    return None if panel is None else (panel, CohortMoments())
