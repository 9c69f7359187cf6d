"""Merging duplicates: old addresses lead on, what cites them holds, and it can be undone."""

import pytest

from evaluations.editing.actions.deciding import publish_change
from evaluations.editing.actions.proposing import propose_merge, propose_unmerge
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import InterventionComponent, Study
from tests.workspace_records import make_intervention

pytestmark = pytest.mark.django_db


@pytest.fixture
def twin(db):
    return make_intervention(name="Family hubs (pilot)", code="twin", slug="twin", country="England")


def merged(duplicate, kept, editor, second, kind="intervention"):
    change = propose_merge(kind=kind, duplicate=duplicate, kept=kept, reason="The same programme.", by=editor)
    return publish_change(change=change, by=second)


def test_every_address_of_the_duplicate_leads_to_the_one_that_stays(client, twin, hubs, editor, second):
    merged(twin, hubs, editor, second)
    for address in ("/interventions/twin/", "/interventions/twin/synthesis/", "/api/v1/interventions/twin/"):
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, address.replace("twin", "hubs"))
    assert client.get("/interventions/twin/?a=1")["Location"] == "/interventions/hubs/?a=1"
    assert "Hubs" in client.get("/interventions/twin/brief/").content.decode()
    assert "Hubs" in client.get("/compare/?intervention=twin").content.decode()


def test_the_duplicate_leaves_every_list_and_its_studies_move(client, twin, hubs, study, log, editor, second):
    old = log(study)
    merged(hubs, twin, editor, second)
    study.refresh_from_db()
    assert study.intervention == twin
    assert 'href="/interventions/hubs/"' not in client.get("/interventions/").content.decode()
    answer = client.get(f"/estimates/{old.pk}/")
    assert answer.status_code == 200
    old.refresh_from_db()
    copy = old.superseded_by
    assert (copy.intervention, copy.study, copy.value) == (twin, study, old.value)
    assert f"/estimates/{copy.pk}/" in client.get("/interventions/twin/").content.decode()


def test_undoing_a_merge_puts_everything_back(client, twin, hubs, study, log, editor, second):
    old = log(study)
    part = InterventionComponent.objects.create(intervention=hubs, component="mentoring")
    merge = merged(hubs, twin, editor, second)
    part.refresh_from_db()
    assert part.intervention == twin
    publish_change(change=propose_unmerge(merge=merge, reason="They differ.", by=editor), by=second)
    for row in (old, study, part, hubs):
        row.refresh_from_db()
    assert (study.intervention, part.intervention, hubs.merged_into, hubs.visibility) == (hubs, hubs, None, "public")
    assert not old.is_superseded
    assert client.get("/interventions/hubs/").status_code == 200
    page = client.get("/interventions/twin/").content.decode()
    assert f"/estimates/{old.pk}/" not in page


def test_a_study_is_merged_into_another_of_the_same_intervention(client, study, hubs, log, editor, second, source):
    other = Study.objects.create(
        code="study-2", title="The same again", intervention=hubs, status="published", visibility="public",
        published_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    old = log(other)
    merged(other, study, editor, second, kind="study")
    assert client.get(f"/studies/{other.pk}/")["Location"] == f"/studies/{study.pk}/"
    old.refresh_from_db()
    assert old.superseded_by.study == study


def test_a_record_is_not_merged_into_itself_or_twice(twin, hubs, editor, second):
    with pytest.raises(CatalogueRefused, match="same record"):
        propose_merge(kind="intervention", duplicate=hubs, kept=hubs, reason="x", by=editor)
    merged(twin, hubs, editor, second)
    with pytest.raises(CatalogueRefused, match="merged already"):
        propose_merge(kind="intervention", duplicate=twin, kept=hubs, reason="x", by=editor)


def test_a_correction_made_since_is_not_lost_by_undoing(twin, hubs, study, log, editor, second):
    from evaluations.editing.actions.proposing import propose_edit
    from evaluations.editing.records import values_of

    old = log(study)
    merge = merged(hubs, twin, editor, second)
    old.refresh_from_db()
    copy = old.superseded_by
    values = values_of("estimate", copy) | {"value": 9.0}
    publish_change(
        change=propose_edit(kind="estimate", row=copy, values=values, reason="Misread.", by=editor), by=second
    )
    with pytest.raises(CatalogueRefused, match="corrected since"):
        propose_unmerge(merge=merge, reason="They differ.", by=editor)
