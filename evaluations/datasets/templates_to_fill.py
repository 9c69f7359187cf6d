"""Files to fill in, one for each kind of design, with example rows that pass as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class ColumnToFill:
    """A column of a template: what goes into it, and how it is written. Without a role it is there to check by."""

    name: str
    role: str
    meaning: str
    written: str = ""


@dataclass(frozen=True)
class Template:
    """A file to fill in: which designs it serves, its columns, and its example rows.

    `source` names where such figures are published, for the templates of outcomes.
    """

    name: str
    title: str
    serves: str
    columns: tuple[ColumnToFill, ...]
    rows: Callable[[], Rows]
    estimator: str
    is_sites: bool = False
    source: str = ""


UNIT = ColumnToFill("area_code", "unit", "One code for each area, school or person; the same in every period", "text")
YEAR = ColumnToFill(
    "year", "period", "The period, written one way throughout", "2019, 2019/20, 2019Q3 or 2019-09; never two of them"
)
FIRST = ColumnToFill(
    "first_treated",
    "first_treated",
    "The first period of treatment; empty where never",
    "as the periods are written; not 0 or 9999 for never",
)
OUTCOME = ColumnToFill(
    "outcome", "outcome", "The outcome; empty where it is not known", "a number, without per cent sign or commas"
)


def _generator() -> np.random.Generator:
    return np.random.default_rng(20)


def _staggered() -> Rows:
    noise = _generator().normal(0, 0.4, (12, 8))
    rows: Rows = []
    for unit in range(12):
        start = {0: 2018, 1: 2020}.get(unit % 3)
        for step, year in enumerate(range(2015, 2023)):
            effect = 2.0 if start and year >= start else 0.0
            outcome = 60 + unit + 0.5 * step + effect + noise[unit, step]
            rows.append((f"A{unit + 1:02d}", year, start or "", round(float(outcome), 1)))
    return rows


def _before_after() -> Rows:
    noise = _generator().normal(0, 1, (20, 2))
    return [
        (
            f"S{unit + 1:02d}",
            int(unit < 10),
            post,
            round(float(50 + unit % 5 + 2 * post + 3 * post * (unit < 10) + e), 1),
        )
        for unit in range(20)
        for post, e in enumerate(noise[unit])
    ]


def _cells() -> Rows:
    return [
        (treated, post, 120 + 10 * treated, round(52 + 3 * treated + 1.5 * post + 2 * treated * post, 1), 9.5)
        for treated in (0, 1)
        for post in (0, 1)
    ]


def _distances() -> Rows:
    noise = _generator().normal(0, 1, (40, 2))
    rows: Rows = []
    for place in range(40):
        distance = round(0.2 + place * 0.24, 1)
        for post in (0, 1):
            near = 4.0 if distance < 2.5 else 0.0
            rows.append(
                (f"P{place + 1:02d}", post, distance, round(float(80 + near * post + post + noise[place, post]), 1))
            )
    return rows


def _places() -> Rows:
    noise = _generator().normal(0, 0.5, (30, 8))
    rows: Rows = []
    for place in range(30):
        latitude, longitude = round(53.46 + 0.002 * place, 4), round(-2.2426 + 0.03 * (place % 6), 4)
        for step, year in enumerate(range(2012, 2020)):
            near = 1.5 if place % 6 == 0 and year >= 2016 else 0.0
            rows.append((f"P{place + 1:02d}", year, latitude, longitude, round(70 + near + noise[place, step], 1)))
    return rows


def _sites() -> Rows:
    return [
        ("Northside hub", 53.4808, -2.2426, 2016, ""),
        ("Riverside hub", 53.7997, -1.5492, 2018, ""),
        ("Old Mill hub", 52.4862, -1.8904, 2015, 2020),
    ]


DESIGN_TEMPLATES = (
    Template(
        "areas-by-year",
        "Areas or schools by year, treated at different times or never",
        "Staggered difference-in-differences, event studies, synthetic difference-in-differences",
        (UNIT, YEAR, FIRST, OUTCOME),
        _staggered,
        "callaway_santanna",
    ),
    Template(
        "before-and-after",
        "Two groups, before and after",
        "The 2x2 difference-in-differences",
        (
            ColumnToFill("unit", "unit", "One code for each area, school or person; twice, before and after"),
            ColumnToFill("treated", "treated", "1 in the group that was treated, 0 in the comparison group"),
            ColumnToFill("post", "post", "1 after treatment began, 0 before, in both groups"),
            OUTCOME,
        ),
        _before_after,
        "did_2x2",
    ),
    Template(
        "group-averages",
        "Averages of groups, where rows about people cannot leave their holder",
        "The 2x2 difference-in-differences from counts, means and standard deviations",
        (
            ColumnToFill("treated", "treated", "1 in the group that was treated, 0 in the comparison group"),
            ColumnToFill("post", "post", "1 after treatment began, 0 before, in both groups"),
            ColumnToFill("n", "n", "How many people the average is of"),
            ColumnToFill("mean", "outcome", "The average outcome"),
            ColumnToFill("sd", "sd", "The standard deviation of the outcome among them"),
        ),
        _cells,
        "did_2x2",
    ),
    Template(
        "places-by-distance",
        "Places at known distances from a site, before and after",
        "Change by distance ring",
        (
            ColumnToFill("place", "unit", "One code for each place"),
            ColumnToFill("post", "post", "1 after the site opened, 0 before"),
            ColumnToFill("distance_km", "distance_km", "Distance to the nearest site, in kilometres"),
            OUTCOME,
        ),
        _distances,
        "ring_did",
    ),
    Template(
        "places-and-sites",
        "Places by year, beside a file of sites that open near them",
        "Access to open sites",
        (
            ColumnToFill("place", "unit", "One code for each place, such as a small area", "text"),
            YEAR,
            ColumnToFill("latitude", "latitude", "Degrees north of the place's middle", "such as 53.4808"),
            ColumnToFill("longitude", "longitude", "Degrees east, negative to the west", "such as -2.2426"),
            OUTCOME,
        ),
        _places,
        "access_did",
    ),
    Template(
        "sites",
        "Sites that opened, and perhaps closed",
        "Access and distance designs, beside a file of outcomes",
        (
            ColumnToFill("name", "name", "What the site is called"),
            ColumnToFill("latitude", "latitude", "Degrees north, such as 53.4808"),
            ColumnToFill("longitude", "longitude", "Degrees east, negative to the west, such as -2.2426"),
            ColumnToFill("opened", "opened", "The period or date of opening, as the outcomes write their periods"),
            ColumnToFill("closed", "closed", "The same for closing; empty where it is open"),
        ),
        _sites,
        "access_did",
        is_sites=True,
    ),
)
