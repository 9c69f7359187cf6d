"""A first guess at which column plays which role, from its name. The analyst decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from evaluations.plans.designs import LIST_ROLES

LIKELY_NAMES: tuple[tuple[str, str], ...] = (
    (
        "first_treated",
        "first_treated first_treat first_treatment treatment_year treated_year start_year",
    ),
    ("first_treated", "start_period opened opened_in cohort g eff_year effyear year_treated year_first_treated"),
    ("post", "post after is_after post_period"),
    ("treated", "treated treat treatment is_treated treatment_group group_treated d intervention"),
    ("period", "period year time t date quarter month term wave academic_year yr"),
    ("unit", "unit unit_id id area area_code la_code lad_code lad la gss gss_code school school_id urn provider"),
    ("unit", "household person pupil place site county county_code countyreal state sid state_id panelid"),
    ("latitude", "latitude lat"),
    ("longitude", "longitude lon lng long"),
    ("easting", "easting eastings x_coord"),
    ("northing", "northing northings y_coord"),
    ("distance_km", "distance_km distance dist_km dist"),
    ("postcode", "postcode post_code pcd"),
    ("n", "n count cell_n n_obs"),
    ("sd", "sd std std_dev standard_deviation"),
    ("weight", "weight wt w sample_weight"),
    ("cluster", "cluster cluster_id"),
    ("born", "born birth_year birth_period"),
    ("outcome", "outcome y score rate value mean result pass_rate share percent percentage"),
)
NUMBERS = ("number", "float", "integer", "int", "double", "decimal")


def guessed_roles(columns: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Column name to its likely role; each role at most once, and columns without a likely role absent."""
    columns = list(columns)
    guesses: dict[str, str] = {}
    for role, likely in LIKELY_NAMES:
        found = next(
            (name for name in _names(columns) if name not in guesses and _folded(name) in likely.split()), None
        )
        if found is not None and role not in guesses.values():
            guesses[found] = role
    if "outcome" not in guesses.values():
        spare = [each for each in columns if str(each["name"]) not in guesses and _is_number(each)]
        measured = [each for each in spare if each.get("kind") != "integer"] or spare
        if measured:
            guesses[str(measured[0]["name"])] = "outcome"
    return guesses


def columns_from_roles(roles: Mapping[str, str]) -> dict[str, object]:
    """The `columns` block of a design, from column name to role."""
    block: dict[str, object] = {}
    for name, role in roles.items():
        if role in LIST_ROLES:
            block[role] = [*block.get(role, []), name]  # type: ignore[misc]
        elif role:
            block[role] = name
    return block


def roles_from_columns(block: Mapping[str, object]) -> dict[str, str]:
    """Column name to role, from the `columns` block of a design."""
    roles: dict[str, str] = {}
    for role, names in block.items():
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, str):
                roles[name] = role
    return roles


def _names(columns: Iterable[Mapping[str, object]]) -> list[str]:
    return [str(each["name"]) for each in columns]


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _is_number(column: Mapping[str, object]) -> bool:
    return str(column.get("kind", column.get("type", ""))).lower() in NUMBERS
