"""A named reviewer confirms a rating or changes it with a reason."""

import pytest
from model_bakery import baker

from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Design, StudyStatus
from evidence.ratings.actions import decide_rating
from evidence.ratings.models import Rating
from evidence.ratings.queries import ratings_of_intervention, ratings_of_study
from evidence.ratings.schemes import scheme
from tests.workspace_records import make_intervention, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer():
    person = make_user("reviewer")
    person.is_staff = True
    person.save()
    return person


@pytest.fixture
def study():
    return baker.make(
        "evidence.Study",
        intervention=make_intervention(),
        status=StudyStatus.PUBLISHED,
        design=Design.RANDOMISED,
        visibility="public",
        published_at="2026-01-01T00:00:00Z",
    )


def shown(study, key):
    return next(item for item in ratings_of_study(study, viewer=None) if item.scheme.key == key)


def test_a_proposal_shows_as_such_until_someone_confirms_it(study, reviewer):
    assert (shown(study, "maryland_sms").value, shown(study, "maryland_sms").is_confirmed) == ("5", False)
    decide_rating(subject=study, scheme_key="maryland_sms", value="5", by=reviewer)
    assert shown(study, "maryland_sms").is_confirmed


def test_a_change_without_a_reason_is_refused(study, reviewer):
    with pytest.raises(CatalogueRefused) as refusal:
        decide_rating(subject=study, scheme_key="maryland_sms", value="3", by=reviewer)
    assert refusal.value.issues[0].code == "rating_reason_missing"


def test_a_later_decision_replaces_the_earlier_and_keeps_it(study, reviewer):
    decide_rating(subject=study, scheme_key="maryland_sms", value="5", by=reviewer)
    decide_rating(subject=study, scheme_key="maryland_sms", value="4", reason="Compliance was poor.", by=reviewer)
    assert shown(study, "maryland_sms").value == "4"
    assert Rating.objects.filter(study=study).count() == 2


def test_only_an_editor_decides(study):
    with pytest.raises(CatalogueRefused) as refusal:
        decide_rating(subject=study, scheme_key="maryland_sms", value="5", by=make_user("passer-by"))
    assert refusal.value.issues[0].code == "rating_not_allowed"


def test_the_whole_is_at_least_as_bad_as_the_worst_domain(study, reviewer):
    judgements = dict.fromkeys(scheme("robins_i").domains, "low") | {"confounding": "serious"}
    with pytest.raises(CatalogueRefused) as refusal:
        decide_rating(
            subject=study, scheme_key="robins_i", value="moderate", reason="x", judgements=judgements, by=reviewer
        )
    assert refusal.value.issues[0].code == "rating_better_than_domain"
    decide_rating(subject=study, scheme_key="robins_i", value="serious", reason="x", judgements=judgements, by=reviewer)


def test_an_intervention_is_rated_by_the_schemes_for_programmes(study):
    row = study.intervention
    shown = ratings_of_intervention(row, studies=row.studies.all(), estimates=row.estimates.all())
    found = {item.scheme.key: item.value for item in shown}
    assert found == {"nesta": "3", "eif": "2"}
