"""Places: likeness by stated measures, the evidence from a place, and the map."""

import csv
import io

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evidence.places.likeness import places_like
from evidence.places.models import Place, PlaceFigure
from evidence.search.places import evidence_in, evidence_map

pytestmark = pytest.mark.django_db

EVERYONE = AnonymousUser()


def test_likeness_is_the_root_mean_square_of_standardised_differences(catalogue):
    codes = ("uk_deprivation_score", "urban_share")
    blackpool = Place.objects.get(code="E06000009")
    found = places_like(EVERYONE, blackpool, measure_codes=codes, how_many=3)
    figures = PlaceFigure.objects.values_list("place__code", "value")
    by_measure = {code: dict(figures.filter(measure__code=code)) for code in codes}
    spread = {code: np.std(list(values.values())) for code, values in by_measure.items()}
    first = found.nearest[0]
    differences = [
        (by_measure[code][first.place.code] - by_measure[code]["E06000009"]) / spread[code] for code in codes
    ]
    assert first.distance == pytest.approx(np.sqrt(np.mean(np.square(differences))), rel=1e-12)
    assert [each.distance for each in found.nearest] == sorted(each.distance for each in found.nearest)
    assert found.compared == 218


def test_the_nearest_is_nearer_than_every_place_left_out(catalogue):
    place = Place.objects.get(code="E06000009")
    every = places_like(EVERYONE, place, how_many=217)
    ten = places_like(EVERYONE, place)
    assert [each.place.pk for each in ten.nearest] == [each.place.pk for each in every.nearest[:10]]
    assert place.pk not in {each.place.pk for each in every.nearest}


def test_a_place_without_figures_has_no_likeness(catalogue, client):
    assert places_like(EVERYONE, Place.objects.get(code="E92000001")) is None
    assert "There are no figures for England" in client.get("/places/E92000001/like/").content.decode()


def test_the_page_says_that_likeness_is_not_transfer_and_leads_to_the_evidence(catalogue, client):
    page = client.get("/places/E06000009/like/?measure=uk_deprivation_score&measure=nonsense").content.decode()
    assert "Likeness is not evidence of transfer" in page
    assert "/interventions/?place=" in page and "mySociety (CC BY 4.0)" in page


def test_evidence_of_a_place_comes_from_within_it_and_around_it(catalogue):
    manchester = evidence_in(Place.objects.get(code="E47000001"), viewer=EVERYONE)
    assert "working-well-pilot" in {row.slug for row in manchester.here}
    bolton = evidence_in(Place.objects.get(code="E08000001"), viewer=EVERYONE)
    assert "working-well-pilot" not in {row.slug for row in bolton.here}
    assert "working-well-pilot" in {row.slug for row in bolton.around}
    assert "sure-start" in {row.slug for row in bolton.around}
    assert not any(study.is_gap for study in manchester.studies)


def test_the_map_marks_the_places_studied_and_those_that_were_not(catalogue):
    figure = evidence_map(EVERYONE)
    rows = {row[0].text: (row[1].text, row[2].text) for row in figure.table.rows}
    assert len(rows) == 218
    assert rows["Doncaster"][0] == "Studied, without such an effect"
    assert rows["Orkney Islands"][0] == "No study of this place"
    assert not any(group == "An estimated effect with an interval" for group, _ in rows.values())


def test_the_maps_numbers_download(catalogue, client):
    rows = list(csv.reader(io.StringIO(client.get("/places/?download=csv").content.decode())))
    assert len(rows) == 219


def test_pages_of_places_take_few_queries(catalogue, client):
    for address in ("/places/", "/places/E08000003/", "/places/E06000009/like/"):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        assert len(seen) < 16, address
