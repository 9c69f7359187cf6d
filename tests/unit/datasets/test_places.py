"""From postcodes, grid references and areas to points; what cannot be a place is noted by row, never shown."""

import io
import zipfile

import numpy as np
import pyarrow as pa
import pytest

from evaluations.datasets.gazetteer import packed
from evaluations.datasets.gazetteer_files import read_places
from evaluations.datasets.ingest import load_table
from evaluations.stats.issues import BadInput
from evaluations.stats.spec import parse_spec

ONSPD = """pcd,pcd2,pcds,dointr,doterm,oseast1m,osnrth1m,osgrdind,lsoa11,lat,long
M1  1AA,M1   1AA,M1 1AA,199601,,384600,398100,1,E01005948,53.4794,-2.2335
M1  1AB,M1   1AB,M1 1AB,199601,201203,384700,398200,1,E01005948,53.4803,-2.2320
M2  2ZZ,M2   2ZZ,M2 2ZZ,199601,,,,9,E01005949,99.999999,0.000000
"""
CODE_POINT = '"M1 1AA",10,384600,398100,"E92000001","","","","E08000003","E05011368"\n'


def onspd():
    return read_places(io.BytesIO(ONSPD.encode()))


def design(**columns):
    return parse_spec(
        {
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {"outcome": "y", "post": "post"} | columns,
            "proximity": {"site_columns": {"opened": None}},
        }
    )


def table_of(header, rows, places=None, sites=None, **columns):
    text = header + "\n" + "\n".join(rows) + "\n"
    return load_table(
        io.BytesIO(text.encode()),
        design(**columns),
        places=places,
        sites=None if sites is None else io.BytesIO(sites.encode()),
    )


def codes_of(*arguments, **named):
    with pytest.raises(BadInput) as caught:
        table_of(*arguments, **named)
    return [(issue.code, issue.row) for issue in caught.value.issues], caught.value.issues


def test_a_postcode_is_found_however_it_is_written():
    table = table_of("y,post,p", ["1,0,M1 1AA", "2,1,m11aa", "3,1, M1  1AA "], onspd(), postcode="p")
    assert table.latitude.tolist() == [53.4794] * 3
    assert table.precision_km == 0.1
    assert any("0.1 km" in note for note in table.notes)


def test_a_terminated_postcode_keeps_its_last_place_and_is_counted():
    table = table_of("y,post,p", ["1,0,M1 1AB", "2,1,M1 1AA"], onspd(), postcode="p")
    assert sorted(table.latitude) == [53.4794, 53.4803]
    said = next(note for note in table.notes if "no longer in use" in note)
    assert "1 row has a postcode no longer in use (row 2); its last known place is used." in said
    assert "correct it, or leave the cell empty" in said


def test_postcodes_that_cannot_be_placed_are_noted_by_row_and_never_shown():
    rows = ["1,0,M1 1AA", "2,1,M9 9ZZ", "3,1,nonsense", "4,1,M2 2ZZ", "5,0,"]
    found, issues = codes_of("y,post,p", rows, onspd(), postcode="p")
    assert found == [("postcode_unknown", 3), ("postcode_malformed", 4), ("postcode_without_place", 5)]
    assert not any(text in str(issue) for issue in issues for text in ("M9", "nonsense", "2ZZ"))
    assert all(issue.hint for issue in issues)


def test_an_empty_postcode_leaves_its_row_out_and_counts_it():
    table = table_of("y,post,p", ["1,0,M1 1AA", "5,0,"], onspd(), postcode="p")
    assert [(d.reason, d.rows) for d in table.dropped] == [("location_missing", 1)]


def test_postcodes_without_a_table_of_them_say_how_to_load_one():
    found, issues = codes_of("y,post,p", ["1,0,M1 1AA"], postcode="p")
    assert found == [("postcodes_not_loaded", None)]
    assert "load_postcodes" in issues[0].hint


def test_districts_and_small_areas_come_with_the_postcode_directory():
    by_district = table_of("y,post,d", ["1,0,M1", "2,1,m1"], onspd(), district="d")
    assert by_district.latitude.tolist() == [53.4794] * 2  # the postcode in use alone
    assert by_district.precision_km == 5.0
    by_area = table_of("y,post,a", ["1,0,E01005948"], onspd(), small_area="a")
    assert by_area.precision_km == 1.0


def test_the_directory_in_its_newer_column_names_gives_the_newest_small_areas():
    edition = (
        "pcd7,pcd8,pcds,dointr,doterm,lad25cd,east1m,north1m,gridind,lsoa11cd,lsoa21cd,lat,long,imd20ind\n"
        '"M1  1AA","M1   1AA","M1 1AA",199601,,E08000003,384600,398100,1,E01005948,E01033653,53.4794,-2.2335,100\n'
    )
    places = read_places(io.BytesIO(edition.encode()))
    assert len(places.postcode) == 1
    assert places.small_area.find(packed(pa.array(["E01005948", "E01033653"]))).tolist() == [-1, 0]


def test_code_point_open_has_no_header_and_may_come_as_its_archive():
    packed_up = io.BytesIO()
    with zipfile.ZipFile(packed_up, "w") as archive:
        archive.writestr("Data/CSV/m.csv", CODE_POINT)
        archive.writestr("Data/CSV/n.csv", CODE_POINT.replace("M1 1AA", "N1 9GU").replace("384600", "530000"))
        archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", "PC,PQ,EA,NO\n")
    places = read_places(packed_up)
    assert len(places.postcode) == 2
    assert len(places.district) == 2


def test_a_plain_file_of_codes_and_degrees_is_read():
    assert len(read_places(io.BytesIO(b"code,lat,lon\nE01000001,51.5,-0.1\n")).small_area) == 1
    assert len(read_places(io.BytesIO(b"outcode,latitude,longitude\nM1,53.4,-2.2\n")).district) == 1


def test_a_file_of_something_else_is_refused():
    with pytest.raises(BadInput) as caught:
        read_places(io.BytesIO(b"school,score\na,1\n"))
    assert caught.value.issues[0].code == "places_unreadable"


def test_codes_are_kept_as_numbers_that_differ_where_codes_do():
    codes = packed(pa.array(["M1 1AA", "m11aa", "M11 AA", "M1 1AB", "E01000001", "", None, "A" * 13]))
    assert codes[0] == codes[1] == codes[2]
    assert len(set(codes.tolist())) == 4
    assert codes[5:].tolist() == [-1, -1, -1]


def test_grid_references_become_degrees():
    # Ordnance Survey's worked example, the Caister water tower: 52 39 28.72 N, 1 42 57.79 E on ETRS89.
    table = table_of("y,post,e,n", ["1,0,651409.903,313177.270"], easting="e", northing="n")
    assert table.latitude[0] == pytest.approx(52.657978, abs=5e-5)
    assert table.longitude[0] == pytest.approx(1.716051, abs=8e-5)


MIXED_UP = {
    "coordinates_swapped": ("-2.2,53.4", {"latitude": "a", "longitude": "b"}),
    "coordinates_zero": ("0,0", {"latitude": "a", "longitude": "b"}),
    "coordinates_are_grid": ("398100,384600", {"latitude": "a", "longitude": "b"}),
    "coordinates_out_of_range": ("123,-2", {"latitude": "a", "longitude": "b"}),
    "coordinates_outside_uk": ("48.8,2.3", {"latitude": "a", "longitude": "b"}),
    "coordinates_are_degrees": ("-2.2,53.4", {"easting": "a", "northing": "b"}),
    "coordinates_off_grid": ("-5000,9000000", {"easting": "a", "northing": "b"}),
    "not_a_number": ("here,53.4", {"latitude": "a", "longitude": "b"}),
}


@pytest.mark.parametrize("code", MIXED_UP)
def test_mixed_up_coordinates_are_named_by_row(code):
    wrong, columns = MIXED_UP[code]
    good = "384600.5,398100" if "easting" in columns else "53.4794,-2.2335"
    rows = [f"1,0,{good}", f"2,1,{wrong}", f"3,1,{good}"]
    found, issues = codes_of("y,post,a,b", rows, **columns)
    assert found == [(code, 3)]
    assert issues[0].hint


def test_one_coordinate_of_two_is_a_problem():
    found, _ = codes_of("y,post,a", ["1,0,53.4"], latitude="a")
    assert found == [("coordinate_alone", None)]


def test_coordinates_with_two_decimals_are_not_an_address():
    table = table_of("y,post,a,b", ["1,0,53.48,-2.23", "2,1,53.5,-2.2"], latitude="a", longitude="b")
    assert table.precision_km == pytest.approx(0.56)


SITES_HEADER = "name,latitude,longitude,opened,closed\n"


def sites_table(sites, *, closed="closed", **site_columns):
    spec = parse_spec(
        {
            "method": "proximity",
            "estimator": "ring_did",
            "columns": {"outcome": "y", "period": "t", "latitude": "a", "longitude": "b"},
            "proximity": {"site_columns": {"closed": closed} | site_columns},
        }
    )
    rows = "y,t,a,b\n1,2001,53.4794,-2.2335\n2,2002,53.4794,-2.2335\n"
    return load_table(io.BytesIO(rows.encode()), spec, sites=io.BytesIO(sites.encode()), places=onspd())


def test_sites_are_placed_and_dated_on_the_calendar_of_the_periods():
    sites = sites_table(SITES_HEADER + "A,53.4,-2.2,2001-09-15,\nB,53.5,-2.3,1998,2002\n").sites
    assert sites.names == ("A", "B")
    assert sites.opened.tolist() == [2001, 1998]
    assert sites.closed.tolist() == [np.inf, 2002]


def test_sites_can_be_given_by_postcode_or_grid_reference():
    by_postcode = sites_table("name,p,opened\nA,M1 1AA,2001\n", closed=None, postcode="p").sites
    by_grid = sites_table("name,e,n,opened\nA,384600,398100,2001\n", closed=None, easting="e", northing="n").sites
    assert by_postcode.latitude == pytest.approx(by_grid.latitude, abs=1e-4)


WRONG_SITES = {
    "site_repeated": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\na,53.4001,-2.2,2003,\n",
    "closed_before_opened": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,53.6,-2.3,2003,2002\n",
    "coordinates_swapped": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,-2.3,53.5,2001,\n",
    "coordinates_outside_uk": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,-33.9,18.4,2001,\n",
    "opened_missing": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,53.6,-2.3,,\n",
    "date_unreadable": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,53.6,-2.3,soon,\n",
    "date_impossible": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,53.6,-2.3,20031,\n",
    "coordinates_zero": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,0,0,2001,\n",
    "coordinates_are_grid": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,384600,398100,2001,\n",
    "site_without_place": "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,,,2001,\n",
}


def test_a_day_that_the_calendar_does_not_have_is_an_impossible_date():
    with pytest.raises(BadInput) as caught:
        sites_table(SITES_HEADER + "A,53.4,-2.2,2001,\nB,53.5,-2.3,2002,\nC,53.6,-2.3,2003-02-31,\n")
    assert [(issue.code, issue.row, issue.column) for issue in caught.value.issues] == [
        ("date_impossible", 4, "opened")
    ]


@pytest.mark.parametrize("code", WRONG_SITES)
def test_a_site_that_cannot_be_right_is_named_by_row(code):
    with pytest.raises(BadInput) as caught:
        sites_table(SITES_HEADER + WRONG_SITES[code])
    assert [(issue.code, issue.row) for issue in caught.value.issues] == [(code, 4)]
    assert caught.value.issues[0].hint


def test_births_alone_give_the_calendar_that_sites_are_placed_on():
    spec = parse_spec(
        {
            "method": "proximity",
            "estimator": "access_did",
            "columns": {"outcome": "y", "born": "b", "latitude": "a", "longitude": "o", "first_treated": "f"},
        }
    )
    rows = "y,b,a,o,f\n1,1996,53.4794,-2.2335,2006\n2,1999,53.4794,-2.2335,2006\n"
    sites = SITES_HEADER + "A,53.4,-2.2,2001-09-15,\n"
    table = load_table(io.BytesIO(rows.encode()), spec, sites=io.BytesIO(sites.encode()))
    assert table.born.tolist() == [1996, 1999]
    assert table.sites.opened.tolist() == [2001]
    assert table.cohorts.places.tolist() == [2006]
