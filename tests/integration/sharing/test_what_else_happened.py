"""What else happened there and then is answered before release, and the answers publish with the estimate."""

import re

import pytest
from django.urls import reverse
from model_bakery import baker

from evaluations.sharing import actions
from evaluations.sharing.coincidences import coincidences_of, places_of, years_of
from evaluations.stats.issues import BadInput
from evidence.catalogue.models import SeriesBreak, Study, StudyStatus
from tests.integration.sharing.conftest import answered_run
from tests.workspace_records import SPEC_PANEL, make_dataset, make_intervention, make_locked_plan, panel

pytestmark = pytest.mark.django_db
ANSWER = "It reached the comparison areas in the same year, so it cannot explain a difference."


@pytest.fixture
def busy(world):
    """The world, with a second programme in the same place and a break of the outcome's series inside the window."""
    place = baker.make("evidence.Place", code="E08000099", name="Anytown", kind="upper_tier_authority")
    row = world.evaluation.intervention
    row.places.add(place)
    other = make_intervention(name="Another scheme", start_year=2012, end_year=2014)
    other.places.add(place)
    baker.make(
        SeriesBreak,
        outcome=world.evaluation.outcome,
        kind="definition",
        from_year=2013,
        to_year=2013,
        text="The profile was revised.",
    )
    world.other, world.place = other, place
    return world


def page_text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_window_is_that_of_the_data(busy):
    assert years_of(busy.run) == (2010, 2015)
    SeriesBreak.objects.update(from_year=2016, to_year=2017)
    assert coincidences_of(busy.run).breaks == ()


def test_the_places_are_the_treated_ones_of_the_data_where_it_has_codes(busy):
    assert places_of(busy.run) == [busy.place]
    treated = baker.make("evidence.Place", code="T-1", kind="upper_tier_authority")
    baker.make("evidence.Place", code="T-0", kind="upper_tier_authority")
    frame = panel().assign(unit=lambda rows: "T-" + rows.unit.astype(str))
    data = make_dataset(evaluation=busy.evaluation, by=busy.analyst, frame=frame)
    plan = make_locked_plan(evaluation=busy.evaluation, by=busy.analyst, dataset=data, spec=SPEC_PANEL)
    assert places_of(answered_run(plan, busy.analyst)) == [treated]  # unit 0 is never treated


def test_a_release_cannot_be_asked_for_until_each_is_answered(busy):
    questions = coincidences_of(busy.run).questions
    assert len(questions) == 2
    with pytest.raises(BadInput) as refused:
        actions.request_release(
            run=busy.run, reviewer=busy.lead, by=busy.analyst, answers={questions[0]: ANSWER, questions[1]: "  "}
        )
    assert [(each.code, each.column) for each in refused.value.issues] == [("coincidence_unanswered", "answer_1")]
    assert not busy.run.reviews.exists()


def test_the_form_asks_keeps_what_was_typed_and_the_answers_reach_the_public_page(busy, client):
    client.force_login(busy.analyst)
    address = reverse("release-request", args=[busy.evaluation.pk, busy.run.pk])
    assert "Another scheme ran in the same place and years" in page_text(client.get(address))
    form = {"reviewer": busy.lead.pk, "release_to": "public", "answer_0": ANSWER}
    again = client.post(address, form)
    assert again.status_code == 200 and ANSWER in again.content.decode()
    assert "Answer in writing" in again.content.decode()
    assert client.post(address, form | {"answer_1": "Areas are compared within a year."}).status_code == 302
    review = busy.run.reviews.get()
    client.force_login(busy.lead)
    told = page_text(client.get(reverse("review", args=[busy.evaluation.pk, review.pk])))
    assert ANSWER in told and "Areas are compared within a year." in told
    estimate = actions.release(review=review, by=busy.lead)[0].estimate
    client.logout()
    public = page_text(client.get(estimate.get_absolute_url()))
    assert "Another scheme ran in the same place and years" in public and ANSWER in public
    assert "Break in the series, 2013" in public


def test_answers_are_offered_again_when_a_release_is_asked_for_again(busy, client):
    answers = dict.fromkeys(coincidences_of(busy.run).questions, ANSWER)
    review = actions.request_release(run=busy.run, reviewer=busy.lead, by=busy.analyst, answers=answers)
    actions.take_back(review=review, by=busy.analyst)
    client.force_login(busy.analyst)
    page = client.get(reverse("release-request", args=[busy.evaluation.pk, busy.run.pk]))
    assert page.content.decode().count(ANSWER) == 2


def test_a_programme_that_is_not_public_is_never_named_for_the_questions_are_published(busy):
    busy.other.visibility = "draft"
    busy.other.save()
    assert [each.kind for each in coincidences_of(busy.run).breaks] == ["definition"]
    assert coincidences_of(busy.run).programmes == ()


def test_a_released_evaluation_is_no_longer_under_way(busy, client):
    answers = dict.fromkeys(coincidences_of(busy.run).questions, ANSWER)
    review = actions.request_release(run=busy.run, reviewer=busy.lead, by=busy.analyst, answers=answers)
    actions.release(review=review, by=busy.lead)
    study = Study.objects.get(intervention=busy.evaluation.intervention)
    assert study.status == StudyStatus.PUBLISHED and list(study.places.all()) == [busy.place]
    page = page_text(client.get(busy.evaluation.intervention.get_absolute_url()))
    assert "Studies under way" not in page and "Published studies" in page
