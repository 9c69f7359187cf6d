"""Workbooks made as the real ones look, each with the panel that is in it: place, period, value."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import openpyxl
from openpyxl.chart import BarChart, Reference

Panel = dict[tuple[str, object], float | None]
AREAS = ["Barnsley", "Doncaster", "Rotherham", "Sheffield"]
CODES = ["E08000016", "E08000017", "E08000018", "E08000019"]


@dataclass(frozen=True)
class Messy:
    """A workbook, the columns of its panel (place, period, value) and what is in it; `choices` are the decisions."""

    name: str
    content: bytes
    columns: tuple[str, str, str]
    panel: Panel
    choices: dict


def value(area: int, year: int) -> float:
    return round(50 + 3 * area + 0.7 * (year - 2015), 1)


def saved(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rows_into(sheet, rows: list[list], *, top: int = 1, left: int = 1) -> None:
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            if cell is not None:
                sheet.cell(top + down, left + across, cell)


def wide(years: list, areas: list[str] = AREAS, *, label: str = "Local authority") -> list[list]:
    numbers = [int(str(year)[:4]) for year in years]
    return [[label, *years]] + [[area, *(value(i, year) for year in numbers)] for i, area in enumerate(areas)]


def panel(years: list, areas: list[str] = AREAS, **instead: float | None) -> Panel:
    found: Panel = {(area, year): value(i, int(str(year)[:4])) for i, area in enumerate(areas) for year in years}
    return found | {(place.split("_")[0], int(place.split("_")[1])): number for place, number in instead.items()}


def banners_and_footnotes(book) -> None:
    sheet = book.active
    rows_into(
        sheet,
        [["Table 3: Young people not in education, employment or training"], ["England, 2016 to 2020, per cent"], []],
    )
    rows_into(sheet, wide([2016, 2017, 2018, 2019, 2020]), top=4)
    rows_into(
        sheet,
        [["Source: Department for Education"], ["1. Figures are for the end of the year."], ["c = suppressed"]],
        top=10,
    )


def symbols(book) -> None:
    rows = wide([2016, 2017, 2018])
    rows[1][1], rows[2][2], rows[3][3], rows[4][1] = "c", "x", ":", "low"
    rows_into(book.active, rows)


def academic_years(book) -> None:
    rows_into(book.active, [["Attainment 8 by local authority"], []])
    rows_into(book.active, wide(["2016/17", "2017/18", "2018/19"]), top=3)


def merged_two_row_header(book) -> None:
    sheet = book.active
    rows_into(sheet, [["Area", "Boys", None, "Girls", None], [None, 2018, 2019, 2018, 2019]])
    sheet.merge_cells("B1:C1")
    sheet.merge_cells("D1:E1")
    rows_into(
        sheet,
        [
            [area, *(value(i, y) for y in (2018, 2019)), *(value(i, y) + 5 for y in (2018, 2019))]
            for i, area in enumerate(AREAS)
        ],
        top=3,
    )


def totals_and_regions(book) -> None:
    rows = wide([2017, 2018, 2019])
    rows[1:1] = [["England", 51, 52, 53], ["Yorkshire and The Humber", 50, 50, 50]]
    rows.append(["Total", 200, 210, 220])
    rows_into(book.active, rows)


def percent_and_thousands(book) -> None:
    rows_into(book.active, [["LA code", "LA name", "Year", "Pupils", "Rate"]])
    body = [
        [CODES[i], area, year, f"{1000 * (i + 1) + year - 2000:,}", f"{value(i, year)}%"]
        for i, area in enumerate(AREAS)
        for year in (2018, 2019)
    ]
    rows_into(book.active, body, top=2)


def second_sheet(book) -> None:
    book.active.title = "Contents"
    rows_into(book.active, [["Contents"], ["Table 1", "Rates by authority"]])
    rows_into(book.create_sheet("Table 1"), [["Rates by authority [note 1]"], [], *wide([2015, 2016, 2017, 2018])])
    hidden = book.create_sheet("working")
    rows_into(hidden, wide(list(range(2000, 2020))))
    hidden.sheet_state = "hidden"


def two_tables(book) -> None:
    rows_into(book.active, [["A: counts"], *wide([2018, 2019], AREAS[:2])])
    rows_into(book.active, [["B: rates"], [], *wide([2017, 2018, 2019])], top=7)


def merged_groups(book) -> None:
    sheet = book.active
    rows_into(sheet, [["Area", "Year", "Rate"]])
    for i, area in enumerate(AREAS):
        rows_into(
            sheet,
            [[area if step == 0 else None, 2017 + step, value(i, 2017 + step)] for step in range(3)],
            top=2 + 3 * i,
        )
        sheet.merge_cells(start_row=2 + 3 * i, end_row=4 + 3 * i, start_column=1, end_column=1)


def marks(book) -> None:
    rows = wide([2017, 2018, 2019])
    rows[1][0], rows[2][0], rows[0][2] = "Barnsley [1]", "Doncaster(2)", "2018 [r]"
    rows[3][2] = f"{value(2, 2018)} [e]"
    rows_into(book.active, rows)


def measure_with_year(book) -> None:
    head = ["Code", "Area", "Rate 2018", "Rate 2019", "Number 2018", "Number 2019"]
    rows_into(
        book.active,
        [head] + [[CODES[i], area, value(i, 2018), value(i, 2019), 10 * i, 11 * i] for i, area in enumerate(AREAS)],
    )


def with_a_chart_sheet(book) -> None:
    sheet = book.active
    rows_into(sheet, [[], [], [None, None, "Local authority", 2018, 2019]])
    rows_into(sheet, [[area, value(i, 2018), value(i, 2019)] for i, area in enumerate(AREAS)], top=4, left=3)
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=4, min_row=3, max_row=7), titles_from_data=True)
    book.create_chartsheet("Chart").add_chart(chart)


WIDE_COLUMNS = ("Local authority", "period", "value")
WORKBOOKS = (
    Messy("banners and footnotes", saved(banners_and_footnotes), WIDE_COLUMNS, panel(list(range(2016, 2021))), {}),
    Messy(
        "symbols", saved(symbols), WIDE_COLUMNS,
        panel([2016, 2017, 2018], Barnsley_2016=None, Doncaster_2017=None, Rotherham_2018=None, Sheffield_2016=None),
        {},
    ),
    Messy("academic years", saved(academic_years), WIDE_COLUMNS, panel(["2016/17", "2017/18", "2018/19"]), {}),
    Messy("two header rows", saved(merged_two_row_header), ("Area", "period", "Boys"), panel([2018, 2019]), {}),
    Messy("totals and regions", saved(totals_and_regions), WIDE_COLUMNS, panel([2017, 2018, 2019]), {}),
    Messy("per cent and thousands", saved(percent_and_thousands), ("LA name", "Year", "Rate"), panel([2018, 2019]), {}),
    Messy("the second sheet", saved(second_sheet), WIDE_COLUMNS, panel([2015, 2016, 2017, 2018]), {}),
    Messy("two tables on a sheet", saved(two_tables), WIDE_COLUMNS, panel([2017, 2018, 2019]), {}),
    Messy("merged groups", saved(merged_groups), ("Area", "Year", "Rate"), panel([2017, 2018, 2019]), {}),
    Messy("marks", saved(marks), WIDE_COLUMNS, panel([2017, 2018, 2019]), {}),
    Messy("measures with years", saved(measure_with_year), ("Area", "period", "Rate"), panel([2018, 2019]), {}),
    Messy("a chart sheet", saved(with_a_chart_sheet), WIDE_COLUMNS, panel([2018, 2019]), {}),
)  # fmt: skip
