"""The gap map: what is counted, what is not, and where each cell leads."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evidence.catalogue.models import CatalogueVersion, Intervention, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.estimates.actions import withdraw_estimate
from evidence.estimates.models import EffectEstimate
from evidence.gap_map.queries import COLUMNS, ROWS, gap_map

pytestmark = pytest.mark.django_db

EVERYONE = AnonymousUser()


def test_every_estimate_is_in_one_cell(catalogue):
    found = gap_map(EVERYONE, rows="life_stage", columns="domain")
    assert sum(cell.estimates for cell in found.cells.values()) == EffectEstimate.objects.count()
    assert sum(cell.effects for cell in found.cells.values()) == 50
    assert sum(cell.nulls for cell in found.cells.values()) == 7


def test_only_effects_with_intervals_have_directions(catalogue):
    found = gap_map(EVERYONE, rows="intervention", columns="outcome")
    told = {key[0]: cell for key, cell in found.cells.items() if cell.better or cell.worse or cell.open}
    assert set(told) == {"moving-to-opportunity"}
    earnings = found.cells["moving-to-opportunity", "earnings"]
    assert (earnings.better, earnings.worse, earnings.open, earnings.strongest) == (1, 0, 1, "trial")
    college = found.cells["moving-to-opportunity", "progression-to-higher-education-by-19"]
    assert (college.better, college.worse, college.open) == (1, 1, 0)


def test_raw_rates_are_figures_and_never_effects(catalogue):
    found = gap_map(EVERYONE, rows="intervention", columns="domain")
    cell = found.cells["working-well", "labour market"]
    assert (cell.estimates, cell.effects, cell.strongest) == (2, 0, "")


def test_never_evaluated_is_counted_apart_from_nothing_recorded(catalogue):
    counts = gap_map(EVERYONE, rows="intervention", columns="domain").counts
    assert counts["its-childs-play"].never_evaluated == 1
    assert counts["skills-england"].nothing_recorded == 1
    assert (counts["sure-start"].never_evaluated, counts["sure-start"].nothing_recorded) == (0, 0)
    assert counts["work-programme"].nothing_recorded == 0


def test_a_change_shows_at_once_and_drafts_never(catalogue, django_user_model):
    before = gap_map(EVERYONE, rows="life_stage", columns="domain")
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    tell_changed([Intervention.objects.get(slug="sure-start").pk])
    after = gap_map(EVERYONE, rows="life_stage", columns="domain")
    assert before.cells["early_years", "crime"].effects == 2
    assert ("early_years", "crime") not in after.cells
    editor = django_user_model(username="e", is_staff=True)
    assert gap_map(editor, rows="life_stage", columns="domain").cells["early_years", "crime"].effects == 2


def test_what_is_kept_and_mended_is_what_reading_everything_gives(catalogue, django_user_model):
    person = django_user_model.objects.create_user(username="a", email="a@example.org", password="x", is_staff=True)
    gap_map(EVERYONE, rows="target_group", columns="outcome")
    withdraw_estimate(estimate=EffectEstimate.objects.get(code="E-MTO-01"), reason="Test.", by=person)
    Intervention.objects.filter(slug="sure-start").update(visibility=Visibility.DRAFT)
    tell_changed([Intervention.objects.get(slug="sure-start").pk])
    mended = gap_map(EVERYONE, rows="target_group", columns="outcome")
    tell_changed(None)
    assert gap_map(EVERYONE, rows="target_group", columns="outcome") == mended
    assert sum(cell.estimates for cell in mended.cells.values()) > 0


def test_changes_are_remembered_since_a_token(catalogue):
    first = CatalogueVersion.current()
    tell_changed([3, 1])
    tell_changed([2])
    second = CatalogueVersion.current()
    assert CatalogueVersion.changed_since(first) == (second, {1, 2, 3})
    assert CatalogueVersion.changed_since(second) == (second, set())
    assert CatalogueVersion.changed_since("unknown") == (second, None)
    tell_changed(None)
    assert CatalogueVersion.changed_since(first)[1] is None


@pytest.mark.parametrize("rows", [*ROWS, "nonsense"])
@pytest.mark.parametrize("columns", [*COLUMNS, "nonsense"])
def test_every_pair_of_axes_gives_a_page(client, catalogue, rows, columns):
    assert client.get(f"/gap-map/?rows={rows}&columns={columns}").status_code == 200


def test_a_cell_leads_to_the_figures_it_counts(client, catalogue):
    page = client.get("/gap-map/").content.decode()
    for href, number in re.findall(r'href="(/estimates/\?life_stage=[^"]+)">(\d+) effect', page):
        address = href.replace("&amp;", "&")
        body = client.get(f"{address}&estimate_kind=causal").content.decode()
        assert re.search(rf'id="results">{number} estimate', body), address


def test_the_table_downloads_as_csv(client, catalogue):
    answer = client.get("/gap-map/?download=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "Early years (0 to 4)" in answer.content.decode()


def test_the_page_takes_few_queries_and_fewer_the_second_time(client, catalogue):
    with CaptureQueriesContext(connection) as first:
        client.get("/gap-map/?rows=target_group")
    with CaptureQueriesContext(connection) as second:
        client.get("/gap-map/?rows=target_group")
    assert len(first) < 12 and len(second) <= 2
