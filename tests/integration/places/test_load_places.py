"""Loading published files of places: names and codes, changes, boundaries; problems named, editions credited.

The rows are facts of the ONS register of geographic codes (Open Government Licence v3.0), typed here for the test.
"""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from evidence.places.actions import centroid
from evidence.places.matching import gazetteer, match_place
from evidence.places.models import Place, PlaceBoundary, PlaceChange, PlaceEdition
from evidence.places.readers import snapped

pytestmark = pytest.mark.django_db

NAMES = """\ufeffLAD25CD,LAD25NM,CTYUA25CD,CTYUA25NM,RGN25CD,RGN25NM,CAUTH25CD,CAUTH25NM
E07000008,Cambridge,E10000003,Cambridgeshire,E12000006,East of England,E47000008,Cambridgeshire and Peterborough
E06000063,Cumberland,E06000063,Cumberland,E12000002,North West,,
E06000064,Westmorland and Furness,E06000064,Westmorland and Furness,E12000002,North West,,
"""
CHANGES = """GEOGCD,GEOGNM,GEOGCD_P,GEOGNM_P,YEAR,SI_TITLE
E06000063,Cumberland,E10000006,Cumbria,2023,The Cumbria Order
E06000064,Westmorland and Furness,E10000006,Cumbria,2023,The Cumbria Order
E06000063,Cumberland,E07000026,Allerdale,2023,The Cumbria Order
E06000063,Cumberland,E07000028,Carlisle,2023,The Cumbria Order
E06000057,Northumberland,E06000048,Northumberland,2013,
E05000001,Some ward,E05000002,Another ward,2022,
"""


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def load(path):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("load_places", str(path), stdout=out, stderr=err)
    except CommandError as refused:
        return f"{err.getvalue()}{refused}"
    return out.getvalue()


def square(code, left, bottom, size=0.5, name="LAD25CD"):
    ring = [[left, bottom], [left + size, bottom], [left + size, bottom + size], [left, bottom + size], [left, bottom]]
    return {"type": "Feature", "properties": {name: code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def geojson(*features):
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_a_lookup_adds_districts_within_their_county_and_leaves_the_rest_where_it_was(catalogue, tmp_path):
    region = Place.objects.get(code="E06000064").parent
    told = load(write(tmp_path, "lookup.csv", NAMES))
    assert "1 places added" in told
    district = Place.objects.get(code="E07000008")
    assert (district.kind, district.nation, district.parent.name) == (
        "lower_tier_authority",
        "England",
        "Cambridgeshire",
    )
    assert district.combined_authority.code == "E47000008"
    assert Place.objects.get(code="E06000064").parent == region
    edition = PlaceEdition.objects.get()
    assert (edition.vintage, edition.version, edition.rows) == ("2025", 1, 3)
    assert "Office for National Statistics" in edition.credit


def test_a_list_of_districts_alone_does_not_take_a_district_out_of_its_county(catalogue, tmp_path):
    load(write(tmp_path, "lookup.csv", NAMES))
    regions = "LAD25CD,LAD25NM,RGN25CD,RGN25NM\nE07000008,Cambridge,E12000006,East of England\n"
    load(write(tmp_path, "regions.csv", regions))
    assert Place.objects.get(code="E07000008").parent.code == "E10000003"


def test_the_same_file_twice_changes_nothing(catalogue, tmp_path):
    path = write(tmp_path, "lookup.csv", NAMES)
    load(path)
    assert "nothing changed" in load(path)
    assert PlaceEdition.objects.count() == 1


def test_what_was_split_or_merged_is_kept_as_ended_and_says_what_became_of_it(catalogue, tmp_path, client):
    told = load(write(tmp_path, "Changes.csv", CHANGES))
    assert "1 left out: of a kind of place that is not known here" in told
    kinds = dict(PlaceChange.objects.filter(year__isnull=False).values_list("previous_code", "kind"))
    assert kinds["E10000006"] == "split" and kinds["E07000026"] == "merged" and kinds["E06000048"] == "recoded"
    cumbria = Place.objects.get(code="E10000006")
    assert not cumbria.is_current and not Place.objects.filter(code="E06000048").exists()
    page = client.get(cumbria.get_absolute_url()).content.decode()
    assert "It has ended" in page and "Cumberland" in page and "Westmorland and Furness" in page
    assert client.get("/places/E06000048/").context["place"].name == "Northumberland"
    match = match_place("E07000028", gazetteer())
    assert match.how == "ended" and "Cumberland" in match.note
    assert match_place("E10000006", gazetteer()).how == "ended"


def test_boundaries_are_simplified_kept_and_drawn(catalogue, tmp_path, client):
    assert "polygon" in client.get("/places/").content.decode()
    told = load(write(tmp_path, "b.geojson", geojson(square("E08000003", -2.4, 53.3), square("E07999999", 0, 52))))
    assert "1 boundaries kept" in told and "1 boundaries of places that are not known here" in told
    kept = PlaceBoundary.objects.get()
    assert kept.place.name == "Manchester" and kept.edition.vintage == "2025"
    page = client.get("/places/").content.decode()
    assert '<path d="M' in page and "Boundaries of 2025 (version 1" in page


def test_a_new_place_takes_its_centre_from_its_boundary(catalogue, tmp_path):
    load(write(tmp_path, "lookup.csv", NAMES))
    load(write(tmp_path, "b.geojson", geojson(square("E07000008", 0.0, 52.0, name="areacd"))))
    place = Place.objects.get(code="E07000008")
    assert (float(place.longitude), float(place.latitude)) == (0.25, 52.25)


def test_snapping_keeps_one_border_between_neighbours():
    border = [[0.0, 50.001], [0.0031, 50.2], [0.0312, 50.4004]]
    west = snapped([[-1, 50], *border, [-1, 50.4], [-1, 50]])
    east = snapped([[1, 50], *border, [1, 50.4], [1, 50]])
    shared = set(west) & set(east)
    assert {(0.0, 50.0), (0.0, 50.2), (0.03, 50.4)} <= shared
    assert centroid([((0, 0), (2, 0), (2, 1), (0, 1))]) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", NAMES + "E99,Nowhere,,,,,,\n", "line 5, LAD25CD: 'E99' is not an official code"),
        ("a.csv", NAMES + "E07000009,,E10000003,Cambridgeshire,,,,\n", "line 5, LAD25NM: E07000009 has no name"),
        ("a.csv", NAMES + "E07000008,Cambridge,E10000012,Essex,,,,\n", "lies within both E10000003 and E10000012"),
        ("a.csv", NAMES + "E07000008,Oxford,E10000003,Cambridgeshire,,,,\n", "is called 'Cambridge' and 'Oxford'"),
        ("a.csv", "LAD25CD,LAD25NM\nE05000001,A ward\n", "E05000001 is of a kind of place that is not known"),
        ("a.csv", "code,name\nE07000008,Cambridge\n", "The file is in no shape that is known"),
        ("a.csv", "LAD25CD,LAD25NM\n", "names no place that is known here"),
        ("a.csv", CHANGES.replace(",2023,", ",,"), "It is not said when E10000006 became E06000063"),
        ("b.geojson", geojson(square("E08000003", 380000, 398000)), "is not in degrees"),
        ("b.geojson", geojson(square("", 0, 52)), "Feature 1 has no official code"),
        ("b.geojson", "{}", "not GeoJSON with features"),
    ],
)
def test_a_file_with_a_problem_changes_nothing_and_every_problem_is_named(catalogue, tmp_path, name, text, told):
    before = list(Place.objects.values_list("code", "name", "parent_id"))
    said = load(write(tmp_path, name, text))
    assert told in said and "nothing was loaded" in said
    assert list(Place.objects.values_list("code", "name", "parent_id")) == before
    assert not PlaceEdition.objects.exists()


def test_the_published_boundaries_load_whole(catalogue, tmp_path):
    path = Path(__file__).parents[4] / "shared" / "data" / "places" / "boundaries_utla.geojson"
    if not path.exists():
        pytest.skip("../shared is absent: the published boundaries are not there to read")
    assert "218 boundaries kept" in load(path)
