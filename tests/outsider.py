"""Someone outside who reads what is published and works out what is not, by code that shares none with Uplift.

Random evaluations with small groups are made here as data, and their true counts are taken from the data by pandas, not
from the engine. The outsider knows the rules by which numbers are rounded and every sum that ties the tables together,
and asks a linear program for the least and the most that each hidden number can be.
"""

import csv
import io
import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import linprog

THRESHOLD = 10
BASE = 5
YEARS = range(2010, 2015)
PANEL_COLUMNS = {"unit": "unit", "period": "year", "outcome": "outcome", "first_treated": "first_treated"}


@dataclass
class Case:
    """A random evaluation: its rows, its design, and the true counts of what its tables count."""

    frame: pd.DataFrame
    spec: dict
    truth: dict[str, int]


def random_case(seed: int) -> Case:
    """A panel by cohort or by subgroup, or rings around a site; some groups are small, enough people are treated."""
    draw = np.random.default_rng(seed)
    return (_panel, _panel_by_group, _rings)[seed % 3](draw)


def _size(draw) -> int:
    return int(draw.integers(1, 10) if draw.random() < 0.4 else draw.integers(10, 60))


def _cohorts(draw) -> pd.DataFrame:
    starts = [2012, 2013, 2014][: int(draw.integers(2, 4))]
    sizes = {start: _size(draw) for start in starts}
    biggest = starts[int(draw.integers(len(starts)))]
    sizes[biggest] += max(0, 62 - sum(sizes.values()))
    sizes[None] = int(draw.integers(20, 90))
    units = [start for start, size in sizes.items() for _ in range(size)]
    return pd.DataFrame({"unit": range(len(units)), "first_treated": pd.array(units, dtype="Int64")})


def _rows(draw, units: pd.DataFrame) -> pd.DataFrame:
    frame = units.merge(pd.DataFrame({"year": list(YEARS)}), how="cross")
    treated = (frame["first_treated"] <= frame["year"]).fillna(False).to_numpy(bool)
    frame["outcome"] = draw.normal(size=len(frame)) + 0.3 * (frame["year"] - 2010) + 1.5 * treated
    lost = units["unit"].sample(int(draw.integers(0, 6)), random_state=int(draw.integers(1_000_000)))
    if len(lost) and draw.random() < 0.5:
        frame.loc[frame["unit"].isin(lost), "outcome"] = np.nan
    return frame


def _kept(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["outcome"].notna()]


def _truth_of_panel(frame: pd.DataFrame) -> dict[str, int]:
    units = _kept(frame).drop_duplicates("unit")
    sizes = units["first_treated"].value_counts()
    truth = {f"cohort {int(start)}": int(size) for start, size in sizes.items()}
    truth |= {"never": int(units["first_treated"].isna().sum()), "units": len(units), "treated": int(sizes.sum())}
    truth |= {"read": len(frame), "used": len(_kept(frame)), "lost": len(frame) - len(_kept(frame))}
    for time in range(len(YEARS)):
        seen = [size for start, size in sizes.items() if int(start) + time <= max(YEARS)]
        truth[f"event {time}"] = int(sum(seen))
    return truth


def _panel(draw) -> Case:
    frame = _rows(draw, _cohorts(draw))
    spec = {"estimator": "callaway_santanna", "columns": PANEL_COLUMNS, "options": {"sensitivity": []}}
    return Case(frame, spec, _truth_of_panel(frame))


def _panel_by_group(draw) -> Case:
    units = _cohorts(draw)
    units["group"] = draw.choice(["a", "b", "c"], size=len(units), p=[0.7, 0.25, 0.05])
    frame = _rows(draw, units)
    truth = _truth_of_panel(frame)
    kept = _kept(frame).drop_duplicates("unit")
    for group, members in kept.groupby("group"):
        truth[f"units in {group}"] = len(members)
        truth[f"treated in {group}"] = int(members["first_treated"].notna().sum())
    columns = {**PANEL_COLUMNS, "subgroup": "group"}
    return Case(frame, {"estimator": "callaway_santanna", "columns": columns, "options": {"sensitivity": []}}, truth)


def _rings(draw) -> Case:
    edges = [0, 1, 2, 3, 5]
    sizes = [int(draw.integers(62, 90)), _size(draw), _size(draw), int(draw.integers(20, 80))]
    places = [draw.uniform(edges[ring] + 0.05, edges[ring + 1] - 0.05, size) for ring, size in enumerate(sizes)]
    distance = np.concatenate(places)
    units = pd.DataFrame({"unit": range(len(distance)), "distance": distance})
    frame = units.merge(pd.DataFrame({"post": [0, 1]}), how="cross")
    near = frame["distance"] < 1
    frame["outcome"] = draw.normal(size=len(frame)) + frame["post"] * (0.2 + 1.0 * near)
    truth = {f"ring {edges[n]}": size for n, size in enumerate(sizes)}
    truth |= {"units": len(units), "used": len(frame), "read": len(frame), "lost": 0}
    spec = {
        "method": "proximity",
        "estimator": "ring_did",
        "columns": {"unit": "unit", "post": "post", "outcome": "outcome", "distance_km": "distance"},
        "options": {"sensitivity": []},
        "proximity": {"edges_km": edges},
    }
    return Case(frame, spec, truth)


@dataclass
class Seen:
    """What the outsider has read: for each count the printed number, or that a sign stands in its place."""

    printed: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def read(self, name: str, value: int | None) -> None:
        """Note one number, or its absence; whoever prints it once has printed it."""
        if value is None:
            self.hidden.add(name)
        else:
            assert self.printed.setdefault(name, value) == value, f"{name} is printed as two numbers"


def read_result(result: dict, seen: Seen) -> Seen:
    """Every count of a result file."""
    for row in result.get("estimates", []):
        within = "" if row.get("subgroup") is None else f" in {row['subgroup']}"
        for name, word in (("n_units", "units"), ("n_treated_units", "treated"), ("n_obs", "used")):
            if name in row:
                seen.read(f"{word}{within}", row[name])
    sample = result.get("sample", {})
    for name, word in (("rows_read", "read"), ("rows_used", "used")):
        if name in sample or name in sample.get("hidden", []):
            seen.read(word, sample.get(name))
    for row in sample.get("dropped", []):
        if row["reason"] == "outcome_missing":
            seen.read("lost", row.get("rows"))
    for row in sample.get("cohorts", []):
        seen.read(_cohort(row["cohort"]), row.get("n_units"))
    for row in [*result.get("by_cohort", []), *result.get("att_gt", [])]:
        if "n_treated_units" in row:
            seen.read(_cohort(row["cohort"]), row["n_treated_units"])
    for row in result.get("event_study", []):
        if row["event_time"] >= 0 and "n_treated_units" in row:
            seen.read(f"event {row['event_time']}", row["n_treated_units"])
    for row in result.get("rings", []):
        if "n_units" in row:
            seen.read(f"ring {row['inner_km']:g}", row["n_units"])
    return seen


def _cohort(label) -> str:
    return "never" if label is None else f"cohort {label}"


def read_tables(tables: dict[str, str], seen: Seen) -> Seen:
    """Every count in tables downloaded as CSV: the waterfall and the rings."""
    words = {"Rows submitted": "read", "Rows analysed": "used", "Units": "units", "Units treated": "treated"}
    for line in _lines(tables.get("sample", "")):
        if line[0] in words or "outcome is missing" in line[0]:
            seen.read(words.get(line[0], "lost"), _number(line[1]))
    for line in _lines(tables.get("rings", "")):
        seen.read(f"ring {line[0].split('–')[0]}", _number(line[-1]))
    return seen


def _lines(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))[1:]


def _number(text: str) -> int | None:
    return int(float(text)) if text not in ("", "[c]") else None


def sums_that_hold(truth: dict[str, int]) -> list[dict[str, int]]:
    """Everything that ties the counts together, as far as it holds in truth: what an outsider might assume at best."""
    cohorts = [name for name in truth if name.startswith("cohort ")]
    rings = [name for name in truth if name.startswith("ring ")]
    starts = {name: int(name.split()[1]) for name in cohorts}
    tied = [{"units": 1, "treated": -1, "untreated": -1}, {"units": 1, **dict.fromkeys([*cohorts, "never"], -1)}]
    tied += [{"treated": 1, **dict.fromkeys(cohorts, -1)}, {"read": 1, "used": -1, "lost": -1}]
    tied += [{"units": 1, **dict.fromkeys(rings, -1)}, {"used": 1, "units": -len(YEARS)}, {"used": 1, "units": -2}]
    for time in range(len(YEARS)):
        there = [name for name, start in starts.items() if start + time <= max(YEARS)]
        tied.append({f"event {time}": 1, **dict.fromkeys(there, -1)})
    groups = [name.removeprefix("units in ") for name in truth if name.startswith("units in ")]
    for word in ("units", "treated"):
        tied.append({word: 1, **{f"{word} in {group}": -1 for group in groups}})
    tied += [{f"units in {g}": 1, f"treated in {g}": -1, f"untreated in {g}": -1} for g in groups]
    whole = {**truth, **untreated(truth)}
    known = [row for row in tied if len(row) > 1 and set(row) <= set(whole)]
    return [row for row in known if not sum(times * whole[name] for name, times in row.items())]


def untreated(truth: dict[str, int]) -> dict[str, int]:
    """How many are not treated, which no table prints and every table gives away."""
    treated = [name for name in truth if name.startswith("treated")]
    return {f"un{name}": truth[name.replace("treated", "units")] - truth[name] for name in treated}


def ranges(truth: dict[str, int], seen: Seen) -> dict[str, tuple[float, float]]:
    """The least and the most each count with a sign in its place can be, by all that is printed and every sum."""
    sums = sums_that_hold(truth)
    names = sorted({*truth, *(name for row in sums for name in row)})
    place = {name: n for n, name in enumerate(names)}
    matrix = np.zeros((len(sums), len(names)))
    for n, row in enumerate(sums):
        for name, times in row.items():
            matrix[n, place[name]] = times
    bounds = [_bounds(name, seen, truth) for name in names]
    wanted = [name for name in names if name in seen.hidden - set(seen.printed) or name.startswith("untreated")]
    return {name: _range(matrix, bounds, place[name]) for name in wanted if name in place}


def _bounds(name: str, seen: Seen, truth: dict[str, int]) -> tuple[float, float | None]:
    value = seen.printed.get(name)
    if value is None:
        return 0.0, None
    rows = name in ("read", "used", "lost") or name.startswith("used ")
    per = math.ceil(truth["used"] / truth["units"]) if rows else 1
    return max(value - BASE * per / 2, THRESHOLD * per), value + BASE * per / 2


def _range(matrix: np.ndarray, bounds: list, at: int) -> tuple[float, float]:
    ends = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(bounds))
        cost[at] = sign
        found = linprog(cost, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds, method="highs")
        assert found.status in (0, 3), found.message
        ends.append(sign * found.fun if found.status == 0 else math.inf)
    return ends[0], ends[1]
