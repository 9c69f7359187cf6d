"""Reads published files of figures by area and year: five shapes, told by their columns.

- `ees`: explore-education-statistics of the Department for Education: time_period, time_identifier,
  geographic_level, new_la_code, la_name, then filters (text) and indicators (numbers or symbols).
- `lait`: the Local Authority Interactive Tool as a long table: measure_code, label, gss_code, la_name, years, value.
- `lait_tool`: the same as the tool itself gives it: Short Desc, Data item, Years, LA and Regions, Values, LA Number.
- `els`: Explore Local Statistics of the Office for National Statistics: indicator, measure, areacd, areanm,
  period, observation.
- `plain`: any table with a column of area codes, one of periods, columns of values, and perhaps breakdowns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SHAPES = {
    "ees": {"time_period", "time_identifier", "geographic_level"},
    "lait": {"measure_code", "label", "gss_code", "value"},
    "lait_tool": {"short desc", "data item", "years", "la and regions", "values"},
    "els": {"indicator", "measure", "areacd", "observation"},
}
EES_PLACES = (
    "time_period", "time_identifier", "geographic_level", "country_code", "country_name", "region_code", "region_name",
    "old_la_code", "new_la_code", "la_name", "lad_code", "lad_name", "pcon_code", "pcon_name", "local_authority_code",
    "local_authority_name", "version",
)  # fmt: skip
LEVELS = ("local authority", "national", "regional")


class UnreadableSeries(ValueError):
    """The file is not in a shape that is known; the message says what is missing."""


@dataclass(frozen=True)
class Plain:
    """Which columns of a plain table play which part."""

    area: str = ""
    period: str = ""
    values: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    name: str = ""


@dataclass
class ReadSeries:
    """One measure as read: area code to period to value. `measure` is what the publisher calls it."""

    key: str
    name: str
    breakdown: str = ""
    unit: str = ""
    measure: str = ""
    values: dict[str, dict[str, float | None]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a file turned out to be, and the series in it."""

    shape: str
    series: list[ReadSeries]


def read_series(path: Path, *, shape: str = "auto", plain: Plain | None = None) -> Reading:
    """Every series in a published file. Raises `UnreadableSeries` where its shape is not known."""
    frame = _frame(path)
    told = "plain" if plain else _told(frame) if shape == "auto" else shape
    readers = {"ees": _ees, "lait": _lait, "lait_tool": _lait_tool, "els": _els}
    found = readers[told](frame) if told in readers else _plain(frame, plain or _guessed(frame))
    return Reading(told, list(found))


def _frame(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path).astype(str).replace({"nan": "", "None": ""})
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UnreadableSeries("The file is not a table of text in UTF-8. Save it as CSV UTF-8.") from error


def _told(frame: pd.DataFrame) -> str:
    columns = {str(name).lower() for name in frame.columns}
    return next((shape for shape, needed in SHAPES.items() if needed <= columns), "plain")


def _guessed(frame: pd.DataFrame) -> Plain:
    """The parts of a plain table, by what its columns are called and hold."""
    names = [str(name) for name in frame.columns]
    codes = r"[EWSNK]\d{8}|ALL"
    area = next((name for name in names if frame[name].head(200).str.fullmatch(codes).mean() > 0.5), "")
    period = next((name for name in names if re.search(r"(?i)year|period|date", name)), "")
    title = next((name for name in names if re.search(r"(?i)(area|la|authority).*name|areanm", name)), "")
    others = [name for name in names if name not in (area, period, title)]
    values = tuple(
        name for name in others if pd.to_numeric(frame[name].head(500), errors="coerce").notna().mean() > 0.3
    )
    if not (area and period and values):
        raise UnreadableSeries(
            "The file has no column of official area codes, of periods, or of values that can be told. "
            "Say which they are with --area, --period and --values."
        )
    return Plain(area, period, values, (), title)


def _plain(frame: pd.DataFrame, parts: Plain) -> Iterator[ReadSeries]:
    absent = [name for name in (parts.area, parts.period, *parts.values, *parts.by) if name not in frame.columns]
    if absent:
        raise UnreadableSeries(f"The file has no column {', '.join(absent)}.")
    for value in parts.values:
        for breakdown, rows in _groups(frame, parts.by):
            yield _series(
                rows, key=_key(value, breakdown), name=value, breakdown=breakdown, area=parts.area,
                title=parts.name, period=rows[parts.period], value=value,
            )  # fmt: skip


def _ees(frame: pd.DataFrame) -> Iterator[ReadSeries]:
    frame = frame.rename(columns={name: str(name).lower() for name in frame.columns})
    frame = frame[frame["geographic_level"].str.lower().isin(LEVELS)].copy()
    level = frame["geographic_level"].str.lower()
    blank = pd.Series("", index=frame.index)
    code = frame.get("new_la_code", frame.get("local_authority_code", blank)).where(level == "local authority", "")
    code = code.where(level != "regional", frame.get("region_code", blank))
    frame["_code"] = code.where(level != "national", frame.get("country_code", blank))
    name = frame.get("la_name", frame.get("local_authority_name", blank)).where(level == "local authority", "")
    name = name.where(level != "regional", frame.get("region_name", blank))
    frame["_name"] = name.where(level != "national", frame.get("country_name", blank))
    frame["_period"] = [
        _ees_period(period, kind) for period, kind in zip(frame["time_period"], frame["time_identifier"], strict=True)
    ]
    own = [name for name in frame.columns if name not in EES_PLACES and not name.startswith("_")]
    values = [name for name in own if _is_indicator(frame[name])]
    filters = [name for name in own if name not in values and frame[name].nunique() > 1]
    if not values:
        raise UnreadableSeries("The file has no column of numbers beside its places, periods and filters.")
    for value in values:
        for breakdown, rows in _groups(frame, filters):
            yield _series(
                rows, key=_key(value, breakdown), name=value.replace("_", " "), breakdown=breakdown, area="_code",
                title="_name", period=rows["_period"], value=value,
            )  # fmt: skip


def _is_indicator(column: pd.Series) -> bool:
    filled = column[column != ""].head(2000)
    return bool(len(filled)) and pd.to_numeric(filled.str.replace(",", ""), errors="coerce").notna().mean() > 0.3


def _ees_period(period: str, kind: str) -> str:
    """201819 of an academic or financial year as 2018/19; a calendar year as it is; quarters and terms after it."""
    if re.fullmatch(r"\d{6}", period) and "month" not in kind.lower():
        period = f"{period[:4]}/{period[4:]}"
    return period if "year" in kind.lower() or not kind else f"{period} {kind}"


def _lait(frame: pd.DataFrame) -> Iterator[ReadSeries]:
    period = frame["years"] if "years" in frame.columns else frame["year"]
    frame = frame.assign(_period=period)
    for (code, label), rows in frame.groupby(["measure_code", "label"], sort=True):
        read = _series(
            rows, key=str(code), name=str(label), breakdown="", area="gss_code", title="la_name",
            period=rows["_period"], value="value",
        )  # fmt: skip
        read.measure = str(code)
        yield read


def _lait_tool(frame: pd.DataFrame) -> Iterator[ReadSeries]:
    """The tool names places by the Department's number, and regions by their name alone."""
    frame = frame.rename(columns={name: str(name).lower() for name in frame.columns})
    number = frame["la number"].str.removesuffix(".0") if "la number" in frame.columns else frame["la and regions"]
    code = number.where(number.str.fullmatch(r"\d{3}"), frame["la and regions"])
    renamed = {"short desc": "measure_code", "data item": "label", "la and regions": "la_name", "values": "value"}
    yield from _lait(frame.rename(columns=renamed).assign(gss_code=code))


def _els(frame: pd.DataFrame) -> Iterator[ReadSeries]:
    frame = frame.assign(_period=[_els_period(text) for text in frame["period"]])
    units = frame["unit"] if "unit" in frame.columns else frame["measure"]
    for (indicator, measure), rows in frame.groupby(["indicator", "measure"], sort=True):
        read = _series(
            rows, key=f"{indicator} {measure}", name=str(indicator), breakdown="", area="areacd", title="areanm",
            period=rows["_period"], value="observation",
        )  # fmt: skip
        read.unit = str(units.loc[rows.index[0]])
        yield read


def _els_period(text: str) -> str:
    """2021-09-01/P1Y as 2021/22, 2021-01-01/P1Y as 2021, 2014-01-01/P3Y as 2014 to 2016."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-\d\d(?:T[\d:]+)?/P(\d+)Y", text)
    if match is None:
        return text
    year, month, length = int(match[1]), int(match[2]), int(match[3])
    if length > 1:
        return f"{year} to {year + length - 1}"
    return str(year) if month == 1 else f"{year}/{(year + 1) % 100:02d}"


def _groups(frame: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each combination of the breakdowns, and what it is called."""
    if not by:
        yield "", frame
        return
    for found, rows in frame.groupby(list(by), sort=True):
        yield ", ".join(str(part) for part in found if str(part)), rows


def _key(value: str, breakdown: str) -> str:
    return f"{value} {breakdown}".strip()[:200]


def _series(
    rows: pd.DataFrame, *, key: str, name: str, breakdown: str, area: str, title: str, period: pd.Series, value: str
) -> ReadSeries:
    """One series from its rows; what is no number is missing, counted by its sign."""
    numbers = pd.to_numeric(rows[value].str.replace(",", ""), errors="coerce")
    signs = Counter(rows[value][numbers.isna()].str.strip().replace("", "empty"))
    read = ReadSeries(key[:200], name, breakdown, measure=name, missing=dict(signs))
    titles = rows[title] if title else rows[area]
    for code, own, when, number in zip(rows[area], titles, period, numbers, strict=True):
        read.values.setdefault(code, {})[str(when)] = None if number != number else float(number)
        read.names[code] = own
    return read
