"""Which columns each estimator cannot do without. One entry an estimator, beside its line in the registry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evaluations.stats.issues import Issue

Alternatives = tuple[str, ...]

PLACE: Alternatives = ("distance_km", "latitude", "easting", "postcode", "district", "small_area")
"""The roles that say where a row is."""

NEEDED: Mapping[str, tuple[Alternatives, ...]] = MappingProxyType(
    {
        "did_2x2": (("treated",), ("post",)),
        "callaway_santanna": (("period",), ("first_treated",)),
        "twfe": (("first_treated", "treated"),),
        "event_study": (("unit",), ("period",), ("first_treated",)),
        "sun_abraham": (("unit",), ("period",), ("first_treated",)),
        "imputation": (("unit",), ("period",), ("first_treated",)),
        "synthetic_did": (("unit",), ("period",), ("first_treated",)),
        "ring_did": (PLACE, ("post", "period")),
        "access_did": ((*PLACE, "first_treated"), ("period", "born")),
        "distance_curve": (PLACE, ("post", "period")),
    }
)
"""For each estimator, groups of roles of which one at least must be played."""

NEEDED_IN_A_PANEL: Mapping[str, tuple[Alternatives, ...]] = MappingProxyType({"callaway_santanna": (("unit",),)})
"""What is needed besides where `options.panel` is true."""


def missing_roles(estimator: str, played: Mapping[str, tuple[str, ...]], *, panel: bool) -> list[Issue]:
    """A problem for each role that the estimator needs and no column plays."""
    needed = NEEDED.get(estimator, ())
    if panel:
        needed = (*needed, *NEEDED_IN_A_PANEL.get(estimator, ()))
    return [_missing(estimator, roles) for roles in needed if not any(role in played for role in roles)]


def _missing(estimator: str, roles: Alternatives) -> Issue:
    words = " or ".join(roles)
    return Issue(
        "role_missing",
        f"The estimator {estimator} needs a column for {words}, and the design names none.",
        f"Set columns.{roles[0]}.",
    )
