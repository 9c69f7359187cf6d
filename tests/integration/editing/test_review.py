"""An edit is a proposal until another editor approves it; the change log then says who, when, what and why."""

import pytest
from django.db import IntegrityError, transaction

from evaluations.editing.actions.deciding import publish_change, send_back
from evaluations.editing.actions.proposing import (
    propose_edit,
    propose_new,
    propose_withdrawal,
    take_back,
)
from evaluations.editing.models import Change, ChangeState
from evaluations.editing.records import values_of
from evaluations.organisations.audit import broken_links
from evaluations.organisations.models import AuditChain, AuditEvent
from evaluations.organisations.permissions import NotAllowed
from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Intervention, Study
from evidence.estimates.models import EffectEstimate
from tests.workspace_records import make_organisation, make_user

pytestmark = pytest.mark.django_db


def edited(row, kind="intervention", **changes):
    return values_of(kind, row) | changes


def proposed(hubs, editor, **changes):
    return propose_edit(
        kind="intervention",
        row=hubs,
        values=edited(hubs, **(changes or {"summary": "New words."})),
        reason="The report of 2026 says so.",
        by=editor,
    )


def codes(refused) -> set[str]:
    return {issue.code for issue in refused.value.issues}


def test_nothing_public_changes_before_another_editor_approves(client, hubs, editor, second):
    change = proposed(hubs, editor)
    assert "New words." not in client.get("/interventions/hubs/").content.decode()
    assert "New words." not in client.get("/interventions/hubs/changes/").content.decode()
    publish_change(change=change, by=second)
    assert "New words." in client.get("/interventions/hubs/").content.decode()


def test_the_public_log_says_who_what_and_why_and_no_address(client, hubs, editor, second):
    publish_change(change=proposed(hubs, editor), by=second)
    page = client.get("/interventions/hubs/changes/").content.decode()
    for said in ("Edda Editor", "Sol Second", "The report of 2026 says so.", "New words.", "What it is"):
        assert said in page
    assert "@example.org" not in page


def test_nobody_approves_a_change_of_their_own(hubs, editor):
    change = proposed(hubs, editor)
    with pytest.raises(CatalogueRefused) as refused:
        publish_change(change=change, by=editor)
    assert codes(refused) == {"own_change"}
    with pytest.raises(IntegrityError, match="change_decided_by_someone_else"), transaction.atomic():
        Change.objects.filter(pk=change.pk).update(
            state="published", decided_by=editor, decided_at="2026-01-01T00:00:00Z"
        )


def test_only_editors_propose_and_decide(hubs, editor):
    lead = make_user("lead")
    make_organisation(admin=lead)
    with pytest.raises(NotAllowed):
        proposed(hubs, lead)
    with pytest.raises(NotAllowed):
        publish_change(change=proposed(hubs, editor), by=lead)


def test_a_change_sent_back_says_why_and_changes_nothing(hubs, editor, second):
    change = proposed(hubs, editor)
    with pytest.raises(CatalogueRefused):
        send_back(change=change, by=second, note=" ")
    sent = send_back(change=change, by=second, note="Name the page of the report.")
    assert (sent.state, sent.decision_note) == (ChangeState.SENT_BACK, "Name the page of the report.")
    hubs.refresh_from_db()
    assert hubs.summary != "New words."
    with pytest.raises(CatalogueRefused) as refused:
        publish_change(change=change, by=second)
    assert codes(refused) == {"decided_already"}


def test_a_change_taken_back_cannot_be_published(hubs, editor, second):
    change = take_back(change=proposed(hubs, editor), by=editor)
    with pytest.raises(CatalogueRefused):
        publish_change(change=change, by=second)


def test_a_proposal_on_what_has_changed_since_is_not_published(hubs, editor, second):
    first, other = proposed(hubs, editor), proposed(hubs, editor, summary="Other words.")
    publish_change(change=first, by=second)
    with pytest.raises(CatalogueRefused) as refused:
        publish_change(change=other, by=second)
    assert codes(refused) == {"changed_since"}
    assert "What it is" in str(refused.value)
    hubs.refresh_from_db()
    assert hubs.summary == "New words."


def test_what_differs_in_nothing_or_has_no_reason_is_refused(hubs, editor):
    with pytest.raises(CatalogueRefused) as refused:
        propose_edit(kind="intervention", row=hubs, values=edited(hubs), reason="x", by=editor)
    assert codes(refused) == {"nothing_differs"}
    with pytest.raises(CatalogueRefused) as refused:
        propose_edit(kind="intervention", row=hubs, values=edited(hubs, summary="x"), reason=" ", by=editor)
    assert codes(refused) == {"no_reason"}


def test_what_the_catalogue_would_not_take_cannot_be_proposed(hubs, editor):
    with pytest.raises(CatalogueRefused) as refused:
        proposed(hubs, editor, cost_per_participant="120")
    assert codes(refused) == {"rule_of_the_catalogue"}
    assert not Change.objects.exists()


def test_lists_of_references_are_kept_by_code_and_set_on_publishing(hubs, editor, second, source):
    change = proposed(hubs, editor, sources=["report-1"])
    assert (change.before, change.after) == ({"sources": []}, {"sources": ["report-1"]})
    publish_change(change=change, by=second)
    assert list(hubs.sources.all()) == [source]


def test_history_keeps_every_version_with_the_change_that_made_it(hubs, editor, second):
    change = publish_change(change=proposed(hubs, editor), by=second)
    latest = hubs.history.first()
    assert (latest.summary, latest.history_change_reason) == ("New words.", f"Change {change.pk}")


def test_a_new_intervention_and_its_study_exist_only_once_approved(client, editor, second, hubs):
    values = edited(hubs, name="Night classes", summary="Classes in the evening.")
    change = propose_new(kind="intervention", values=values, reason="It began in May.", by=editor)
    assert not Intervention.objects.filter(name="Night classes").exists()
    publish_change(change=change, by=second)
    row = Intervention.objects.get(name="Night classes")
    assert client.get(row.get_absolute_url()).status_code == 200
    stated = {"intervention": row.code, "title": "First look", "status": "under_way", "design": "did"}
    blank = dict.fromkeys(("design_detail", "comparator", "authors", "publisher", "expected", "statement"), "")
    study = propose_new(
        kind="study",
        values=stated | blank | {"year": None, "source": None, "target_groups": [], "places": []},
        reason="Announced.",
        by=editor,
    )
    publish_change(change=study, by=second)
    assert Study.objects.get(title="First look").intervention == row
    assert "First look" in client.get(f"{row.get_absolute_url()}changes/").content.decode()


def test_a_corrected_estimate_is_a_new_version_and_the_old_one_points_to_it(client, study, log, editor, second):
    old = log(study)
    change = propose_edit(
        kind="estimate", row=old, values=edited(old, "estimate", value=3.0), reason="Misread the table.", by=editor
    )
    publish_change(change=change, by=second)
    new = EffectEstimate.objects.get(value=3.0)
    page = client.get(f"/estimates/{old.pk}/")
    assert page.status_code == 200
    assert f"Go to estimate {new.pk}" in page.content.decode()
    assert "Misread the table." in page.content.decode()
    assert (
        f'in place of <a class="govuk-link" href="/estimates/{old.pk}/"'
        in client.get(f"/estimates/{new.pk}/").content.decode()
    )
    old.refresh_from_db()
    assert old.value == 2.0


def test_a_withdrawn_estimate_keeps_its_page(client, study, log, editor, second):
    row = log(study)
    publish_change(change=propose_withdrawal(estimate=row, reason="Retracted.", by=editor), by=second)
    assert "Retracted." in client.get(f"/estimates/{row.pk}/").content.decode()


def test_every_step_is_in_the_audit_and_its_chain_holds(hubs, editor, second):
    publish_change(change=proposed(hubs, editor), by=second)
    assert list(AuditEvent.objects.order_by("sequence").values_list("verb", flat=True)) == [
        "propose_change",
        "publish_change",
    ]
    assert broken_links(AuditChain.objects.get()) == []
