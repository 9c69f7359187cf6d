"""The loaded tables of places, kept in storage as numbers. Writes replace a kind whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from evaluations.datasets.gazetteer import AreaFigures, Gazetteer, Known, Places, nothing_of
from evaluations.stats.spec import Columns, Spec
from evidence.places.queries import authorities, figures_on_places

KINDS = ("postcode", "district", "small_area")
FIGURE = "figure "
COMPARED = ("uk_deprivation_score", "urban_share")
"""The catalogue's measures of deprivation and rurality."""


def store_places(places: Places) -> dict[str, int]:
    """Keep the kinds that `places` has, each in place of what was loaded before; how many codes of each."""
    kept = {kind: places.of(kind) for kind in KINDS if len(places.of(kind))}
    for kind, gazetteer in kept.items():
        buffer = io.BytesIO()
        pq.write_table(_as_table(gazetteer), buffer, compression="zstd")
        if default_storage.exists(_name(kind)):
            default_storage.delete(_name(kind))
        default_storage.save(_name(kind), ContentFile(buffer.getvalue()))
    return {kind: len(gazetteer) for kind, gazetteer in kept.items()}


def loaded_places(kinds: Iterable[str] = KINDS) -> Places:
    """What was loaded, of the kinds asked for; nothing of a kind that was not loaded."""
    wanted = set(kinds)
    postcode, district, small_area = (_loaded(kind) if kind in wanted else nothing_of(kind) for kind in KINDS)
    return Places(postcode, district, small_area)


def places_for(spec: Spec) -> Places:
    """What a design looks up and, where it is about distance, how deprived and how rural areas are."""
    kinds = kinds_needed(spec.columns)
    if spec.method != "proximity":
        return loaded_places(kinds)
    return replace(loaded_places((*kinds, "small_area")), larger=_figures_on_authorities())


def _figures_on_authorities() -> AreaFigures | None:
    found = list(figures_on_places(None, measures=COMPARED))
    if not found:
        return None
    names = tuple(dict.fromkeys(figure.measure.name for figure in found))
    places = tuple(dict.fromkeys(figure.place for figure in found))
    values = np.full((len(places), len(names)), np.nan)
    for figure in found:
        values[places.index(figure.place), names.index(figure.measure.name)] = figure.value
    rows = {place.name.casefold(): row for row, place in enumerate(places)}
    rows |= {place.code.casefold(): row for row, place in enumerate(places)}
    return AreaFigures(names, rows, values, " ".join(dict.fromkeys(figure.measure.credit for figure in found)))


def known_points() -> Known | None:
    """Points that are surely on land: loaded small areas, else the catalogue's authorities; null without either."""
    areas = loaded_places(["small_area"]).small_area
    if len(areas):
        placed = np.isfinite(areas.latitude)
        return Known(areas.latitude[placed], areas.longitude[placed])
    centres = authorities(None).filter(latitude__isnull=False).values_list("latitude", "longitude")
    points = np.array(list(centres), dtype=float)
    return Known(points[:, 0], points[:, 1]) if len(points) else None


def kinds_needed(columns: Columns) -> tuple[str, ...]:
    """The kinds of places that a design looks up."""
    return tuple(kind for kind in KINDS if getattr(columns, kind))


def _name(kind: str) -> str:
    return f"places/{kind}.parquet"


def _as_table(gazetteer: Gazetteer) -> pa.Table:
    return pa.table(
        {
            "code": gazetteer.codes,
            "latitude": gazetteer.latitude,
            "longitude": gazetteer.longitude,
            "is_terminated": gazetteer.is_terminated,
            **{f"{FIGURE}{name}": values for name, values in gazetteer.figures.items()},
        }
    )


def _loaded(kind: str) -> Gazetteer:
    if not default_storage.exists(_name(kind)):
        return nothing_of(kind)
    with default_storage.open(_name(kind)) as stored:
        table = pq.read_table(io.BytesIO(stored.read()))
    code, latitude, longitude, ended = (column.to_numpy() for column in table.columns[:4])
    figures = {
        name.removeprefix(FIGURE): table[name].to_numpy() for name in table.column_names if name.startswith(FIGURE)
    }
    return Gazetteer(kind, code, latitude, longitude, ended, figures)
