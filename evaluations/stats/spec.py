"""What the analyst asks, as data: version 1 of the analysis contract.

`parse_spec` turns JSON into frozen objects with every default filled in; `Spec.to_json` turns
them back, always in full, so that the hash of a plan does not depend on what was left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from evaluations.stats.issues import BadInput, Issue
from evaluations.stats.roles import missing_roles

DID_ESTIMATORS = (
    "did_2x2",
    "twfe",
    "event_study",
    "callaway_santanna",
    "sun_abraham",
    "imputation",
    "synthetic_did",
)
PROXIMITY_ESTIMATORS = ("ring_did", "access_did", "distance_curve")
ESTIMATORS = {"did": DID_ESTIMATORS, "proximity": PROXIMITY_ESTIMATORS}

Check = Callable[[Any], str | None]


def _one_of(*choices: str) -> Check:
    return lambda value: None if value in choices else f"must be one of {', '.join(choices)}"


def _between(low: float, high: float, *, open_ends: bool = False) -> Check:
    def check(value: float) -> str | None:
        inside = low < value < high if open_ends else low <= value <= high
        return None if inside else f"must lie between {low:g} and {high:g}"

    return check


def _increasing(values: tuple[float, ...]) -> str | None:
    if len(values) < 2 or values[0] < 0 or any(b <= a for a, b in pairwise(values)):
        return "must be at least two distances in increasing order, none negative"
    return None


def _not_negative(values: tuple[float, ...]) -> str | None:
    return "must not contain a negative number" if any(value < 0 for value in values) else None


def _age_range(values: tuple[float, ...] | None) -> str | None:
    if values is not None and (len(values) != 2 or values[0] > values[1]):
        return "must be a first and a last age, such as [0, 4]"
    return None


def _checked(check: Check, **how: Any) -> Any:
    return field(metadata={"check": check}, **how)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the file plays which role; null where none does."""

    unit: str | None = None
    period: str | None = None
    outcome: str | None = None
    first_treated: str | None = None
    treated: str | None = None
    post: str | None = None
    covariates: tuple[str, ...] = ()
    cluster: str | None = None
    weight: str | None = None
    subgroup: str | None = None
    placebo_outcomes: tuple[str, ...] = ()
    fixed_effects: tuple[str, ...] = ()
    third_difference: str | None = None
    n: str | None = None
    sd: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    easting: str | None = None
    northing: str | None = None
    postcode: str | None = None
    district: str | None = None
    small_area: str | None = None
    distance_km: str | None = None
    location_from: str | None = None
    location_to: str | None = None
    neighbourhood: str | None = None
    born: str | None = None

    def named(self) -> dict[str, tuple[str, ...]]:
        """Role to the columns that play it, for the roles that are played."""
        roles = {item.name: getattr(self, item.name) for item in fields(self)}
        return {role: (name,) if isinstance(name, str) else tuple(name) for role, name in roles.items() if name}


@dataclass(frozen=True, slots=True)
class Options:
    """How the question is to be answered."""

    control_group: str = _checked(_one_of("never_treated", "not_yet_treated"), default="never_treated")
    estimation: str = _checked(_one_of("dr", "reg", "ipw", "linear"), default="dr")
    base_period: str = _checked(_one_of("varying", "universal"), default="varying")
    anticipation: int = _checked(_between(0, 100), default=0)
    panel: bool = True
    level: float = _checked(_between(0.5, 1, open_ends=True), default=0.95)
    unbalanced: str = _checked(_one_of("pairs", "balanced", "cross_sections"), default="pairs")
    unit_trends: bool = False
    std_errors: str = _checked(
        _one_of("auto", "classical", "hc1", "cluster", "cr2", "cr3", "conley"),
        default="auto",
    )
    conley_km: float | None = _checked(
        lambda value: None if value is None or value > 0 else "must be more than 0", default=None
    )
    conley_kernel: str = _checked(_one_of("uniform", "triangular"), default="uniform")
    inference: str = _checked(
        _one_of("analytic", "bootstrap", "wild", "randomisation", "placebo", "jackknife"), default="analytic"
    )
    wild_weights: str = _checked(_one_of("webb", "rademacher", "mammen", "normal"), default="webb")
    draws: int = _checked(_between(1, 1_000_000), default=999)
    seed: int = _checked(_between(0, 2**63 - 1), default=1)
    sensitivity: tuple[float, ...] = _checked(_not_negative, default=(0.0, 0.5, 1.0, 1.5, 2.0))


@dataclass(frozen=True, slots=True)
class SiteColumns:
    """Which column of the sites file plays which role."""

    name: str | None = "name"
    latitude: str | None = "latitude"
    longitude: str | None = "longitude"
    easting: str | None = None
    northing: str | None = None
    postcode: str | None = None
    opened: str | None = "opened"
    closed: str | None = None


@dataclass(frozen=True, slots=True)
class Proximity:
    """Distances, in kilometres, and when exposure counts."""

    radius_km: float = _checked(_between(0, 20_000, open_ends=True), default=2.5)
    edges_km: tuple[float, ...] = _checked(_increasing, default=(0.0, 1.0, 2.5, 5.0, 10.0))
    exposure_ages: tuple[float, ...] | None = _checked(_age_range, default=None)
    donut_km: float | None = _checked(
        lambda value: None if value is None or value >= 0 else "must not be negative", default=None
    )
    precision_km: float | None = _checked(
        lambda value: None if value is None or value > 0 else "must be more than 0", default=None
    )
    """How far a home may be from the place given, where the analyst knows it and the file cannot say."""
    site_columns: SiteColumns = field(default_factory=SiteColumns)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole design, every default filled in."""

    columns: Columns
    version: int = 1
    method: str = "did"
    estimator: str = "callaway_santanna"
    options: Options = field(default_factory=Options)
    proximity: Proximity = field(default_factory=Proximity)

    def to_json(self) -> dict:
        """The design in full, as the contract writes it."""
        order = ("version", "method", "estimator", "columns", "options", "proximity")
        written = json.loads(json.dumps(asdict(self)))
        return {key: written[key] for key in order}

    def sha256(self) -> str:
        """The hash of the design in canonical JSON."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def parse_spec(raw: Mapping[str, Any]) -> Spec:
    """The design that `raw` states, defaults filled in.

    Raises `BadInput` with every problem at once: unknown keys, wrong types, values out of range.
    """
    if not isinstance(raw, Mapping):
        raise BadInput([Issue("spec_not_object", "The design must be a JSON object.", "Write it as {...}.")])
    issues: list[Issue] = []
    spec = _parse_block(Spec, raw, "", issues)
    if not issues:
        issues += _whole_spec_issues(spec)
    if issues:
        raise BadInput(issues)
    return spec


def _whole_spec_issues(spec: Spec) -> list[Issue]:
    issues = []
    if spec.version != 1:
        issues.append(Issue("spec_version", f"Version {spec.version} of the design is not known.", "Use version 1."))
    if spec.method not in ESTIMATORS:
        choices = ", ".join(ESTIMATORS)
        issues.append(Issue("spec_value", f"method must be one of {choices}.", f"Choose one of {choices}."))
    elif spec.estimator not in ESTIMATORS[spec.method]:
        choices = ", ".join(ESTIMATORS[spec.method])
        issues.append(
            Issue("spec_value", f"For method {spec.method}, estimator must be one of {choices}.", "Choose one of them.")
        )
    if not spec.columns.outcome:
        issues.append(
            Issue("outcome_not_named", "The design does not name the outcome column.", "Set columns.outcome.")
        )
    issues += _repeated_columns(spec.columns)
    return issues + missing_roles(spec.estimator, spec.columns.named(), panel=spec.options.panel)


def _repeated_columns(columns: Columns) -> list[Issue]:
    return [
        Issue("column_repeated", f"columns.{role} names {name} more than once.", "Name each column once.", column=name)
        for role, names in columns.named().items()
        for name in dict.fromkeys(name for name in names if names.count(name) > 1)
    ]


def _parse_block(kind: type, raw: Any, path: str, issues: list[Issue]) -> Any:
    if not isinstance(raw, Mapping):
        issues.append(Issue("spec_type", f"{path} must be an object.", f"Write {path} as {{...}}."))
        return None
    types = typing.get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}
    for key in raw:
        if key not in known:
            issues.append(_unknown_key(str(key), path, tuple(known)))
    values = {
        name: _parse_value(types[name], raw[name], _join(path, name), item.metadata.get("check"), issues)
        for name, item in known.items()
        if name in raw
    }
    if kind is Spec and "columns" not in values:
        values["columns"] = Columns()
    return None if issues else kind(**values)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _unknown_key(key: str, path: str, known: tuple[str, ...]) -> Issue:
    near = get_close_matches(key, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known keys here: {', '.join(known)}."
    return Issue("spec_unknown_key", f"The design has an unknown key, {_join(path, key)}.", hint)


def _parse_value(kind: Any, value: Any, path: str, check: Check | None, issues: list[Issue]) -> Any:
    if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
        return _parse_block(kind, value, path, issues)
    try:
        parsed = _converted(kind, value)
    except TypeError as error:
        issues.append(Issue("spec_type", f"{path} must be {error}.", f"Correct {path} in the design."))
        return None
    complaint = check(parsed) if check else None
    if complaint:
        issues.append(Issue("spec_value", f"{path} {complaint}.", f"Correct {path} in the design."))
    return parsed


def _converted(kind: Any, value: Any) -> Any:
    """`value` as `kind`; the message of the TypeError raised says what was wanted."""
    options = typing.get_args(kind) if type(None) in typing.get_args(kind) else ()
    if options:
        return None if value is None else _converted(next(o for o in options if o is not type(None)), value)
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        words = "a list of numbers" if inner is float else "a list of column names"
        if not isinstance(value, list | tuple):
            raise TypeError(words)
        return tuple(_converted(inner, item) for item in value)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str) and value:
        return value
    if kind is int and _is_number(value) and float(value).is_integer():
        return int(value)
    if kind is float and _is_number(value):
        return float(value)
    raise TypeError({bool: "true or false", str: "text", int: "a whole number", float: "a number"}[kind])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
