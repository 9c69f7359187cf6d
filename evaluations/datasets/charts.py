"""Pictures of data: sites on a map."""

from __future__ import annotations

from collections.abc import Sequence

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import sites_in
from evidence.drawing.figures import Figure
from evidence.sites.charts import map_of_sites

FAR = "site_far_from_places"


def sites_figure(dataset: Dataset, *, circles_km: Sequence[float] = ()) -> Figure | None:
    """The sites of a kept file on a map with circles round them, coloured by when they opened; null without places."""
    rows = sites_in(dataset)
    if not rows:
        return None
    remarked = {issue["row"]: issue["message"] for issue in dataset.notices if issue.get("code") == FAR}
    return map_of_sites(
        rows,
        title="Where the sites are",
        ident=f"sites-{dataset.pk}",
        circles_km=circles_km,
        remarks={position: remarked[row.line] for position, row in enumerate(rows) if row.line in remarked},
    )
