"""How deprived and how rural the place of each row is, where a column or the row's point tells its area."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from evaluations.datasets.gazetteer import AreaFigures, Gazetteer, Places, packed
from evaluations.stats.proximity.distances import cartesian_km, nearest_site
from evaluations.stats.table import Coded

ENOUGH_MATCHED = 0.9
"""A column holds areas where this share of its rows does."""


@dataclass(frozen=True)
class Context:
    """Figures by row, one array a name, NaN where not known, and what to say of where they are from."""

    names: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    note: str


def context_of(
    columns: Iterable[Coded], latitude: np.ndarray | None, longitude: np.ndarray | None, places: Places | None
) -> Context | None:
    """Figures on the small area of each row, by a column of codes or the nearest; else on a larger area it names."""
    if places is None:
        return None
    columns = list(columns)
    small = places.small_area
    if small.figures:
        by_code = [(column, _small_areas(column, small)) for column in columns]
        for column, position in by_code:
            if _is_matched(column, position):
                return _of_small(small, position[column.codes], "looked up by their codes")
        if latitude is not None and longitude is not None:
            return _of_small(small, _nearest(small, latitude, longitude), "those with the nearest middle")
    return None if places.larger is None else _of_larger(columns, places.larger)


def _of_small(small: Gazetteer, position: np.ndarray, how: str) -> Context:
    known = position >= 0
    values = tuple(np.where(known, figure[position], np.nan) for figure in small.figures.values())
    return Context(tuple(small.figures), values, f"Figures on places are those of small areas, {how}.")


def _of_larger(columns: Sequence[Coded], larger: AreaFigures) -> Context | None:
    for column in columns:
        position = np.array([larger.rows.get(str(label).strip().casefold(), -1) for label in column.labels], dtype=int)
        if _is_matched(column, position):
            row = np.append(position, -1)[column.codes]
            values = np.where((row >= 0)[:, None], larger.values[row], np.nan)
            note = f"Figures on places are those of their authorities. {larger.credit}".strip()
            return Context(larger.names, tuple(values.T), note)
    return None


def _small_areas(column: Coded, small: Gazetteer) -> np.ndarray:
    """The position of each label among the small areas, -1 where it is none; one more for rows without a label."""
    return np.append(small.find(packed(pa.array([str(label) for label in column.labels], pa.string()))), -1)


def _nearest(small: Gazetteer, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    areas = np.flatnonzero(np.isfinite(small.latitude) & np.isfinite(small.longitude))
    rows = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    position = np.full(len(latitude), -1)
    if len(areas) and len(rows):
        found = nearest_site(
            cartesian_km(latitude[rows], longitude[rows]), cartesian_km(small.latitude[areas], small.longitude[areas])
        )
        position[rows] = areas[found.site]
    return position


def _is_matched(column: Coded, position: np.ndarray) -> bool:
    """Whether nearly all rows that have a label have one that is an area."""
    labelled = column.codes >= 0
    return bool(labelled.any()) and float((position[column.codes[labelled]] >= 0).mean()) >= ENOUGH_MATCHED
