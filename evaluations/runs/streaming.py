"""Large panels answered in one pass over the file, without holding it: the same digits in little memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluations.datasets.ingest import typed_table
from evaluations.datasets.ingest_stream import Irregular, PanelFile, Units, panel_file
from evaluations.stats.blocks import map_in_order, total
from evaluations.stats.callaway_santanna.streamed import PanelMoments, panel_moments
from evaluations.stats.engine import analyse_moments, one_thread_for_products
from evaluations.stats.registry import Tick
from evaluations.stats.results import Result
from evaluations.stats.spec import Spec

WORKERS = 2


def streamed_result(path: Path, spec: Spec, *, tick: Tick) -> Result | None:
    """The result of a design on a file read block by block; null where it has to be read whole.

    Raises `BadInput` where the treatment column holds what no date can be.
    """
    panel = panel_file(path, spec)
    if panel is None:
        return None
    try:
        found = moments_of(panel, tick=tick)
    except Irregular:
        return None
    if not (np.isfinite(found.lowest).all() and np.isfinite(found.highest).all()):
        return None
    labels = typed_table(panel.labels_table(found.values), spec)
    return analyse_moments(found, labels, spec, rows_read=panel.n_units * panel.n_periods)


def moments_of(panel: PanelFile, first: int = 0, last: int | None = None, *, tick: Tick) -> PanelMoments:
    """The moments of a panel's blocks `first` to `last`, or of all."""
    done = 0

    def counted(units: Units) -> Units:
        nonlocal done
        done += len(units.outcome)
        tick("Reading the panel", min(done / panel.n_units, 1.0))
        return units

    with one_thread_for_products():
        blocks = (counted(units) for units in panel.blocks(first, last))
        return total(map_in_order(_moments, blocks, workers=WORKERS))


def _moments(units: Units) -> PanelMoments:
    return panel_moments(units.outcome, units.first_treated)
