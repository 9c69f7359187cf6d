"""Names and codes of any vintage are told apart, followed through time, or listed."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

from evidence.places.matching import folded, gazetteer, match_place, match_places
from evidence.places.models import Place, PlaceChange, PlaceKind

pytestmark = pytest.mark.django_db

CURRENT = {
    "E08000035": "Leeds", "E06000010": "Kingston upon Hull, City of", "E06000060": "Buckinghamshire",
    "E06000058": "Bournemouth, Christchurch and Poole", "E06000061": "North Northamptonshire",
    "E06000062": "West Northamptonshire", "E08000013": "St. Helens", "E09000020": "Kensington and Chelsea",
    "E10000016": "Kent", "E06000057": "Northumberland", "E06000023": "Bristol, City of", "S12000047": "Fife",
    "E06000065": "North Yorkshire",
}  # fmt: skip

SERIES = {
    "els_uk_la_year_long": "areacd",
    "lait_england_la_year": "gss_code",
    "level2_level3_by19_la_fsm_2005_2022": "gss_code",
}


@pytest.fixture
def known():
    for code, name in CURRENT.items():
        Place.objects.create(code=code, name=name, kind=PlaceKind.UPPER_TIER)
    Place.objects.create(code="E12000003", name="Yorkshire and The Humber", kind=PlaceKind.REGION)
    sheffield = Place.objects.create(code="E08000039", name="Sheffield", kind=PlaceKind.UPPER_TIER)
    PlaceChange.objects.create(place=sheffield, previous_code="E08000019", year=2025)
    return gazetteer()


@pytest.mark.parametrize(
    ("written", "code", "how"),
    [
        ("E08000035", "E08000035", "code"),
        ("e08000035 ", "E08000035", "code"),
        ("E08000019", "E08000039", "former_code"),
        ("E06000048", "E06000057", "former_code"),
        ("S12000015", "S12000047", "former_code"),
        ("E10000002", "E06000060", "former_code"),
        ("383", "E08000035", "dfe_number"),
        ("leeds city council", "E08000035", "name"),
        ("City of Kingston upon Hull", "E06000010", "name"),
        ("Kingston Upon Hull City of", "E06000010", "name"),
        ("St Helens", "E08000013", "name"),
        ("Kensington & Chelsea", "E09000020", "name"),
        ("Bristol", "E06000023", "name"),
        ("E06000028", "E06000028", "ended"),
        ("Bournemouth", "E06000028", "ended"),
        ("Northamptonshire", "E10000021", "ended"),
        ("E07000106", "E07000106", "district"),
        ("E12000003", None, "larger"),
        ("Yorkshire and the Humber", None, "larger"),
        ("Leedds", None, "close"),
        ("Atlantis", None, "none"),
    ],
)
def test_what_a_name_or_code_is(known, written, code, how):
    match = match_place(written, known)
    assert (match.code, match.how) == (code, how)


def test_what_became_of_an_authority_is_said(known):
    assert match_place("Bournemouth", known).note == "in 2019 it became part of Bournemouth, Christchurch and Poole"
    said = match_place("E10000021", known).note
    assert said == "in 2021 it was split into North Northamptonshire and West Northamptonshire"
    assert match_place("Canterbury", known).note == "within Kent"


def test_a_close_name_is_offered_and_not_taken(known):
    assert match_place("Leedds", known).offers[0] == ("E08000035", "Leeds")


def test_names_are_folded_alike():
    assert folded("The Royal Borough of Kensington & Chelsea Council") == folded("Kensington and Chelsea")
    assert folded("Herefordshire, County of") == folded("County of Herefordshire")
    assert folded("City of London") != folded("London")


def test_every_authority_code_of_the_published_series_resolves_or_is_listed(shared_data):
    from django.core.management import call_command

    call_command("load_catalogue", verbosity=0)
    known = gazetteer()
    panels = shared_data / "places" / "panels"
    for name, column in (
        ("els_uk_la_year_long", "areacd"),
        ("lait_england_la_year", "gss_code"),
        ("level2_level3_by19_la_fsm_2005_2022", "gss_code"),
    ):
        with gzip.open(panels / f"{name}.csv.gz", "rt") as file:
            written = sorted(set(pd.read_csv(file, usecols=[column], dtype=str)[column].dropna()))
        unmatched = {match.written for match in match_places(written, known) if match.how in ("close", "none")}
        assert unmatched <= {"ALL", "E61000001", "N34000001", "W42000004"}, name
