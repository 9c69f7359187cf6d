"""Files to fill in for the outcomes most often asked about, as official statistics define them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evaluations.datasets.templates_to_fill import FIRST, ColumnToFill, Rows, Template

SERVES = "Staggered difference-in-differences, event studies, synthetic difference-in-differences"
AREAS = (
    ("E08000016", "Barnsley"), ("E08000017", "Doncaster"), ("E08000018", "Rotherham"), ("E08000032", "Bradford"),
    ("E08000033", "Calderdale"), ("E08000034", "Kirklees"), ("E08000035", "Leeds"), ("E08000036", "Wakefield"),
    ("E06000010", "Kingston upon Hull"), ("E06000011", "East Riding of Yorkshire"),
    ("E06000012", "North East Lincolnshire"), ("E06000013", "North Lincolnshire"),
)  # fmt: skip
"""Real codes, so that places can be matched. The figures beside them are made up."""
PROVIDERS = tuple((f"100{number:05d}", f"Example college {number}") for number in range(1, 13))

AREA = ColumnToFill("la_code", "unit", "The authority's official code, the same each year", "E, W, S or N and 8 digits")
AREA_NAME = ColumnToFill("la_name", "", "The authority's name, to check the code by", "text")
PROVIDER = ColumnToFill("ukprn", "unit", "The provider's UK reference number", "8 digits")
PROVIDER_NAME = ColumnToFill("provider", "", "The provider's name, to check the number by", "text")


def _rate(name: str, meaning: str) -> ColumnToFill:
    return ColumnToFill(name, "outcome", meaning, "0 to 100, without a per cent sign; empty where suppressed")


def _count(name: str, meaning: str) -> ColumnToFill:
    return ColumnToFill(name, "", meaning, "a whole number, without commas; empty where suppressed")


def _period(name: str, meaning: str, written: str) -> ColumnToFill:
    return ColumnToFill(name, "period", meaning, written)


def _rows(
    units: Sequence[tuple[str, str]], periods: Sequence[str | int], *, level: float, effect: float, size: int, seed: int
) -> Callable[[], Rows]:
    """Made-up rows: unit, its name, period, first treated, how many, how many with the outcome, per cent."""

    def rows() -> Rows:
        rng = np.random.default_rng(seed)
        found: Rows = []
        for place, (code, name) in enumerate(units):
            start = {0: len(periods) - 4, 1: len(periods) - 2}.get(place % 3)
            people = size + 37 * place
            base = level + rng.normal(0, 2)
            for step, period in enumerate(periods):
                treated = start is not None and step >= start
                share = base + 0.3 * step + effect * treated + rng.normal(0, 0.5)
                count = round(people * share / 100)
                begun = "" if start is None else periods[start]
                found.append((code, name, period, begun, people, count, round(100 * count / people, 1)))
        return found

    return rows


def _scores() -> Rows:
    """Made-up average scores: unit, its name, period, first treated, pupils, score."""
    wide = _rows(AREAS, [f"{year}/{year - 1999}" for year in range(2015, 2023)], level=46, effect=1, size=2100, seed=8)
    return [(code, name, period, start, people, share) for code, name, period, start, people, _, share in wide()]


OUTCOME_TEMPLATES = (
    Template(
        "neet",
        "Young people not in education, employment or training (NEET)",
        SERVES,
        (
            AREA,
            AREA_NAME,
            _period("year", "The year in which the winter's average (December to February) ends", "2019"),
            FIRST,
            _count("young_people", "16 and 17 year olds known to the authority"),
            _count("neet_or_not_known", "Of them, not in education, employment or training, or activity not known"),
            _rate("neet_percent", "neet_or_not_known as a percentage of young_people"),
        ),
        _rows(AREAS, range(2014, 2022), level=6, effect=-0.8, size=5200, seed=1),
        "callaway_santanna",
        source="Department for Education: participation in education, training and employment, by local authority",
    ),
    Template(
        "attainment",
        "Attainment at 16 (Attainment 8)",
        SERVES,
        (
            AREA,
            AREA_NAME,
            _period("academic_year", "The school year in which key stage 4 ended", "2018/19"),
            FIRST,
            _count("pupils", "Pupils at the end of key stage 4 in state-funded schools"),
            ColumnToFill("attainment_8", "outcome", "Their average Attainment 8 score", "0 to 90, or empty"),
        ),
        _scores,
        "callaway_santanna",
        source="Department for Education: key stage 4 performance. No examinations were sat in 2019/20 and 2020/21",
    ),
    Template(
        "destinations-after-level-3",
        "Destinations after Level 3 study",
        SERVES,
        (
            PROVIDER,
            PROVIDER_NAME,
            _period("leaving_year", "The academic year in which the students left", "2018/19"),
            FIRST,
            _count("students", "Students who finished 16 to 18 study at Level 3"),
            _count("sustained", "Of them, in education, an apprenticeship or work for six months from October"),
            _rate("sustained_percent", "sustained as a percentage of students"),
        ),
        _rows(PROVIDERS, [f"{y}/{y - 1999}" for y in range(2013, 2021)], level=84, effect=2, size=420, seed=2),
        "callaway_santanna",
        source="Department for Education: 16 to 18 destination measures",
    ),
    Template(
        "destinations-after-vocational-courses",
        "Destinations after vocational courses",
        SERVES,
        (
            PROVIDER,
            PROVIDER_NAME,
            _period("leaving_year", "The academic year in which the course ended", "2018/19"),
            FIRST,
            _count("learners", "Learners who achieved a vocational course"),
            _count("sustained", "Of them, in learning, or paid in five of the six months from October to March"),
            _rate("sustained_percent", "sustained as a percentage of learners"),
        ),
        _rows(PROVIDERS, [f"{y}/{y - 1999}" for y in range(2013, 2021)], level=68, effect=3, size=300, seed=3),
        "callaway_santanna",
        source="Department for Education: further education outcomes",
    ),
    Template(
        "employment",
        "Employment of people aged 16 to 64",
        SERVES,
        (
            AREA,
            AREA_NAME,
            _period("year", "The calendar year", "2019"),
            FIRST,
            _count("people_asked", "People aged 16 to 64 whom the rate is of; of a survey, those who answered"),
            _count("in_work", "Of them, in work"),
            _rate("employment_rate", "in_work as a percentage of people_asked"),
        ),
        _rows(AREAS, range(2014, 2022), level=71, effect=1, size=900, seed=4),
        "callaway_santanna",
        source="Office for National Statistics: Annual Population Survey. Rates of small areas are uncertain",
    ),
    Template(
        "admissions",
        "Admissions to higher education",
        SERVES,
        (
            PROVIDER,
            PROVIDER_NAME,
            _period("entry_year", "The year of entry", "2019"),
            FIRST,
            _count("applicants", "Applicants aged 18 from the group that contextual admission is for"),
            _count("accepted", "Of them, accepted"),
            _rate("accepted_percent", "accepted as a percentage of applicants"),
        ),
        _rows(PROVIDERS, range(2013, 2021), level=22, effect=3, size=800, seed=5),
        "callaway_santanna",
        source="UCAS end-of-cycle data, or the provider's own records",
    ),
    Template(
        "participation-by-id",
        "Who took part, by opaque id",
        "Joining with outcomes that another organisation holds",
        (
            ColumnToFill("opaque_id", "unit", "The id that pseudonymise made", "25 letters and digits"),
            ColumnToFill("group", "", "Offered a place or not, to tell losses apart", "treated or comparison"),
            ColumnToFill("start_year", "first_treated", "The year the person began; empty where never", "2019"),
            ColumnToFill("site", "", "Where they took part", "text"),
        ),
        lambda: [
            (f"pexample{number:017d}", *(("treated", 2019 + number % 2) if number % 2 else ("comparison", "")), "North")
            for number in range(1, 41)
        ],
        "join",
    ),
    Template(
        "outcomes-by-id",
        "What became of them, by opaque id",
        "Joining with participation that another organisation holds",
        (
            ColumnToFill("opaque_id", "unit", "The id that pseudonymise made", "25 letters and digits"),
            _period("year", "The year of the outcome", "2019"),
            ColumnToFill("score", "outcome", "The outcome", "a number; empty where it is not known"),
        ),
        lambda: [
            (f"pexample{number:017d}", year, round(50 + number % 7 + 0.5 * (year - 2017), 1))
            for number in range(5, 46)
            for year in range(2017, 2022)
        ],
        "join",
    ),
)
