"""Gives the columns of a raw table their roles: a checked `stats.Table`, or every problem at once."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pyarrow as pa

from evaluations.datasets.gazetteer import Places
from evaluations.datasets.ingest_calendar import PERIODS_A_YEAR, calendar_of, place_of, step_of
from evaluations.datasets.ingest_columns import MISSING, Numbers, coded, numbers, parse_number, zero_one
from evaluations.datasets.ingest_order import canonical_order
from evaluations.datasets.ingest_panel import check_constant, check_repeats
from evaluations.datasets.ingest_periods import TimeAxis, mixed_periods, time_axis
from evaluations.datasets.ingest_places import PlaceColumns, points_of, precision_of
from evaluations.datasets.ingest_raw import Problems, RawTable, is_formula, near, shown
from evaluations.datasets.ingest_sites import sites_of
from evaluations.datasets.ingest_text import MISSING_WORDS, Wanted
from evaluations.datasets.ingest_treatment import check_first_treated, cohorts_of
from evaluations.datasets.place_context import context_of
from evaluations.stats.blocks import map_in_order
from evaluations.stats.results import Dropped
from evaluations.stats.roles import missing_roles
from evaluations.stats.spec import Columns, Spec
from evaluations.stats.table import Coded, Cohorts, Sites, Table

NUMBER_ROLES = (
    "outcome", "covariates", "placebo_outcomes", "treated", "post", "weight", "n", "sd",
    "latitude", "longitude", "easting", "northing", "distance_km",
)  # fmt: skip
LABEL_ROLES = (
    "unit", "period", "first_treated", "cluster", "subgroup", "fixed_effects", "third_difference",
    "neighbourhood", "postcode", "district", "small_area", "location_from", "location_to", "born",
)  # fmt: skip
LABELLED = (
    "unit", "period", "first_treated", "cluster", "subgroup", "third_difference", "neighbourhood",
    "location_from", "location_to", "born",
)  # fmt: skip
"""Roles whose column is one of labels, each read apart from the others."""
READERS = 2
OTHER_TIMES = {"born": np.nan, "location_from": -np.inf, "location_to": np.inf}
"""Roles that hold times other than the row's own, and what an empty cell means."""
MOST_CATEGORIES = 60
"""Distinct texts above which a column of text is not taken for categories."""


def wanted_columns(spec: Spec) -> Wanted:
    """Which columns a design reads, and as what."""
    named = spec.columns.named()
    labels = frozenset(name for role in LABEL_ROLES for name in named.get(role, ()))
    every = frozenset(name for names in named.values() for name in names)
    exact = frozenset(named.get("unit", ()))
    return Wanted(labels=labels, numbers=every - labels, exact=exact)


def typed_table(raw: RawTable, spec: Spec, *, sites: RawTable | None = None, places: Places | None = None) -> Table:
    """The table an estimator starts from, rows in canonical order, with its sites where there are any.

    `places` says where postcodes, districts and small areas are; a postcode is looked up and let go.

    Raises `BadInput` with every problem: columns missing, text in numbers, units that repeat or
    change what must not change, codes for "never treated". Rows without an outcome or covariate
    are dropped and counted.
    """
    problems = Problems()
    problems.include(raw.issues)
    _check_named(raw, spec, problems)
    reading = _Reading(raw, spec, problems)
    return reading.table(sites, places)


def _check_named(raw: RawTable, spec: Spec, problems: Problems) -> None:
    named = spec.columns.named()
    problems.include(missing_roles(spec.estimator, named, panel=spec.options.panel))
    for role, names in named.items():
        for name in names:
            if name not in raw.header:
                problems.add(
                    "column_missing",
                    f"The file has no column {name}, which the design names as {role}.",
                    near(name, raw.header),
                    row=1,
                    column=name,
                )


class _Reading:
    """One table being read: what is known so far, which rows stay, and why others went."""

    def __init__(self, raw: RawTable, spec: Spec, problems: Problems) -> None:
        self.raw, self.spec, self.problems = raw, spec, problems
        self.columns = _present(spec.columns, raw.data.column_names)
        self.keep = np.ones(raw.n_rows, dtype=bool)
        self.dropped: list[Dropped] = []
        self.notes: list[str] = list(raw.notes)
        self.calendar: np.ndarray | None = None
        self.precision_km: float | None = None
        self.periods_a_year = 1.0
        self.context_names: tuple[str, ...] = ()

    def table(self, raw_sites: RawTable | None, places: Places | None) -> Table:
        """Every role read, checked and put in order."""
        read = self._read_roles()
        self._locate(read, places)
        self._look_up_context(read, places)
        axis = self._axis(read.get("period", read.get("born")))
        if axis is not None:
            if "period" in read:
                read["period"] = _in_time_order(read["period"], axis)
            self._check_times(read, axis)
        elif "period" not in read and (times := [role for role in ("first_treated", *OTHER_TIMES) if role in read]):
            self.problems.add(
                "role_missing", f"A column for {times[0]} needs one for period too.", "Set columns.period."
            )
        self._check_within_units(read)
        sites = None if raw_sites is None else sites_of(raw_sites, self.spec, self.problems, axis=axis, places=places)
        self.problems.stop_if_any()
        self._drop_missing(read)
        self._stop_if_nothing_left()
        kept = {role: _taken(part, self.keep) for role, part in read.items()}
        if axis is not None:
            self._place_in_time(kept, axis)
        return self._sorted(kept, sites)

    def _read_roles(self) -> dict[str, Any]:
        read: dict[str, Any] = {}
        labelled = [role for role in LABELLED if getattr(self.columns, role)]
        read |= zip(labelled, map_in_order(self._coded, labelled, workers=READERS), strict=True)
        read["fixed_effects"] = tuple(coded(self.raw.data[name]) for name in self.columns.fixed_effects)
        for role in ("outcome", "weight", "n", "sd", "distance_km"):
            if name := getattr(self.columns, role):
                read[role] = self._numbers(name)
        for role in ("treated", "post"):
            if name := getattr(self.columns, role):
                read[role] = self._zero_one(name, role)
        read["placebo_outcomes"] = tuple(self._numbers(name) for name in self.columns.placebo_outcomes)
        read["covariates"], self.covariate_names = self._covariates()
        for role in ("unit", "period"):
            if role in read:
                self._refuse_missing(read[role], getattr(self.columns, role), role)
        self._check_ranges(read)
        return read

    def _coded(self, role: str) -> Coded:
        missing = ("",) if role == "unit" else MISSING_WORDS
        each = role == "first_treated" or role in OTHER_TIMES
        return coded(self.raw.data[getattr(self.columns, role)], missing=missing, each=each)

    def _locate(self, read: dict[str, Any], places: Places | None) -> None:
        """Where each row is, in degrees, from whichever columns say."""
        columns = PlaceColumns(**{item.name: getattr(self.columns, item.name) for item in fields(PlaceColumns)})
        points = points_of(self.raw, columns, self.problems, places)
        if points is not None:
            read["latitude"], read["longitude"] = points.latitude, points.longitude
            self.notes += [*points.notes, *(f"{remark.message} {remark.hint}" for remark in points.remarks)]
        declared_km = self.spec.proximity.precision_km
        self.precision_km = precision_of(points, read.get("distance_km"), declared_km)

    def _look_up_context(self, read: dict[str, Any], places: Places | None) -> None:
        """How deprived and how rural each row's area is, for designs about distance."""
        if self.spec.method != "proximity" or places is None:
            return
        areas = [coded(self.raw.data[name]) for name in (self.columns.small_area,) if name]
        areas += [read[role] for role in ("neighbourhood", "cluster", "unit") if role in read]
        found = context_of(areas, read.get("latitude"), read.get("longitude"), places)
        if found is not None:
            read["context"], self.context_names = found.values, found.names
            self.notes.append(found.note)

    def _numbers(self, name: str) -> np.ndarray:
        return self._checked(numbers(self.raw.data[name]), name)

    def _checked(self, read: Numbers, name: str) -> np.ndarray:
        """The numbers, with text and infinities noted as problems."""
        for index, text in zip(read.bad, read.texts, strict=False):
            if is_formula(text):
                continue
            line = self.raw.line(int(index))
            self.problems.add(
                "not_a_number",
                f"Row {line}, column {name}: {shown(text)} is not a number.",
                number_hint(text),
                row=line,
                column=name,
            )
        self.problems.count_more("not_a_number", name, len(read.bad) - len(read.texts))
        infinite = np.flatnonzero(np.isinf(read.values))
        self.problems.add_rows(
            "not_finite",
            self.raw,
            infinite,
            f"Row {{row}}, column {name}: the number is infinite.",
            "Correct the number, or leave the cell empty where it is not known.",
            name,
        )
        return read.values

    def _zero_one(self, name: str, role: str) -> np.ndarray:
        values = self._checked(zero_one(self.raw.data[name]), name)
        if role == "treated" and self.spec.estimator == "twfe" and not self.columns.post:
            return values
        wrong = np.flatnonzero(~np.isnan(values) & (values != 0) & (values != 1) & ~np.isinf(values))
        self.problems.add_rows(
            "not_zero_or_one",
            self.raw,
            wrong,
            f"Row {{row}}, column {name}: {role} must be 0 or 1.",
            "Write 1 for yes and 0 for no.",
            name,
        )
        return values

    def _covariates(self) -> tuple[tuple[np.ndarray, ...], tuple[str, ...]]:
        arrays: list[np.ndarray] = []
        names: list[str] = []
        for name in self.columns.covariates:
            categories = self._categories(name)
            if categories is None:
                arrays.append(self._numbers(name))
                names.append(name)
                continue
            reference, *others = categories.labels
            self.notes.append(
                f"{name} is text with {categories.n_labels} categories: one 0/1 covariate for each but {reference}, "
                "with which the others are compared."
            )
            for code, label in enumerate(others, start=1):
                arrays.append(np.where(categories.codes == MISSING, np.nan, categories.codes == code))
                names.append(f"{name}: {label}")
        return tuple(arrays), tuple(names)

    def _categories(self, name: str) -> Coded | None:
        """The covariate's categories, where it is text that holds no number at all."""
        kind = self.raw.data[name].type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
            return None
        column = coded(self.raw.data[name])
        texts = [str(label) for label in column.labels]
        if not 2 <= len(texts) <= MOST_CATEGORIES or any(parse_number(text) is not None for text in texts):
            return None
        return column

    def _refuse_missing(self, column: Coded, name: str, role: str) -> None:
        self.problems.add_rows(
            f"{role}_missing",
            self.raw,
            np.flatnonzero(column.codes == MISSING),
            f"Row {{row}} has no value in {name}, the {role}.",
            f"Fill in the {role}, or take the row out.",
            name,
        )

    def _check_ranges(self, read: dict[str, Any]) -> None:
        for role, low, high in (
            ("weight", 0, np.inf),
            ("n", 0, np.inf),
            ("sd", 0, np.inf),
            ("distance_km", 0, np.inf),
        ):
            if role not in read:
                continue
            name = getattr(self.columns, role)
            values = read[role]
            wrong = np.flatnonzero((values < low) | (values > high))
            self.problems.add_rows(
                f"{role}_out_of_range",
                self.raw,
                wrong,
                f"Row {{row}}, column {name}: {role} must not be negative.",
                "Correct the number.",
                name,
            )

    def _axis(self, period: Coded | None) -> TimeAxis | None:
        if period is None or not period.labels:
            return None
        mixed = mixed_periods(period.labels, self.columns.period or "")
        if mixed is not None:
            self.problems.issues.append(mixed)
        axis = time_axis(period.labels)
        if axis.kind in ("date_day_first", "date_month_first"):
            order = "day first" if axis.kind == "date_day_first" else "month first"
            self.notes.append(f"The dates in {self.columns.period} were read with the {order}.")
        return axis

    def _check_times(self, read: dict[str, Any], axis: TimeAxis) -> None:
        """Note every time that is not written as the periods are."""
        if "first_treated" in read:
            check_first_treated(self.raw, self.problems, read["first_treated"], axis, self.columns.first_treated or "")
        for role in OTHER_TIMES:
            if role not in read:
                continue
            name = getattr(self.columns, role)
            for code, label in enumerate(read[role].labels):
                if place_of(axis, label) is not None:
                    continue
                line = self.raw.line(int(np.flatnonzero(read[role].codes == code)[0]))
                self.problems.add(
                    "period_unreadable",
                    f"Row {line}, column {name}: {shown(label)} is not written as the periods are ({axis.labels[0]}).",
                    "Write it as the periods are written.",
                    row=line,
                    column=name,
                )

    def _check_within_units(self, read: dict[str, Any]) -> None:
        unit, period = read.get("unit"), read.get("period")
        if unit is None:
            return
        check = check_constant(self.raw, self.problems, unit, self.columns.unit or "")
        if "first_treated" in read:
            check(read["first_treated"], self.columns.first_treated, "first_treated")
        if not self.spec.options.panel:
            return
        if period is not None:
            within = [read[role] for role in ("subgroup", "third_difference") if role in read]
            check_repeats(self.raw, self.problems, unit, period, within)
        for role in ("weight", "cluster"):
            if role in read:
                check(read[role], getattr(self.columns, role), role)
        if "treated" in read and self.spec.estimator == "did_2x2":
            check(read["treated"], self.columns.treated, "treated")

    def _drop_missing(self, read: dict[str, Any]) -> None:
        """Leave out rows that lack something needed, each counted once, under the first reason."""
        if "sd" in read and "n" in read:
            read["sd"] = np.where(np.isnan(read["sd"]) & (read["n"] == 1), 0.0, read["sd"])
        reasons: list[tuple[str, np.ndarray]] = [("outcome_missing", np.isnan(read["outcome"]))]
        for role in ("treated", "post", "weight", "n", "sd"):
            if role in read:
                reasons.append((f"{role}_missing", np.isnan(read[role])))
        for role in ("weight", "n"):
            if role in read:
                reasons.append((f"{role}_zero", read[role] == 0))
        reasons += [("covariate_missing", np.isnan(values)) for values in read["covariates"]]
        for role in ("cluster", "subgroup", "third_difference", "neighbourhood"):
            if role in read:
                reasons.append((f"{role}_missing", read[role].codes == MISSING))
        reasons += [("fixed_effect_missing", column.codes == MISSING) for column in read["fixed_effects"]]
        for role in ("latitude", "longitude", "distance_km"):
            if role in read:
                reasons.append(("location_missing", np.isnan(read[role])))
        self._leave_out(reasons, read.get("unit"))

    def _leave_out(self, reasons: list[tuple[str, np.ndarray]], unit: Coded | None) -> None:
        counted: dict[str, tuple[int, int | None]] = {}
        for reason, rows in reasons:
            rows = rows & self.keep
            count = int(np.count_nonzero(rows))
            if not count:
                continue
            before = np.unique(unit.codes[self.keep]).size if unit is not None else 0
            self.keep &= ~rows
            units = before - np.unique(unit.codes[self.keep]).size if unit is not None else None
            rows_so_far, units_so_far = counted.get(reason, (0, 0))
            counted[reason] = (rows_so_far + count, None if units is None else units + (units_so_far or 0))
        self.dropped += [Dropped(reason, rows, units) for reason, (rows, units) in counted.items()]

    def _stop_if_nothing_left(self) -> None:
        if not self.keep.any():
            reasons = ", ".join(f"{item.rows:,} {item.reason.replace('_', ' ')}" for item in self.dropped)
            self.problems.add(
                "no_rows_left", f"No row can be used ({reasons}).", "Fill in the cells that the design needs."
            )
            self.problems.stop_if_any()

    def _place_in_time(self, kept: dict[str, Any], every: TimeAxis) -> None:
        """Turn labels of times into positions among the periods used, or places on the calendar."""
        period = kept.get("period")
        used = every if period is None else _used_periods(every, period)
        if used.has_gaps:
            self.notes.append("The periods are not evenly spaced; event time counts the periods in the file.")
        if "first_treated" in kept:
            kept["cohorts"] = cohorts_of(kept.pop("first_treated"), used, every)
        for role, missing in OTHER_TIMES.items():
            if role in kept:
                column = kept[role]
                places = np.array([*(place_of(every, label) for label in column.labels), missing], dtype=float)
                kept[role] = places[column.codes]
        self.periods_a_year = PERIODS_A_YEAR.get(step_of(every) or "", 1.0)
        self.calendar = None if period is None else calendar_of(every)
        if self.calendar is not None:
            self.calendar = self.calendar[[every.labels.index(label) for label in used.labels]]

    def _sorted(self, kept: dict[str, Any], sites: Sites | None) -> Table:
        order = canonical_order(kept, panel=self.spec.options.panel)
        parts = kept if order is None else {role: _taken(part, order) for role, part in kept.items()}
        covariates, placebo = parts.pop("covariates"), parts.pop("placebo_outcomes")
        context = parts.pop("context", ())
        return Table(
            rows_read=self.raw.n_rows,
            covariates=np.column_stack(covariates) if covariates else None,
            covariate_names=self.covariate_names,
            placebo_outcomes=np.column_stack(placebo) if placebo else None,
            placebo_names=self.columns.placebo_outcomes,
            context=np.column_stack(context) if context else None,
            context_names=self.context_names,
            sites=sites,
            precision_km=self.precision_km,
            calendar=self.calendar,
            periods_a_year=self.periods_a_year,
            dropped=tuple(self.dropped),
            notes=tuple(self.notes),
            **parts,
        )


def _present(columns: Columns, names: list[str]) -> Columns:
    """The roles without the columns that the file does not have, so that the rest can still be checked."""
    kept: dict[str, Any] = {}
    for item in fields(columns):
        played = getattr(columns, item.name)
        kept[item.name] = (
            tuple(name for name in played if name in names)
            if isinstance(played, tuple)
            else played
            if played in names
            else None
        )
    return Columns(**kept)


def number_hint(text: str) -> str:
    """The cure for a text that is no number."""
    if text.replace(",", "").replace(" ", "").strip("£$€%").replace(".", "", 1).lstrip("-").isdigit():
        return "Write the number with digits and a decimal point only: no commas, spaces, currency or per cent signs."
    return "Write a number, or leave the cell empty where there is none."


def _taken(part: Any, rows: np.ndarray) -> Any:
    """The part at `rows`, a mask or an order, labels that are no longer used left out."""
    if part is None or (rows.dtype == bool and rows.all()):
        return part
    if isinstance(part, tuple):
        return tuple(_taken(item, rows) for item in part)
    if isinstance(part, Coded):
        return _used_labels(Coded(part.codes[rows], part.labels)) if rows.dtype == bool else _at(part, rows)
    if isinstance(part, Cohorts):
        return replace(part, starts=part.starts[rows], codes=part.codes[rows])
    return part[rows]


def _at(part: Coded, order: np.ndarray) -> Coded:
    return Coded(part.codes[order], part.labels)


def _used_labels(column: Coded) -> Coded:
    seen = np.zeros(len(column.labels) + 1, dtype=bool)
    seen[column.codes] = True
    seen[-1] = False
    if seen[:-1].all():
        return column
    rank = np.append(np.cumsum(seen[:-1], dtype=np.int32) - 1, MISSING).astype(np.int32)
    labels = tuple(label for label, used in zip(column.labels, seen, strict=False) if used)
    return Coded(rank[column.codes], labels)


def _in_time_order(period: Coded, axis: TimeAxis) -> Coded:
    if period.labels == axis.labels:
        return period
    keys = {key: position for position, key in enumerate(axis.keys)}
    rank = np.array([keys[axis.key(label)] for label in period.labels] + [MISSING], dtype=np.int32)
    return Coded(rank[period.codes], axis.labels)


def _used_periods(axis: TimeAxis, period: Coded) -> TimeAxis:
    if period.labels == axis.labels:
        return axis
    return replace(axis, labels=period.labels, keys=tuple(axis.key(label) for label in period.labels))
