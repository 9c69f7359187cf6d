"""What an edit changes shows in search at once, and costs no reading of the rest."""

from urllib.parse import urlencode

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from evidence.catalogue.models import Intervention, LifeStage, Study, Visibility
from evidence.catalogue.signals import tell_changed
from evidence.search import snapshot as kept
from evidence.search.facets import BY_NAME, SHOWN
from evidence.search.models import DocumentKind, SearchDocument
from evidence.search.queries import find, read_criteria
from evidence.search.snapshot import snapshot

pytestmark = pytest.mark.django_db
KINDS = DocumentKind.values


def asked(kind="intervention", **params):
    return find(AnonymousUser(), kind, read_criteria(QueryDict(urlencode(params, doseq=True)), kind))


def change(slug, **fields):
    row = Intervention.objects.get(slug=slug)
    Intervention.objects.filter(pk=row.pk).update(**fields)
    tell_changed([row.pk])
    return row


@pytest.fixture
def never_read_whole(catalogue, monkeypatch):
    """Fails where the index is read whole once more."""
    for kind in KINDS:
        snapshot(kind)

    def refused(kind):
        raise AssertionError(f"The whole index of {kind} was read again.")

    monkeypatch.setattr(kept, "_read", refused)


def test_an_edit_shows_at_once_and_only_what_it_changed_is_read_again(never_read_whole):
    row = change("sure-start", name="Zanzibar centres", life_stage=LifeStage.ADULT)
    with CaptureQueriesContext(connection) as seen:
        found = asked(search="zanzibar")
    assert found.keys == (row.pk,)
    read = [each["sql"] for each in seen if "evidence_searchdocument" in each["sql"]]
    assert len(read) == 1
    assert f"IN ({row.pk})" in read[0]
    assert row.pk in asked(life_stage="adult").keys
    assert row.pk not in asked(life_stage="family").keys
    assert asked(search="zanzibr").reading.corrections == (("zanzibr", "zanzibar"),)


def test_what_is_added_and_what_is_hidden_is_counted_at_once(never_read_whole):
    other = Intervention.objects.get(slug="sure-start")
    before = {kind: asked(kind).total for kind in KINDS}
    study = Study.objects.create(code="NEW", title="A study of zeppelins", intervention=other, status="published")
    Study.objects.filter(pk=study.pk).update(visibility=Visibility.PUBLIC, published_at=other.published_at)
    tell_changed([other.pk])
    assert asked("study", search="zeppelins").keys == (study.pk,)
    assert asked("study").total == before["study"] + 1
    change("sure-start", visibility=Visibility.DRAFT)
    assert asked("study", search="zeppelins").keys == ()
    assert asked().total == before["intervention"] - 1
    assert asked("estimate").total == before["estimate"] - other.estimates.count()


def test_after_many_edits_the_kept_index_says_what_a_new_reading_says(catalogue):
    rows = list(Intervention.objects.order_by("pk")[:12])
    for kind in KINDS:
        snapshot(kind)
    for turn, row in enumerate(rows):
        change(row.slug, name=f"{'ZzAa'[turn % 4]} {row.name}", status="ended")
        if turn % 3 == 0:
            SearchDocument.objects.filter(kind="estimate", intervention_id=row.pk).delete()
        for kind in KINDS:
            snapshot(kind)
    for kind in KINDS:
        patched = {name: asked(kind, **params) for name, params in ASKED.items()}
        kept._kept.clear()
        for name, params in ASKED.items():
            anew = asked(kind, **params)
            assert (patched[name].keys, patched[name].facets) == (anew.keys, anew.facets), (kind, name)


ASKED = {
    "all": {},
    "words": {"search": "school"},
    "filter": {"status": "ended"},
    "both": {"search": "work", "cost": "unknown"},
}


def test_readers_of_a_large_index_do_not_wait_while_all_of_it_is_read_again(catalogue, monkeypatch):
    before = snapshot("intervention")
    begun = []
    monkeypatch.setattr(kept, "MOST_READ_WHILE_WAITING", 0)
    monkeypatch.setattr(kept, "_in_background", begun.append)
    Intervention.objects.filter(slug="sure-start").update(name="Zanzibar centres")
    tell_changed(None)
    assert snapshot("intervention") is before
    assert snapshot("intervention") is before
    assert begun == ["intervention"]
    monkeypatch.setattr(kept, "connection", type("Kept", (), {"close": staticmethod(lambda: None)}))
    kept._read_apart("intervention")
    assert asked(search="zanzibar").total == 1
    assert begun == ["intervention"]


def test_every_list_has_every_filter_but_those_of_the_other_lists(catalogue):
    apart = {
        "intervention": {"intervention_status", "estimate_kind", "study_status"},
        "study": {"status", "estimate_kind"},
        "estimate": {"status", "study_status"},
    }
    for kind in KINDS:
        assert {*SHOWN[kind]} == {*BY_NAME} - apart[kind]
        empty = [each.legend for each in asked(kind).facets if not each.options]
        assert not empty, (kind, empty)


def test_a_study_and_an_estimate_are_found_by_component_cost_status_follow_up_and_mobility(catalogue):
    row = Intervention.objects.get(slug="moving-to-opportunity")
    study = row.studies.exclude(estimates=None).first()
    estimate = study.estimates.first()
    for kind, key in (("study", study.pk), ("estimate", estimate.pk)):
        index = snapshot(kind)
        slot = int(np.flatnonzero(index.object_ids == key)[0])
        for facet in (
            "component",
            "cost",
            "intervention_status",
            "follow_up",
            "mobility",
            "evidence",
            "strength",
            "certainty",
        ):
            values = [value for value, place in index.rows[facet].items() if index.mask(index.bits[place])[slot]]
            assert values, (kind, facet)
            assert key in asked(kind, **{facet: values[0]}).keys
