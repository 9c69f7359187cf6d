"""What else happened in the same places, groups and years, and breaks in the series inside the window."""

import pytest
from django.contrib.auth.models import AnonymousUser

from evidence.catalogue.models import Intervention, Outcome, Visibility
from evidence.estimates.coincidences import what_else_happened
from evidence.estimates.models import EffectEstimate
from evidence.places.models import Place

pytestmark = pytest.mark.django_db

EVERYONE = AnonymousUser()


def found(slug, *, codes, years, outcome=None):
    return what_else_happened(
        EVERYONE,
        intervention=Intervention.objects.get(slug=slug),
        outcome=Outcome.objects.get(code=outcome) if outcome else None,
        places=Place.objects.filter(code__in=codes),
        from_year=years[0],
        to_year=years[1],
    )


def slugs(coincidences):
    return {row.slug for row in coincidences.programmes}


def test_programmes_share_a_place_a_year_and_a_group_or_stage(catalogue):
    # Manchester, long-term unemployed: the other Working Well programmes, in their years only.
    early = slugs(found("working-well-pilot", codes=["E47000001"], years=(2014, 2015)))
    assert "working-well-expansion" not in early and "working-well" in early
    late = slugs(found("working-well-pilot", codes=["E47000001"], years=(2018, 2019)))
    assert {"working-well-expansion", "working-well-work-and-health-programme"} <= late
    assert "working-well-pilot" not in late
    assert "sure-start" not in late


def test_a_place_is_reached_by_what_covers_the_nation_around_it(catalogue):
    assert "work-programme" in slugs(found("working-well-pilot", codes=["E08000003"], years=(2014, 2016)))
    assert "work-programme" not in slugs(found("working-well-pilot", codes=["N09000003"], years=(2014, 2016)))


def test_programmes_that_never_ran_are_not_named(catalogue):
    assert "pathways-to-work-barnsley" not in slugs(
        found("get-britain-working", codes=["E08000038"], years=(2020, 2026))
    )


def test_breaks_inside_the_window_are_told_and_others_not(catalogue):
    inside = found("sure-start", codes=["E92000001"], years=(2018, 2022), outcome="O-GLD")
    assert {each.kind for each in inside.breaks} == {"definition", "collection"}
    assert found("sure-start", codes=["E92000001"], years=(2010, 2019), outcome="O-GLD").breaks == ()
    assert any("The profile was revised" in question for question in inside.questions)


def test_every_coincidence_is_a_question_to_answer(catalogue):
    seen = found("working-well-pilot", codes=["E47000001"], years=(2018, 2019), outcome="O-KS4")
    assert len(seen.questions) == len(seen.programmes) + len(seen.breaks)
    assert all(question.endswith("?") for question in seen.questions)


def test_drafts_are_not_named(catalogue):
    Intervention.objects.filter(slug="working-well").update(visibility=Visibility.DRAFT)
    assert "working-well" not in slugs(found("working-well-pilot", codes=["E47000001"], years=(2014, 2019)))


def test_an_estimates_page_names_them(catalogue, client):
    row = EffectEstimate.objects.get(code="E-WWP-01")
    page = client.get(row.get_absolute_url()).content.decode()
    assert "What else happened there and then" in page and "Work Programme" in page
