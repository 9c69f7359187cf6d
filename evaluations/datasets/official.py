"""A panel of areas from an official series: one's own, and others to compare with."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from evaluations.datasets.building import FIRST_TREATED, with_treatment
from evaluations.datasets.clearing import delete_file
from evaluations.datasets.comparing import Area, Proposal, advice, propose
from evaluations.datasets.models import Dataset, DatasetKind, DatasetState
from evaluations.datasets.storing import described_columns, write_parquet
from evaluations.organisations.models import User
from evaluations.organisations.permissions import Permission, Viewer, require
from evaluations.workspaces.actions import write_audit
from evaluations.workspaces.models import Evaluation, LawfulBasis
from evidence.drawing.figures import Figure
from evidence.drawing.trends import Mark, Series, Trend, trend_figure
from evidence.places.models import PlaceFigure
from evidence.series.breaks import breaks_in, in_words, spans_of
from evidence.series.models import OfficialSeries
from evidence.series.queries import authorities_in

AREA, NAME, PERIOD, OUTCOME = "area_code", "area_name", "period", "outcome"


@dataclass(frozen=True)
class Choice:
    """What a person chose: the series, the treated areas and the first treated period, the areas to compare with."""

    series: OfficialSeries
    treated: tuple[str, ...]
    start: str
    compared: tuple[str, ...] = ()


def areas_of(viewer: Viewer, series: OfficialSeries, evaluation: Evaluation) -> list[Area]:
    """The authorities of the series, with their context, and why some cannot serve as comparison."""
    rows = list(authorities_in(viewer, series))
    context = _context([row.place_id for row in rows if row.place_id])
    elsewhere = set()
    if evaluation.intervention is not None:
        elsewhere = set(evaluation.intervention.places.values_list("code", flat=True))
    areas = []
    for row in rows:
        figures = dict(zip(row.periods, row.values, strict=True))
        values = np.array([_number(figures.get(period)) for period in series.periods])
        reason = "the intervention runs there too, by the catalogue" if row.code in elsewhere else ""
        if not reason and row.note.startswith("in "):
            reason = "ended, merged or split meanwhile"
        areas.append(Area(row.code, row.name, values, context.get(row.place_id or 0, {}), reason))
    return areas


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _context(places: Sequence[int]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for figure in PlaceFigure.objects.filter(place__in=places).select_related("measure"):
        found.setdefault(figure.place_id, {})[figure.measure.code] = figure.value
    return found


def proposal_for(areas: Sequence[Area], choice: Choice) -> Proposal:
    """Areas proposed for comparison. Raises `BadInput`."""
    return propose(areas, choice.treated, choice.series.periods.index(choice.start))


def paths(areas: Sequence[Area], choice: Choice, compared: Sequence[str]) -> Figure:
    """The mean path of the treated areas beside that of the comparison areas."""
    treated = [area.values for area in areas if area.code in choice.treated]
    others = [area.values for area in areas if area.code in compared]
    start = choice.series.periods.index(choice.start)
    trend = Trend(
        (Series("Treated areas", _mean(treated)), Series("Comparison areas", _mean(others))),
        tuple(str(period) for period in choice.series.periods),
        (Mark(start, "Treatment starts"),),
        spans_of(breaks_in(choice.series), choice.series.periods),
    )
    return trend_figure(trend, title=f"{choice.series}", measure=choice.series.unit or choice.series.name)


def _mean(rows: Sequence[np.ndarray]) -> tuple[float | None, ...]:
    """The mean in each period in which every area has a figure; null elsewhere."""
    if not rows:
        return ()
    means = np.mean(rows, axis=0)
    return tuple(float(value) if np.isfinite(value) else None for value in means)


def panel(areas: Sequence[Area], choice: Choice) -> pa.Table:
    """A row for each area and each period for which all have figures, and when the treated ones began."""
    kept = [area for area in areas if area.code in {*choice.treated, *choice.compared}]
    window = np.all([np.isfinite(area.values) for area in kept], axis=0)
    periods = [period for period, is_in in zip(choice.series.periods, window, strict=True) if is_in]
    labels: list[Any] = [int(period) if str(period).isdigit() else str(period) for period in periods]
    table = pa.table(
        {
            AREA: [area.code for area in kept for _ in periods],
            NAME: [area.name for area in kept for _ in periods],
            PERIOD: labels * len(kept),
            OUTCOME: pa.array(np.concatenate([area.values[window] for area in kept]), from_pandas=True),
        }
    )
    starts = dict.fromkeys(choice.treated, choice.start)
    return with_treatment(table, unit=AREA, period=PERIOD, starts=starts, column=FIRST_TREATED).data


def keep_panel(*, evaluation: Evaluation, choice: Choice, data: pa.Table, by: User) -> Dataset:
    """A dataset that holds the panel, credited to whoever published the series."""
    require(by, Permission.UPLOAD_DATA, evaluation)
    series = choice.series
    step = {
        "step": "official_series",
        "series": series.key,
        "version": series.version,
        "file_sha256": series.file_sha256,
        "treated": list(choice.treated),
        "start": choice.start,
        "compared": list(choice.compared),
    }
    dataset = Dataset(
        evaluation=evaluation,
        uploaded_by=by,
        kind=DatasetKind.OUTCOMES,
        state=DatasetState.READY,
        original_name=f"{series}"[:255],
        lawful_basis=LawfulBasis.NOT_PERSONAL,
        is_example=evaluation.is_example,
        reading={"step": step},
        columns=described_columns(data, people=False),
        notices=_notices(choice),
        rows_read=data.num_rows,
        rows_stored=data.num_rows,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.parquet"
        dataset.sha256 = dataset.stored_sha256 = write_parquet(data, path)
        dataset.size_bytes = path.stat().st_size
        with path.open("rb") as file:
            dataset.storage_path = default_storage.save(
                f"datasets/{evaluation.pk}/{uuid.uuid4().hex}.parquet", File(file)
            )
    is_kept = False
    try:
        with transaction.atomic():
            dataset.save()
            detail = {"series": series.key, "version": series.version, "sha256": dataset.sha256}
            write_audit(evaluation, by=by, verb="take_official_series", subject=dataset, detail=detail)
        is_kept = True
    finally:
        if not is_kept:
            delete_file(dataset.storage_path)
    return dataset


def _notices(choice: Choice) -> list[Mapping[str, str]]:
    series = choice.series
    notes = [f"{series.source_name}. {series.credit}", advice(len(choice.treated), len(choice.compared))]
    notes += [in_words(each) for each in breaks_in(series)]
    return [{"code": "note", "message": note} for note in notes]
