"""The ledger: appended to, never edited, never holding an example."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction

from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import StudyStatus
from evidence.estimates.actions import (
    Measured,
    kind_for_standing,
    log_estimate,
    publish_estimate,
    share_estimate,
    supersede_estimate,
    withdraw_estimate,
)
from evidence.estimates.models import AppendOnly, EffectEstimate
from evidence.estimates.queries import estimate_visible_to, estimates_for_intervention, estimates_visible_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(study, outcome, published, measured, person):
    def log(**changes):
        asked = {
            "study": study,
            "outcome": outcome,
            "estimate_kind": "causal",
            "measured": measured,
            "origin": published,
            "by": person,
        }
        return log_estimate(**(asked | changes))

    return log


def codes(refused):
    return {issue.code for issue in refused.value.issues}


def insert(row, **changes):
    """Put a copy of a row straight into the database, past every action."""
    fields = {field.attname: getattr(row, field.attname) for field in EffectEstimate._meta.local_fields}
    fields |= {"id": None, "code": None} | changes
    with transaction.atomic():
        EffectEstimate.objects.bulk_create([EffectEstimate(**fields)])


def test_a_logged_estimate_belongs_to_its_studys_intervention(log, intervention):
    assert log().intervention == intervention


def test_an_example_is_refused_in_words(log):
    with pytest.raises(CatalogueRefused) as refused:
        log(is_example=True)
    assert codes(refused) == {"example_not_evidence"}


def test_an_example_cannot_enter_the_database_by_any_road(log):
    with pytest.raises(IntegrityError, match="estimate_is_never_an_example"):
        insert(log(), is_example=True)


def test_an_example_study_cannot_enter_the_database(study):
    study.is_example = True
    with pytest.raises(IntegrityError, match="study_is_never_an_example"), transaction.atomic():
        study.save()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"run_reference": "run-9", "term": "att"}, "estimate_has_exactly_one_origin"),
        ({"source_id": None}, "estimate_has_exactly_one_origin"),
        ({"source_location": ""}, "estimate_has_exactly_one_origin"),
        (
            {
                "value": None,
                "std_error": None,
                "ci_lower": None,
                "ci_upper": None,
                "level": None,
                "reported_words": "up",
            },
            "estimate_value_fits_its_kind",
        ),
        ({"std_error": 0.0}, "estimate_std_error_positive"),
        ({"ci_lower": 5.0}, "estimate_interval_whole"),
        ({"ci_upper": None}, "estimate_interval_whole"),
        ({"p_value": 1.5}, "estimate_p_value_in_0_1"),
        ({"estimate_kind": "descriptive"}, "estimate_only_estimates_carry_uncertainty"),
        ({"estimate_kind": "made_up"}, "estimate_kind_known"),
        ({"withdrawn_reason": "Wrong"}, "estimate_withdrawn_with_reason"),
        ({"visibility": "withdrawn"}, "estimate_withdrawn_with_reason"),
        ({"visibility": "public"}, "estimate_public_has_a_date"),
        ({"standard_value": 0.2}, "estimate_standard_scale_only_for_effects"),
        ({"standard_value": 0.2, "standard_scale": "g"}, "estimate_standard_scale_only_for_effects"),
        ({"reported_range_low": 1.0}, "estimate_range_in_order"),
        ({"level": None}, "estimate_interval_whole"),
        ({"derived_std_error": 6.53}, "estimate_derived_std_error_says_how"),
    ],
)
def test_the_database_itself_refuses(log, changes, constraint):
    row = log()
    with pytest.raises(IntegrityError, match=constraint):
        insert(row, **changes)


def test_a_computed_estimate_needs_its_receipt_in_the_database(log, computed):
    row = log(origin=computed)
    for missing in ({"data_sha256": ""}, {"reviewer_name": ""}, {"seed": None}, {"n_runs_before": None}):
        with pytest.raises(IntegrityError, match="estimate_has_exactly_one_origin"):
            insert(row, **({"run_reference": "run-2"} | missing))


def test_an_unsupported_result_is_logged_as_an_association(log, computed):
    origin = replace(computed, standing="does_not_support")
    with pytest.raises(CatalogueRefused) as refused:
        log(origin=origin)
    assert codes(refused) == {"standing_not_causal"}
    row = log(origin=origin, estimate_kind=kind_for_standing("does_not_support"))
    with pytest.raises(IntegrityError, match="estimate_without_support_is_not_causal"):
        insert(row, estimate_kind="causal", run_reference="run-3")


def test_the_same_run_and_term_is_logged_once(log, computed):
    assert log(origin=computed).pk == log(origin=computed).pk
    with pytest.raises(IntegrityError):
        insert(EffectEstimate.objects.get())


def test_a_row_is_never_saved_again_nor_deleted(log):
    row = log()
    row.value = 9.0
    for attempt in (
        row.save,
        row.delete,
        EffectEstimate.objects.all().delete,
        lambda: EffectEstimate.objects.update(value=9.0),
        lambda: EffectEstimate.objects.bulk_update([row], ["value"]),
    ):
        with pytest.raises(AppendOnly):
            attempt()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_effectestimate SET value = 9",
        "UPDATE evidence_effectestimate SET std_error = NULL",
        "UPDATE evidence_effectestimate SET receipt = '{}'",
        "UPDATE evidence_effectestimate SET is_example = is_example",
        "DELETE FROM evidence_effectestimate",
    ],
)
def test_sql_from_elsewhere_cannot_edit_or_delete_either(log, statement):
    log()
    with pytest.raises(IntegrityError, match="never edited or deleted"), transaction.atomic():
        connection.cursor().execute(statement)
    assert EffectEstimate.objects.get().value == 2.0


def test_every_problem_is_told_at_once(log, published):
    bad = Measured(unit="x", direction="higher", value=float("nan"), std_error=0.0, ci_lower=1.0)
    with pytest.raises(CatalogueRefused) as refused:
        log(measured=bad, origin=replace(published, source_location=""))
    assert codes(refused) == {
        "not_a_number",
        "std_error_not_positive",
        "interval_with_one_end",
        "interval_without_level",
        "no_page_or_table",
    }


def test_a_gap_holds_no_estimate(log, study):
    study.status = StudyStatus.NEVER_EVALUATED
    with pytest.raises(CatalogueRefused) as refused:
        log()
    assert codes(refused) == {"study_is_a_gap"}


def test_a_raw_rate_carries_no_standard_error(log):
    with pytest.raises(CatalogueRefused) as refused:
        log(estimate_kind="descriptive")
    assert codes(refused) == {"uncertainty_on_what_is_not_an_estimate"}


def test_withdrawing_needs_a_reason_and_keeps_the_page(log, person, intervention):
    row = publish_estimate(estimate=log(), by=person)
    with pytest.raises(CatalogueRefused):
        withdraw_estimate(estimate=row, reason=" ", by=person)
    withdraw_estimate(estimate=row, reason="The data were revised.", by=person)
    seen = estimate_visible_to(AnonymousUser(), pk=row.pk)
    assert (seen.is_withdrawn, seen.withdrawn_reason, seen.value) == (True, "The data were revised.", 2.0)
    assert not estimates_for_intervention(intervention, viewer=AnonymousUser()).exists()
    assert not EffectEstimate.objects.poolable().exists()


def test_a_superseded_estimate_points_on_and_is_not_pooled(log, person):
    first = publish_estimate(estimate=log(), by=person)
    second = publish_estimate(estimate=log(), by=person)
    supersede_estimate(estimate=first, successor=second, reason="Longer follow-up.", by=person)
    assert estimate_visible_to(AnonymousUser(), pk=first.pk).superseded_by == second
    assert list(EffectEstimate.objects.poolable()) == [second]
    with pytest.raises(CatalogueRefused) as refused:
        supersede_estimate(estimate=second, successor=first, reason="Round.", by=person)
    assert codes(refused) == {"goes_round"}


def test_a_draft_is_seen_by_editors_and_the_organisations_it_names_only(log, person, intervention):
    row = log()
    assert intervention.visibility == "draft"
    assert not estimates_visible_to(AnonymousUser()).exists()
    assert not estimates_visible_to(person).exists()
    share_estimate(estimate=row, organisation_ids=[7], by=person)
    assert not estimates_visible_to(AnonymousUser()).exists()
    assert estimates_visible_to(Member(7)).get() == row
    assert not estimates_visible_to(Member(8)).exists()
    person.is_staff = True
    assert estimates_visible_to(person).get() == row


class Member:
    """A viewer as the catalogue sees one: signed in, with organisations."""

    is_authenticated = is_active = True
    is_staff = False

    def __init__(self, *organisation_ids):
        self.organisation_ids = organisation_ids


def test_publishing_makes_the_study_and_intervention_public_too(log, person, study, intervention):
    publish_estimate(estimate=log(), by=person)
    study.refresh_from_db()
    intervention.refresh_from_db()
    assert (study.visibility, intervention.visibility) == ("public", "public")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [False, True])
def test_the_guards_are_back_after_the_tables_were_emptied(log, again):
    log()
    with pytest.raises(IntegrityError, match="never edited or deleted"), transaction.atomic():
        connection.cursor().execute("DELETE FROM evidence_effectestimate")
