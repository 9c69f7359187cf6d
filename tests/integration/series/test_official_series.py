"""Published files become credited, versioned series; areas are followed through their codes; all of it is quick."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.core.management import call_command

from evidence.places.models import Place, PlaceChange, PlaceKind
from evidence.series.charts import of_intervention
from evidence.series.models import OfficialSeries, SeriesPlace
from evidence.series.periods import ending_year, every_year
from evidence.series.queries import authorities_in, series_known
from evidence.series.readers import UnreadableSeries, read_series

pytestmark = pytest.mark.django_db

EES = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,new_la_code,"
    "la_name,sex,headcount,rate\n"
    "201819,Academic year,Local authority,E92000001,England,E12000003,Yorkshire,E08000035,Leeds,Total,100,51.5\n"
    "201920,Academic year,Local authority,E92000001,England,E12000003,Yorkshire,E08000035,Leeds,Total,110,c\n"
    "201819,Academic year,Local authority,E92000001,England,E12000003,Yorkshire,E08000035,Leeds,Girls,60,53\n"
    '201819,Academic year,National,E92000001,England,,,,,Total,"9,000",50\n'
    "201819,Academic year,School,E92000001,England,E12000003,Yorkshire,E08000035,Leeds,Total,1,1\n"
)
ELS = """indicator,measure,unit,areacd,areanm,period,observation
Employment rate,Percentage,%,E08000019,Sheffield,2019-01-01/P1Y,70.1
Employment rate,Percentage,%,E08000039,Sheffield,2025-01-01/P1Y,72.4
Employment rate,Percentage,%,W99999999,Nowhere,2019-01-01/P1Y,1
Good level of development,Percentage,%,E08000035,Leeds,2021-09-01/P1Y,64
"""
LAIT = """Short Desc,Data item,Years,LA and Regions,Values,LA Number
NEET,16-17 NEET %,2019,Leeds,5.1,383.0
NEET,16-17 NEET %,2020,Leeds,:,383.0
NEET,16-17 NEET %,2019,Yorkshire and The Humber,4.9,987.0
"""
PLAIN = "code,year,who,share\nE08000035,2019,boys,1.5\nE08000035,2020,boys,2\nE08000035,2019,girls,3\n"
CREDIT = ["--source", "The council", "--credit", "The council, 2024.", "--licence", "OGL v3.0"]


@pytest.fixture(autouse=True)
def places():
    Place.objects.create(code="E08000035", name="Leeds", kind=PlaceKind.UPPER_TIER)
    sheffield = Place.objects.create(code="E08000039", name="Sheffield", kind=PlaceKind.UPPER_TIER)
    PlaceChange.objects.create(place=sheffield, previous_code="E08000019", year=2025)
    Place.objects.create(code="E92000001", name="England", kind=PlaceKind.NATION)
    Place.objects.create(code="E12000003", name="Yorkshire and The Humber", kind=PlaceKind.REGION)


def load(folder: Path, text: str, *options: str) -> None:
    path = folder / "file.csv"
    path.write_text(text)
    call_command("load_outcomes", str(path), *options, verbosity=0)


def figures(series: OfficialSeries, code: str) -> dict:
    row = series.places.get(code=code)
    return dict(zip(row.periods, row.values, strict=True))


def test_explore_education_statistics(tmp_path):
    load(tmp_path, EES)
    assert {str(each) for each in series_known(None)} == {
        "headcount, Girls",
        "headcount, Total",
        "rate, Girls",
        "rate, Total",
    }
    rate = OfficialSeries.objects.get(name="rate", breakdown="Total")
    assert figures(rate, "E08000035") == {"2018/19": 51.5, "2019/20": None} and rate.missing == {"c": 1}
    assert figures(OfficialSeries.objects.get(name="headcount", breakdown="Total"), "E92000001") == {"2018/19": 9000}
    assert [row.code for row in authorities_in(None, rate)] == ["E08000035"]
    assert "Department for Education" in rate.credit and rate.licence


def test_an_area_whose_code_changed_is_one_series(tmp_path):
    load(tmp_path, ELS)
    rate = OfficialSeries.objects.get(name="Employment rate")
    assert figures(rate, "E08000039") == {"2019": 70.1, "2025": 72.4} and rate.unmatched == ["W99999999"]
    assert OfficialSeries.objects.get(name="Good level of development").periods == ["2021/22"]


def test_the_interactive_tool_by_its_own_numbers_of_authorities(tmp_path):
    load(tmp_path, LAIT)
    series = OfficialSeries.objects.get()
    assert figures(series, "E08000035") == {"2019": 5.1, "2020": None} and series.missing == {":": 1}


def test_a_plain_table_needs_a_credit(tmp_path, capsys):
    with pytest.raises(SystemExit):
        load(tmp_path, PLAIN, "--area", "code", "--period", "year", "--values", "share")
    assert "--credit" in capsys.readouterr().err
    options = ["--area", "code", "--period", "year", "--values", "share", "--by", "who", *CREDIT]
    load(tmp_path, PLAIN, *options)
    assert [str(each) for each in OfficialSeries.objects.all()] == ["share, boys", "share, girls"]


def test_loading_again_changes_nothing_and_a_later_file_is_a_later_version(tmp_path):
    load(tmp_path, ELS)
    load(tmp_path, ELS)
    assert OfficialSeries.objects.count() == 2
    load(tmp_path, ELS.replace("70.1", "70.3"))
    first, second = OfficialSeries.objects.filter(name="Employment rate").order_by("version")
    assert (first.is_current, second.is_current, second.version) == (False, True, 2)
    assert figures(first, "E08000039")["2019"] == 70.1 and figures(second, "E08000039")["2019"] == 70.3


def test_what_is_no_series_is_refused_in_words(tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableSeries, match="official area codes"):
        read_series(path)
    with pytest.raises(SystemExit) as left:
        call_command("load_outcomes", str(path), verbosity=0)
    assert left.value.code == 2 and not OfficialSeries.objects.exists()


def test_the_published_panels_load_within_a_minute(shared_data):
    call_command("load_catalogue", verbosity=0)
    panels = shared_data / "places" / "panels"
    started = time.perf_counter()
    call_command("load_outcomes", str(panels / "els_uk_la_year_long.csv.gz"), verbosity=0)
    options = ["--area", "gss_code", "--period", "year_age19", "--by", "fsm", "--values", "l2_by19_rate,l3_by19_rate"]
    call_command(
        "load_outcomes", str(panels / "level2_level3_by19_la_fsm_2005_2022.csv.gz"), *options, *CREDIT, verbosity=0
    )
    assert time.perf_counter() - started < 60
    assert OfficialSeries.objects.count() == 34 and SeriesPlace.objects.count() > 9000
    eligible = OfficialSeries.objects.get(name="l3_by19_rate", breakdown="Eligible for FSM")
    assert authorities_in(None, eligible).count() >= 150 and eligible.periods == [
        str(year) for year in range(2005, 2023)
    ]


def test_series_are_drawn_on_the_pages_of_places_outcomes_and_interventions(client, tmp_path):
    from evidence.catalogue.models import Outcome, SeriesBreak
    from tests.workspace_records import make_intervention, make_outcome

    outcome = make_outcome(code="O-EMPLOY", name="Employment rate")
    SeriesBreak.objects.create(outcome=outcome, kind="definition", from_year=2020, to_year=2020, text="Asked anew.")
    start = "Employment rate,Percentage,%"
    rows = [f"{start},E08000035,Leeds,{year}-01-01/P1Y,{60 + year - 2015}" for year in range(2015, 2022)]
    rows += [f"{start},E92000001,England,{year}-01-01/P1Y,70" for year in range(2015, 2022)]
    load(tmp_path, "\n".join([ELS.splitlines()[0], *rows, ""]))
    assert OfficialSeries.objects.get().outcome == Outcome.objects.get(code="O-EMPLOY")
    page = client.get("/places/E08000035/").content.decode()
    assert "Official figures" in page and "Asked anew." in page and "Office for National Statistics" in page
    assert "Official figures" in client.get(f"/outcomes/{outcome.slug}/").content.decode()
    intervention = make_intervention(start_year=2018)
    assert "any claim must beat" not in client.get(f"/interventions/{intervention.slug}/").content.decode()
    intervention.places.add(Place.objects.get(code="E08000035"))
    (drawn,) = of_intervention(None, intervention, [outcome])
    assert "Leeds" in str(drawn.figure.svg) and "England" in str(drawn.figure.svg)


def test_the_programmes_dates_and_the_breaks_are_drawn_and_told_again_in_the_table(client, tmp_path):
    from evidence.catalogue.models import SeriesBreak
    from tests.workspace_records import make_intervention, make_outcome

    outcome = make_outcome(code="O-EMPLOY", name="Employment rate")
    SeriesBreak.objects.create(outcome=outcome, kind="collection", from_year=2018, to_year=2018, text="Not asked.")
    start, years = "Employment rate,Percentage,%", (2015, 2016, 2017, 2019, 2020, 2021)
    rows = [f"{start},E08000035,Leeds,{year}-01-01/P1Y,{60 + year - 2015}" for year in years]
    load(tmp_path, "\n".join([ELS.splitlines()[0], *rows, ""]))
    intervention = make_intervention(name="Bridges", start_year=2017, end_year=2019)
    intervention.places.add(Place.objects.get(code="E08000035"))
    (drawn,) = of_intervention(None, intervention, [outcome])
    for svg in (drawn.figure.wide, drawn.figure.narrow):
        assert "Begins 2017" in svg and "Ends 2019" in svg and "Break in the series" in svg
    told = {str(row[0].text): str(row[-1].text) for row in drawn.figure.table.rows}
    assert list(told) == ["2015", "2016", "2017", "2018", "2019", "2020", "2021"]
    assert told["2017"] == "Begins 2017" and told["2018"] == "break in the series" and told["2020"] == "Ends 2019"
    assert drawn.figure.table.rows[3][1].value is None
    page = client.get("/places/E08000035/").content.decode()
    assert "1: Bridges begins 2017; Bridges ends 2019" in page and "2018: Not asked." in page


@pytest.mark.parametrize(
    ("labels", "every"),
    [
        (["2015", "2018"], ["2015", "2016", "2017", "2018"]),
        (["2019/20", "2021/22"], ["2019/20", "2020/21", "2021/22"]),
        (["1998-99", "2000-01"], ["1998-99", "1999-00", "2000-01"]),
        (["2015 Q1", "2015 Q3"], ["2015 Q1", "2015 Q3"]),
    ],
)
def test_years_without_figures_keep_their_place_on_the_axis(labels, every):
    assert every_year(labels) == every


def test_a_break_is_told_by_the_year_in_which_a_split_year_ends():
    assert [ending_year(label) for label in ("2020", "2019/20", "2020 Q2", "all")] == [2020, 2020, 2020, None]
