"""Loading where postcodes and small areas are: kept as numbers, replaced whole, refused in words."""

import io

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from evaluations.datasets.place_store import kinds_needed, loaded_places, places_for
from evaluations.stats.spec import Columns, parse_spec
from evidence.places.models import Place, PlaceFigure, PlaceKind, PlaceMeasure

ONSPD = """pcds,doterm,lsoa21cd,lat,long
M1 1AA,,E01005948,53.4794,-2.2335
M1 1AB,201203,E01005948,53.4803,-2.2320
N1 9GU,,E01002713,51.5330,-0.1260
"""
COLUMNS = {
    "proximity": {"outcome": "y", "post": "p", "distance_km": "d"},
    "did": {"outcome": "y", "unit": "u", "period": "t", "first_treated": "f"},
}


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    }


def load(command, tmp_path, text):
    path = tmp_path / "to_load.csv"
    path.write_text(text)
    out = io.StringIO()
    call_command(command, str(path), stdout=out)
    path.unlink()
    return out.getvalue()


def test_postcodes_are_loaded_with_their_districts_and_small_areas(tmp_path):
    said = load("load_postcodes", tmp_path, ONSPD)
    assert "3 postcodes loaded" in said
    places = loaded_places()
    assert (len(places.postcode), len(places.district), len(places.small_area)) == (3, 2, 2)
    assert places.postcode.is_terminated.sum() == 1


def test_no_postcode_can_be_read_in_what_is_kept(tmp_path):
    load("load_postcodes", tmp_path, ONSPD)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            kept = file.read_bytes().upper()
            assert not any(text in kept for text in (b"M1 1AA", b"M11AA", b"N1 9GU", b"N19GU"))


def test_loading_again_replaces_what_was_there(tmp_path):
    load("load_postcodes", tmp_path, ONSPD)
    load("load_postcodes", tmp_path, "postcode,latitude,longitude\nM1 1AA,53.4,-2.2\n")
    assert len(loaded_places(["postcode"]).postcode) == 1
    assert len(default_storage.listdir("places")[1]) == 3


def test_small_areas_are_loaded_from_a_plain_file(tmp_path):
    assert "1 small areas" in load("load_small_areas", tmp_path, "code,lat,lon\nE01000001,51.5185,-0.097\n")
    assert len(loaded_places(["small_area"]).small_area) == 1


def test_how_deprived_small_areas_are_is_kept_and_given_to_designs_about_distance(tmp_path, db):
    load("load_small_areas", tmp_path, "code,lat,lon,imd_score,ruc21\nE01000001,51.5185,-0.097,12.5,Urban\n")
    near, other = (
        places_for(parse_spec({"method": method, "estimator": estimator, "columns": COLUMNS[method]}))
        for method, estimator in (("proximity", "ring_did"), ("did", "twfe"))
    )
    assert {name: values.tolist() for name, values in near.small_area.figures.items()} == {
        "deprivation": [12.5],
        "rural": [0.0],
    }
    assert len(other.small_area) == 0


def test_the_catalogues_authorities_come_with_deprivation_and_rurality(db):
    spec = parse_spec({"method": "proximity", "estimator": "ring_did", "columns": COLUMNS["proximity"]})
    assert places_for(spec).larger is None
    place = Place.objects.create(code="E06000001", name="Hartlepool", kind=PlaceKind.UPPER_TIER)
    for code, name, value in (("uk_deprivation_score", "Deprivation", 35.0), ("urban_share", "Urban", 0.97)):
        measure = PlaceMeasure.objects.create(
            code=code, name=name, reading="-", credit=f"Credit of {name}.", licence="-"
        )
        PlaceFigure.objects.create(place=place, measure=measure, value=value)
    larger = places_for(spec).larger
    assert (larger.names, larger.values.tolist()) == (("Deprivation", "Urban"), [[35.0, 0.97]])
    assert larger.rows == {"hartlepool": 0, "e06000001": 0}
    assert larger.credit == "Credit of Deprivation. Credit of Urban."


def test_only_what_a_design_looks_up_is_read():
    assert kinds_needed(Columns(outcome="y", district="d")) == ("district",)
    assert len(loaded_places([]).postcode) == 0


def test_a_file_of_something_else_is_refused_and_nothing_changes(tmp_path):
    load("load_postcodes", tmp_path, ONSPD)
    with pytest.raises(CommandError, match="shape"):
        load("load_postcodes", tmp_path, "school,score\na,1\n")
    with pytest.raises(CommandError, match="not postcodes"):
        load("load_postcodes", tmp_path, "code,lat,lon\nE01000001,51.5185,-0.097\n")
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("load_postcodes", str(tmp_path / "absent.csv"))
    assert len(loaded_places().postcode) == 3
