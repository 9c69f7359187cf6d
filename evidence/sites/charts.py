"""Pictures of sites: on a map drawn to scale, coloured by when they opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from evidence.drawing.figures import Figure
from evidence.drawing.site_map import Landmark, MappedSite, site_map
from evidence.places.queries import authorities
from evidence.sites.models import SiteList

MOST_GROUPS = 4
FROM_FILE = "Drawn to scale from the file's own coordinates. Grey dots are the middles of local authorities."


class Placed(Protocol):
    """A site with its place, and its dates as written."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def latitude(self) -> float:
        """Degrees."""

    @property
    def longitude(self) -> float:
        """Degrees."""

    @property
    def opened(self) -> object:
        """As written; empty where not known."""

    @property
    def closed(self) -> object:
        """As written; empty where it is open still."""


def map_of_sites(
    rows: Sequence[Placed],
    *,
    title: str,
    ident: str,
    circles_km: Sequence[float] = (),
    remarks: Mapping[int, str] | None = None,
) -> Figure:
    """Sites with circles round them. `remarks` are what there is to say of a row, by its position."""
    opened = sorted({str(row.opened)[:4] for row in rows if row.opened})
    groups, group_of = _groups(opened)
    if any(not row.opened for row in rows):
        groups = [*groups, "No opening date"]
    sites = [
        MappedSite(
            name=row.name,
            latitude=row.latitude,
            longitude=row.longitude,
            group=group_of[str(row.opened)[:4]] if row.opened else len(groups) - 1,
            opened=_open(row),
            remark=(remarks or {}).get(position, ""),
        )
        for position, row in enumerate(rows)
    ]
    return site_map(
        sites,
        groups=groups,
        circles_km=circles_km,
        landmarks=_landmarks(),
        title=title,
        note=FROM_FILE,
        ident=ident,
    )


def map_of_list(site_list: SiteList, *, circles_km: Sequence[float] = ()) -> Figure:
    """The sites of a list of the catalogue on a map."""
    rows = list(site_list.sites.all())
    return map_of_sites(rows, title=site_list.name, ident=f"site-list-{site_list.pk}", circles_km=circles_km)


def _groups(opened: list[str]) -> tuple[list[str], dict[str, int]]:
    """Openings in at most four groups of years, with the group of each."""
    if not opened:
        return [], {}
    size = -(-len(opened) // MOST_GROUPS)
    parts = [opened[start : start + size] for start in range(0, len(opened), size)]
    labels = [f"Opened {part[0]}" if len(part) == 1 else f"Opened {part[0]} to {part[-1]}" for part in parts]
    return labels, {year: number for number, part in enumerate(parts) for year in part}


def _open(row: Placed) -> str:
    opened = f"from {row.opened}" if row.opened else ""
    return f"{opened} until {row.closed}".strip() if row.closed else opened


def _landmarks() -> list[Landmark]:
    placed = authorities(None).filter(latitude__isnull=False)
    return [Landmark(place.name, float(place.latitude or 0), float(place.longitude or 0)) for place in placed]
