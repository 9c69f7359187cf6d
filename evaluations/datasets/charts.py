"""Pictures of data: sites on a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evaluations.datasets.models import Dataset
from evaluations.datasets.queries import sites_in
from evidence.drawing.figures import Figure
from evidence.drawing.site_map import Landmark, MappedSite, site_map
from evidence.places.queries import authorities

if TYPE_CHECKING:
    from evaluations.datasets.site_checks import SiteRow

MOST_GROUPS = 4
FAR = "site_far_from_places"


def sites_figure(dataset: Dataset, *, circles_km: Sequence[float] = ()) -> Figure | None:
    """The sites of a kept file on a map with circles round them, coloured by when they opened; null without places."""
    rows = sites_in(dataset)
    if not rows:
        return None
    opened = sorted({str(row.opened)[:4] for row in rows if row.opened is not None})
    groups, group_of = _groups(opened)
    if any(row.opened is None for row in rows):
        groups = [*groups, "No opening date"]
    remarked = {issue["row"]: issue["message"] for issue in dataset.notices if issue.get("code") == FAR}
    sites = [
        MappedSite(
            name=row.name,
            latitude=row.latitude,
            longitude=row.longitude,
            group=len(groups) - 1 if row.opened is None else group_of[str(row.opened)[:4]],
            opened=_open(row),
            remark=remarked.get(row.line, ""),
        )
        for row in rows
    ]
    return site_map(
        sites,
        groups=groups,
        circles_km=circles_km,
        landmarks=_landmarks(),
        title="Where the sites are",
        note="Drawn to scale from the file's own coordinates. Grey dots are the middles of local authorities.",
        ident=f"sites-{dataset.pk}",
    )


def _groups(opened: list[str]) -> tuple[list[str], dict[str, int]]:
    """Openings in at most four groups of years, with the group of each."""
    if not opened:
        return [], {}
    size = -(-len(opened) // MOST_GROUPS)
    parts = [opened[start : start + size] for start in range(0, len(opened), size)]
    labels = [f"Opened {part[0]}" if len(part) == 1 else f"Opened {part[0]} to {part[-1]}" for part in parts]
    return labels, {year: number for number, part in enumerate(parts) for year in part}


def _open(row: SiteRow) -> str:
    opened = "" if row.opened is None else f"from {row.opened}"
    return opened if row.closed is None else f"{opened} until {row.closed}".strip()


def _landmarks() -> list[Landmark]:
    placed = authorities(None).filter(latitude__isnull=False)
    return [Landmark(place.name, float(place.latitude or 0), float(place.longitude or 0)) for place in placed]
